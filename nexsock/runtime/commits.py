"""Which commit of which git checkout a folder has, and whether git is moving it, without running git."""

import os
import stat

from nexsock import checkout
from nexsock.model.status import GitStatus
from nexsock.runtime import clock

SETTLING_S = 0.25
"""After so long without a new index, git has done its work: HEAD follows the index within milliseconds."""

LIMIT_BYTES = 10 * 1024 * 1024
"""Of one of git's files: a repository with more packed refs than that has no known commit."""


def commit_of(folder: str) -> str | None:
    """The full id of the commit that is checked out around a folder; None outside a checkout."""
    return checkout.Checkout(folder, _text, lambda _path: None).sha()


def branch_of(folder: str) -> str | None:
    """The branch that is checked out around a folder; None outside a checkout and for a detached head."""
    return checkout.Checkout(folder, _text, lambda _path: None).branch()


def is_checkout(folder: str) -> bool:
    """Whether a folder is the top of a git checkout."""
    return os.path.exists(f"{folder}/.git")


def head_of(folder: str) -> GitStatus | None:
    """What is checked out in a folder; None where it is not the top of a checkout."""
    if not is_checkout(folder):
        return None
    found = checkout.Checkout(folder, _text, lambda _path: None)
    return GitStatus(branch=found.branch(), commit=found.sha())


def is_busy(folder: str) -> bool:
    """Whether git is at work in a checkout, or was a moment ago: it writes files first, then the index, then HEAD."""
    kept = _kept_by_git(folder)
    return os.path.exists(f"{kept}/index.lock") or clock.wall() - _written(f"{kept}/index") < SETTLING_S


def moved_since(folder: str, path: str) -> bool:
    """Whether the head of a checkout was moved since a file was written, or since it was removed from its folder."""
    written = _written(path) or _written(os.path.dirname(path))
    return written <= _written(f"{_kept_by_git(folder)}/logs/HEAD")


def _kept_by_git(folder: str) -> str:
    return checkout.Checkout(folder, _text, lambda _path: None).folder() or f"{folder}/.git"


def _written(path: str) -> float:
    """Unix seconds; 0 for what is not there."""
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return 0.0


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
