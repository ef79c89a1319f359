"""The log files of a service, oldest first, and one of them open for reading, whatever the keeper rotates meanwhile.

<service>.log    the current file      <service>.idx    its index
<service>.log.1  the one before        <service>.idx.1  and so on; numbers may have a gap
"""

import errno
import os
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from nexsock.keeper import wire
from nexsock.logs.index import Index

BLOCK_BYTES = 64 * 1024
END = sys.maxsize
"""As a record number: behind all that is there, and behind the bytes that no record tells of."""
_TRIES = 5


class Segment(NamedTuple):
    """Bytes `start` to `end` of a log file, or a mark at `start` if `flags` hold RUN or LOST.

    `run` is 0 where the index does not tell yet: the run that is going on. `lost` is how many bytes a LOST mark stands
    for; `following` the record to go on with after this segment.
    """

    start: int
    end: int
    time_ns: int
    run: int
    stream: int
    following: int
    flags: int = 0
    lost: int = 0


def services(folder: str) -> list[str]:
    """The services that have a log in the folder, by name."""
    try:
        return sorted(name.removesuffix(".log") for name in os.listdir(folder) if name.endswith(".log"))
    except FileNotFoundError:
        return []


class Identity(NamedTuple):
    """What tells log files apart whatever they are called now; a dropped file's inode is soon another's.

    `begun_ns` is the time of its first record, 0 if it had none yet. A rotated file without an index has the time it
    was last written instead, negated: it is being dropped, as a rule, and its inode may soon be that of a newer one.
    """

    inode: int
    begun_ns: int


def kept(folder: str, service: str) -> list[Identity]:
    """The log files of a service, oldest first, as they were at one moment between two rotations."""
    for _ in range(_TRIES):
        current = current_inode(folder, service)
        found = _kept(folder, service)
        if current_inode(folder, service) == current:
            break
    return found[::-1]


def _kept(folder: str, service: str) -> list[Identity]:
    """The same newest first, if nothing is renamed meanwhile."""
    found: list[Identity] = []
    for number in _numbers(folder, service):
        if file := _open_pair(folder, service, number):
            file.close()
            if file.identity not in found:
                found.append(file.identity)
    return found


def current_inode(folder: str, service: str) -> int | None:
    """The file that is written now; None if there is none."""
    return _inode(_path(folder, service, "log", 0))


def open_file(folder: str, service: str, wanted: Identity) -> "LogFile | None":
    """That log file with its index; None if it is no more."""
    for _ in range(_TRIES):
        for number in _numbers(folder, service):
            opened = _open_pair(folder, service, number)
            if opened and opened.is_(wanted):
                return opened
            if opened:
                opened.close()
    return None


def path_of(folder: str, service: str, wanted: Identity) -> str | None:
    """What that log file is called at this moment; None if it is no more."""
    for number in _numbers(folder, service):
        path = _path(folder, service, "log", number)
        if _inode(path) == wanted.inode:
            return path
    return None


def _numbers(folder: str, service: str) -> list[int]:
    """The numbers in use, ascending, and the next one: a rotation between the look and the use moves files upward."""
    pattern = re.compile(re.escape(service) + r"\.log(?:\.(\d+))?")
    try:
        names = [pattern.fullmatch(name) for name in os.listdir(folder)]
    except FileNotFoundError:
        return []
    found = sorted(int(name[1] or 0) for name in names if name)
    return [*found, found[-1] + 1] if found else []


def _path(folder: str, service: str, kind: str, number: int) -> str:
    return f"{folder}/{service}.{kind}" + (f".{number}" if number else "")


def _open_pair(folder: str, service: str, number: int) -> "LogFile | None":
    """Log and index of that number; None if they are not there or are being renamed."""
    seen = _names(folder, service, number)
    index = _open(seen.index_path)
    log = _open(seen.log_path)
    unmoved = (_inode(log), _inode(index)) == seen[2:] and _names(folder, service, number) == seen
    if log is not None and unmoved:
        return LogFile(log, index, rotated=number > 0)
    for descriptor in (log, index):
        if descriptor is not None:
            os.close(descriptor)
    return None


class _Names(NamedTuple):
    """A log and its index as they are called at this moment; an inode is None where there is no such file."""

    log_path: str
    index_path: str
    log_inode: int | None
    index_inode: int | None


def _names(folder: str, service: str, number: int) -> _Names:
    """Rotation renames the index first: without one of its own, and with the next number free, a log has the next."""
    log, index = _path(folder, service, "log", number), _path(folder, service, "idx", number)
    if not os.path.exists(index) and not os.path.exists(_path(folder, service, "log", number + 1)):
        index = _path(folder, service, "idx", number + 1)
    return _Names(log, index, _inode(log), _inode(index))


def _inode(file: str | int | None) -> int | None:
    """Of a path or a descriptor."""
    try:
        return None if file is None else os.stat(file).st_ino
    except FileNotFoundError:
        return None


def _open(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise


class LogFile:
    """An open log file and its index; owns both descriptors. What is known of it is as of the last `refresh`.

    `size` is in bytes; `base` counts the bytes of all earlier files, None while the index does not tell.
    """

    def __init__(self, log: int, index: int | None, *, rotated: bool) -> None:
        self._log = log
        self._index_descriptor = index
        self.index = Index(index)
        found = os.fstat(log)
        self.identity = Identity(found.st_ino, -found.st_mtime_ns if rotated and index is None else 0)
        self._block_start = 0
        self._block = b""
        self.size = 0
        self.refresh()

    @property
    def has_index(self) -> bool:
        return self._index_descriptor is not None

    def is_(self, wanted: Identity) -> bool:
        """Whether it is that file, which may have been without a record when it was seen."""
        return self.identity.inode == wanted.inode and wanted.begun_ns in (0, self.identity.begun_ns)

    def refresh(self) -> None:
        """Take notice of what was written since. The index first: it never tells of more than the log then has."""
        self.index.refresh()
        self.base = self.index.base
        if not self.identity.begun_ns and self.index.count:
            self.identity = self.identity._replace(begun_ns=self.index.record(0).time_ns)
        found = os.fstat(self._log)
        self.size = found.st_size
        self.modified_ns = found.st_mtime_ns
        self._block = b""

    def close(self) -> None:
        os.close(self._log)
        if self._index_descriptor is not None:
            os.close(self._index_descriptor)

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end` in pieces of at most BLOCK_BYTES; fewer if the file has been cut short."""
        while start < end:
            if not self._block_start <= start < self._block_start + len(self._block):
                self._block_start, self._block = start, os.pread(self._log, BLOCK_BYTES, start)
                if not self._block:
                    return
            begin = start - self._block_start
            piece = self._block[begin : begin + end - start]
            start += len(piece)
            yield piece

    def segments(self, first: int = 0, start: int = 0, stop: int = END) -> Iterator[Segment]:
        """What lies in the file, in order, from record number `first` and byte `start` on.

        Args:
            stop: number of the first record that is left out; END: to the end of the file. Bytes that no record
                tells of are then of the last run, and came when the file was last written.
        """
        run, time_ns = self._before(first)
        for number, record in enumerate(self.index.records(first, stop), first):
            if record.flags & wire.FLAG_BASE:
                continue
            if start < record.offset <= self.size:
                yield Segment(start, record.offset, record.time_ns, run, wire.STREAM_UNKNOWN, number)
                start = record.offset
            run, time_ns = record.run, record.time_ns
            end = min(record.end, self.size)
            if record.is_mark:
                yield Segment(start, start, time_ns, run, record.stream, number + 1, record.flags, record.length)
            elif start < end:
                yield Segment(start, end, time_ns, run, record.stream, number + 1)
                start = end
        if stop == END and start < self.size:
            time_ns = max(time_ns, self.modified_ns)
            yield Segment(start, self.size, time_ns, run, wire.STREAM_UNKNOWN, self.index.count)

    def before(self, record: int, offset: int) -> Iterator[Segment]:
        """The same before that record and byte, latest first; `following` is the record to read the segment from."""
        for number in range(min(record, self.index.count - 1), 0, -1):
            found = self.index.record(number)
            if found.end < offset:
                yield Segment(found.end, offset, found.time_ns, found.run, wire.STREAM_UNKNOWN, number + 1)
                offset = found.end
            if found.is_mark and number < record:
                yield Segment(offset, offset, found.time_ns, found.run, found.stream, number, found.flags)
            elif found.offset < offset:
                yield Segment(found.offset, offset, found.time_ns, found.run, found.stream, number)
                offset = found.offset
        if offset:
            yield Segment(0, offset, self.modified_ns, 0, wire.STREAM_UNKNOWN, 0)

    def offset_of(self, record: int) -> int:
        """The byte at which a record begins; `count` stands for what no record tells of, END for the end."""
        if record == END:
            return self.size
        if record == 0:
            return 0
        if record < self.index.count:
            return min(self.index.record(record).offset, self.size)
        return min(self.index.record(record - 1).end, self.size)

    def _before(self, number: int) -> tuple[int, int]:
        """Run and time of the last record before that number, or of the first one."""
        if not self.index.count:
            return 0, self.modified_ns
        last = self.index.record(max(0, number - 1))
        return last.run, last.time_ns
