"""The index beside one log file: one fixed-width record for each chunk (wire.INDEX_RECORD). Its one writer.

Records are collected and written by `flush`. What a killed keeper or a full disk kept out of the index is made up
for by the next flush: bytes of the log that no record covers are indexed as FOUND.
"""

import os
import struct
import time

from nexsock.keeper import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    Record = tuple[int, int, int, int, int, int]
    """The fields of a wire.INDEX_RECORD: offset, time_ns, length, run, stream, flags."""

MERGE_NS = 1_000_000
"""Neighbouring chunks of one stream within this time share a record: it bounds the index of a line-wise writer."""
FLUSH_RECORDS = 64
MAX_LENGTH = (1 << 32) - 1
WIDTH = wire.INDEX_RECORD.size


class Index:
    """The index behind an open descriptor, which it owns from now on. Call `fit` before anything is added.

    Raises:
        OSError: it cannot be read.
    """

    def __init__(self, descriptor: int, run: int) -> None:
        self.run = run
        self.base = 0
        """Bytes in all earlier files of this log."""
        self._records: list[Record] = []
        self._descriptor = descriptor
        self._size = _whole(os.fstat(descriptor).st_size)
        self._covered = 0
        self._covered_run = run
        if self._size:
            self.base = self._read(0)[0]
            last = self._read(self._size - WIDTH)
            self._covered, self._covered_run = _end(last), last[3]

    @property
    def is_new(self) -> bool:
        return not self._size

    def begin(self, base: int) -> None:
        """Write first of all how many bytes the earlier files had."""
        self.base = base
        self._size = self._covered = 0
        self._records = [(base, time.time_ns(), 0, self.run, wire.STREAM_UNKNOWN, wire.FLAG_BASE)]

    def fit(self, log_size: int) -> None:
        """Begin anew if it tells of more bytes than the log has, because somebody has cut the log."""
        if self._covered > log_size:
            os.ftruncate(self._descriptor, 0)
            self.begin(self.base + self._covered)

    def _read(self, position: int) -> "Record":
        record: Record = wire.INDEX_RECORD.unpack(os.pread(self._descriptor, WIDTH, position))
        return record

    @property
    def waiting(self) -> bool:
        """Records could not be written yet."""
        return bool(self._records)

    @property
    def last_run(self) -> int:
        """Number of the run that the last record is of."""
        return self._covered_run

    def add(self, offset: int, length: int, stream: int, flags: int = 0, time_ns: int = 0) -> None:
        """Note a chunk, a loss or a mark at `offset` of the log file, as of `time_ns` or now."""
        now = time_ns or time.time_ns()
        if self._records:
            first, began, so_far, run, last_stream, last_flags = self._records[-1]
            near = now - began < MERGE_NS or flags & wire.FLAG_LOST
            if (last_stream, last_flags) == (stream, flags) and near and so_far + length <= MAX_LENGTH:
                self._records[-1] = (first, began, so_far + length, run, stream, flags)
                return
        self._records.append((offset, now, length, self.run, stream, flags))
        if len(self._records) >= FLUSH_RECORDS:
            self.flush(offset + (length if flags == 0 else 0))

    def flush(self, log_size: int) -> None:
        """Write the records, and FOUND ones for bytes below `log_size` that none of them covers.

        On a full disk only marks and losses are kept for the next time; chunks will be found then.
        """
        whole, covered = self._with_found(log_size)
        packed = b"".join(wire.INDEX_RECORD.pack(*record) for record in whole)
        try:
            written = _whole(os.pwrite(self._descriptor, packed, self._size))
        except OSError:
            written = 0
        self._size += written
        if written == len(packed):
            self._records.clear()
            self._covered, self._covered_run = covered, self.run
            return
        rest = whole[written // WIDTH :]
        if written:
            self._covered = max(self._covered, _end(whole[written // WIDTH - 1]))
        self._records = [record for record in rest if record[5] & ~wire.FLAG_FOUND]

    def _with_found(self, log_size: int) -> "tuple[list[Record], int]":
        """The records in order without gaps, and the end of what they cover."""
        whole: list[Record] = []
        covered = self._covered
        for record in self._records:
            if not record[5] & wire.FLAG_BASE:
                whole += self._found(covered, record[0])
                covered = max(covered, _end(record))
            whole.append(record)
        whole += self._found(covered, log_size)
        return whole, max(covered, log_size)

    def _found(self, start: int, end: int) -> "list[Record]":
        now = time.time_ns()
        run = self._covered_run
        return [
            (offset, now, min(MAX_LENGTH, end - offset), run, wire.STREAM_UNKNOWN, wire.FLAG_FOUND)
            for offset in range(start, end, MAX_LENGTH)
        ]

    def close(self) -> None:
        os.close(self._descriptor)


def _whole(size: int) -> int:
    """The bytes of the whole records in `size` bytes."""
    return size - size % WIDTH


def _end(record: "Record") -> int:
    """The offset in the log file up to which this record tells what is there."""
    offset, _, length, _, _, flags = record
    if flags & wire.FLAG_BASE:
        return 0
    return offset if flags & wire.FLAG_LOST else offset + length


def bytes_before(index_path: str, log_path: str) -> int:
    """Bytes that were written up to the end of this pair of files since the log began; 0 if there is no such pair."""
    try:
        with open(index_path, "rb") as source:
            first = source.read(WIDTH)
        base: int = wire.INDEX_RECORD.unpack(first)[0]
        return base + os.stat(log_path).st_size
    except (OSError, struct.error):
        return 0
