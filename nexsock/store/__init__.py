"""What nexsock remembers of a project: one TinyDB document in one file that no kill, full disk or torn write can lose.

Belongs here: the storage class, the tables, their migrations, the thread that writes. Never a rule of the business:
what a phase means, or whether a run counts, is decided elsewhere and only kept here.
"""
