"""What services wrote, read back: lines from the plain log files and the index that the keeper keeps beside them.

Belongs here: where the files are, what the index says of their bytes, bytes to lines, questions over all kept history,
following. Never writes: the keeper alone does (keeper.logfile). Memory does not depend on how much was written.
"""
