"""The files that a oneshot reads, by name and content: whether it must run again is a comparison.

Times and modes do not count, but spare work: a file that looks as it did when it was read last is not read again.
Links to folders found below `**` are not followed, and only plain files are opened, so neither a circle of links nor a
pipe holds anything up.
"""

import contextlib
import fnmatch
import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b, file_digest
from itertools import islice

import msgspec

from nexsock.runtime import clock

MAX_FILES = 50_000
"""of one oneshot; what comes after them in the order of their names is not looked at"""

_SETTLED_S = 2.0
"""A file changed less than this before it was read is read again next time: its times may be as coarse (FAT: 2 s)."""


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was when it was read. `content` is a digest, or the target of a link to a folder or to nothing."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    content: bytes

    @property
    def times(self) -> tuple[int, int, int, int]:
        return self.size, self.mtime_ns, self.ctime_ns, self.inode


Found = dict[str, Seen]
"""Files by path, in order"""


def look(patterns: Iterable[str], before: Mapping[str, Seen]) -> Found:
    """The files that match, at most one more than MAX_FILES. One that cannot be read is as good as missing.

    Args:
        patterns: absolute globs; "**" crosses folders. A folder stands for everything below it.
        before: what was found earlier.
    """
    found: Found = {}
    for path in islice(matches(patterns), MAX_FILES + 1):
        with contextlib.suppress(OSError):
            found[path] = _see(path, before.get(path))
    return dict(sorted(found.items()))


def digest(found: Mapping[str, Seen]) -> str:
    """32 hex digits over names and contents."""
    whole = blake2b(digest_size=16)
    for path, seen in found.items():
        whole.update(os.fsencode(path) + b"\0" + seen.content + b"\0")
    return whole.hexdigest()


def differences(old: Mapping[str, Seen], new: Mapping[str, Seen]) -> tuple[str, ...]:
    """The paths whose content differs, those that are on one side only among them, sorted."""
    return tuple(
        sorted(
            path
            for path in {*old, *new}
            if path not in old or path not in new or old[path].content != new[path].content
        )
    )


def matches(patterns: Iterable[str]) -> Iterator[str]:
    """Each path that matches, once, in the order of names within a pattern."""
    told: set[str] = set()
    for pattern in patterns:
        for path in _below("/", [part for part in pattern.split("/") if part]):
            if path not in told:
                told.add(path)
                yield path


def _below(folder: str, parts: list[str]) -> Iterator[str]:
    """What matches the rest of a pattern below a folder."""
    if not parts:
        yield from _all_of(folder)
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _below(folder, rest) if rest else _all_of(folder)
        if rest:
            for name, entry in _entries(folder):
                if entry.is_dir(follow_symlinks=False):
                    yield from _below(_join(folder, name), parts)
        return
    if not glob.has_magic(part):
        yield from _reached(_join(folder, part), rest)
        return
    fits = re.compile(fnmatch.translate(part)).match
    for name, _ in _entries(folder):
        if fits(name):
            yield from _reached(_join(folder, name), rest)


def _reached(path: str, rest: list[str]) -> Iterator[str]:
    if os.path.isdir(path):
        yield from _below(path, rest)
    elif not rest and os.path.lexists(path):
        yield path


def _all_of(folder: str) -> Iterator[str]:
    """Every file below a folder, and the links to folders themselves."""
    for name, entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _all_of(_join(folder, name))
        else:
            yield _join(folder, name)


def _entries(folder: str) -> list[tuple[str, "os.DirEntry[str]"]]:
    """The entries of a folder by name, sorted; none when it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name, entry) for entry in entries)
    except OSError:
        return []


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"


def _see(path: str, before: Seen | None) -> Seen:
    """The file as it is now.

    Raises:
        OSError: it is gone or cannot be read.
    """
    if os.path.islink(path) and not os.path.isfile(path):
        return Seen(0, 0, 0, 0, os.fsencode(os.readlink(path)))
    status = os.stat(path)
    if before is not None and before.times == _times(status) and before.mtime_ns:
        return before
    if not stat.S_ISREG(status.st_mode):
        return Seen(0, 0, 0, 0, b"")
    with open(path, "rb") as file:
        read_at = clock.wall()
        status = os.fstat(file.fileno())
        content = file_digest(file, lambda: blake2b(digest_size=16)).digest()
    settled = read_at - max(status.st_mtime, status.st_ctime) > _SETTLED_S
    return Seen(*_times(status), content) if settled else Seen(0, 0, 0, 0, content)


def _times(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
