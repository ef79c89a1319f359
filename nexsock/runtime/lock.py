"""The lock that decides which daemon is the one of this user: a flock on an open file that keeper and brain share."""

import fcntl
import os


def take(path: str) -> int | None:
    """A descriptor that holds the lock while it, or a copy in any process, is open; None: somebody else holds it.

    Raises:
        OSError: the file cannot be opened or made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def still_named(descriptor: int, path: str) -> bool:
    """`path` still names the locked file. If not, another daemon can lock a new file there: two would be possible."""
    try:
        named = os.stat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))
