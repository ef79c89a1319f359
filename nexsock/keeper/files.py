"""Small file verbs of the keeper; `contextlib` and `pathlib` would cost it 0.5 MiB."""

import errno
import fcntl
import os
import stat


def remove(path: str) -> None:
    """Unlink a file; one that is gone already is fine."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def rename(path: str, new: str) -> None:
    """Rename a file over whatever is there; one that is gone already is fine."""
    try:
        os.replace(path, new)
    except FileNotFoundError:
        return


def open_made(path: str, flags: int) -> int:
    """Open a file of ours that is made (mode 0600), with its folder, where it is missing.

    A FIFO or a link in its place gives way to a file: the one would keep us for ever, through the other we would
    write over what is not ours.

    Raises:
        OSError: it cannot be made or opened.
    """
    flags |= os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return _open_regular(path, flags)
    except FileNotFoundError:
        make_folders(os.path.dirname(path))
        return _open_regular(path, flags)


def make_folders(path: str) -> None:
    """Make a folder and what is missing above it, open to this user only: `os.makedirs` gives only the last one a mode.

    Raises:
        OSError: it cannot be made.
    """
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return
    except FileNotFoundError:
        make_folders(os.path.dirname(path))
        make_folders(path)


def _open_regular(path: str, flags: int) -> int:
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO):  # a link; a FIFO that nobody reads (open(2))
            raise
    else:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
    os.unlink(path)
    return os.open(path, flags | os.O_EXCL, 0o600)


def make_fifo(path: str) -> None:
    """A FIFO at `path` that only this user can open, with its folder; a FIFO that is there is kept.

    Raises:
        OSError: it cannot be made, or something else is there.
    """
    try:
        os.mkfifo(path, 0o600)
    except FileNotFoundError:
        make_folders(os.path.dirname(path))
        os.mkfifo(path, 0o600)
    except FileExistsError:
        if not stat.S_ISFIFO(os.lstat(path).st_mode):
            raise


def above_standard(descriptor: int) -> int:
    """The same open file under a number of 10 or more, not inherited; the old number is closed.

    So a spawn may place descriptors at 0 to 4 without overwriting what it still has to place.
    """
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
