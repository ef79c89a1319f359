"""The command line: arguments in, one operation called, its answer shown. Decides nothing about services."""
