"""The page and the REST API: a process of its own, a client of the daemon as the command line is. Decides nothing."""
