"""Which bytes of a log file came when, from which run, by which stream: the records of keeper.wire, for reading.

Records are read as they are needed, a block at a time: the index of a large log is large itself.
"""

import os
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from nexsock.keeper import wire

WIDTH = wire.INDEX_RECORD.size
STREAM_AT = struct.calcsize("<QQII")
"""Where in a record the byte of the stream is."""
BLOCK_RECORDS = 512


class Record(NamedTuple):
    """One wire.INDEX_RECORD. `length` counts bytes of the file only if `flags` hold none of BASE, RUN and LOST."""

    offset: int
    time_ns: int
    length: int
    run: int
    stream: int
    flags: int

    @property
    def end(self) -> int:
        """The offset in the file after the bytes it tells of."""
        if self.flags & wire.FLAG_BASE:
            return 0
        return self.offset if self.is_mark else self.offset + self.length

    @property
    def is_mark(self) -> bool:
        """It tells of an event, not of bytes in the file."""
        return bool(self.flags & (wire.FLAG_BASE | wire.FLAG_RUN | wire.FLAG_LOST))


class Index:
    """The records of an open index file, by number; None where the index is missing: it has no records then.

    The file may grow; `refresh` takes notice. A torn last record is left out.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._block_number = -1
        self._block = b""
        self.count = 0
        self.refresh()

    def refresh(self) -> None:
        """Count the records anew."""
        if self._descriptor is not None:
            self.count = os.fstat(self._descriptor).st_size // WIDTH
        self._block_number = -1

    def record(self, number: int) -> Record:
        """The record of that number, 0 to `count` - 1."""
        block, place = divmod(number, BLOCK_RECORDS)
        if block != self._block_number and self._descriptor is not None:
            self._block = os.pread(self._descriptor, BLOCK_RECORDS * WIDTH, block * BLOCK_RECORDS * WIDTH)
            self._block_number = block
        return Record(*wire.INDEX_RECORD.unpack_from(self._block, place * WIDTH))

    def records(self, first: int, stop: int) -> Iterator[Record]:
        """The records from number `first` on, to before `stop` or the end."""
        for number in range(first, min(stop, self.count)):
            yield self.record(number)

    def streams(self, first: int, stop: int) -> set[int]:
        """The streams of the records from `first` to before `stop`; numbers that do not exist are left out."""
        first, stop = max(first, 0), min(stop, self.count)
        if self._descriptor is None or first >= stop:
            return {wire.STREAM_UNKNOWN}
        return set(os.pread(self._descriptor, (stop - first) * WIDTH, first * WIDTH)[STREAM_AT::WIDTH])

    @property
    def base(self) -> int | None:
        """Bytes in all files before this one since the log began, if the index says so."""
        first = self.record(0) if self.count else None
        return first.offset if first and first.flags & wire.FLAG_BASE else None

    def first_since(self, time_ns: int) -> int:
        """Number of the first record at or after that time; `count` if there is none."""
        return bisect_left(range(self.count), time_ns, key=lambda number: self.record(number).time_ns)

    def first_after(self, time_ns: int) -> int:
        """Number of the first record later than that time; `count` if there is none."""
        return bisect_right(range(self.count), time_ns, key=lambda number: self.record(number).time_ns)

    def first_of_run(self, run: int) -> int:
        """Number of the first record of that run or a later one; `count` if there is none."""
        return bisect_left(range(self.count), run, key=lambda number: self.record(number).run)

    def at_offset(self, offset: int) -> int:
        """Number of the record that tells of the byte at `offset`, or of the first one behind it."""
        return bisect_right(range(self.count), offset, key=lambda number: self.record(number).end)
