"""Read a text file that a project names: the one place of this room that opens files.

Only regular files of bounded size and readable text come in, so a FIFO, a device or a mistaken download can
neither block nor fill the loader.
"""

import errno
import os
import stat
from collections.abc import Callable

LIMIT_BYTES = 10 * 1024 * 1024

Reader = Callable[[str], str]
"""Absolute path to text; raises Unreadable. Line ends are kept as they are, a byte order mark is taken off."""


class Unreadable(Exception):
    """A file that cannot be used: `str()` is the end of a sentence that begins with its name.

    `line` and `column` are the place of the fault inside the file, when it has one; `missing`: there is no such file.
    """

    def __init__(
        self, reason: str, *, advice: str | None = None, line: int = 1, column: int = 1, missing: bool = False
    ):
        super().__init__(reason)
        self.advice = advice
        self.line = line
        self.column = column
        self.missing = missing


def read(path: str) -> str:
    """The text of a regular UTF-8 file of at most 10 MiB.

    Raises:
        Unreadable: it is missing, closed to us, not a regular file, too large, or not UTF-8.
    """
    return decode(read_bytes(path))


def read_bytes(path: str) -> bytes:
    """The content of a regular file of at most 10 MiB.

    Raises:
        Unreadable: it is missing, closed to us, not a regular file, or too large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise _refusal(error) from error
    except ValueError as error:
        raise Unreadable("has a NUL character in its name", advice="take it out") from error
    try:
        return _content(descriptor)
    except OSError as error:
        raise _refusal(error) from error
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable(f"is {_kind(found.st_mode)}, not a regular file")
    parts: list[bytes] = []
    left = LIMIT_BYTES + 1
    while left and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    if not left:
        raise Unreadable("is larger than 10 MiB", advice="a configuration of that size is surely a mistake")
    return b"".join(parts)


def decode(content: bytes) -> str:
    """The text of a file.

    Raises:
        Unreadable: it is not UTF-8.
    """
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        raise Unreadable(
            f"is not UTF-8 text: byte 0x{error.object[error.start]:02x}",
            advice="save it as UTF-8",
            line=before.count(b"\n") + 1,
            column=len(before.rpartition(b"\n")[2].decode("utf-8")) + 1,
        ) from error


def _refusal(error: OSError) -> Unreadable:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Unreadable("does not exist", missing=True)
    if error.errno == errno.ENXIO:
        return Unreadable("is a socket, not a regular file")
    if error.errno == errno.EACCES:
        return Unreadable("may not be read by you", advice="look at its permissions with 'ls -l'")
    return Unreadable(f"cannot be read: {(error.strerror or str(error)).lower()}")


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def is_folder(path: str) -> bool:
    """Whether there is a folder at an absolute path."""
    return os.path.isdir(path)
