"""Which commit of which git checkout a folder has at this moment, without running git."""

import os
import stat

from nexsock import checkout

LIMIT_BYTES = 10 * 1024 * 1024
"""Of one of git's files: a repository with more packed refs than that has no known commit."""


def commit_of(folder: str) -> str | None:
    """The full id of the commit that is checked out around a folder; None outside a checkout."""
    return checkout.Checkout(folder, _text, lambda _path: None).sha()


def _text(path: str) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LIMIT_BYTES:
            return None
        return os.read(descriptor, LIMIT_BYTES).decode(errors="replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)
