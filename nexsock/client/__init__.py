"""The daemon from outside: find or start it, and call its operations, blocking or asynchronous."""
