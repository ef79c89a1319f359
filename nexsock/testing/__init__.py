"""Helpers for tests, ours and those of users. Nothing of nexsock itself imports this."""
