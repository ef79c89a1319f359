"""A FIFO, a log beside it, and its index read back."""

import os
from pathlib import Path

import pytest

from nexsock.keeper import files, wire
from nexsock.keeper.logfile import LogFile
from nexsock.keeper.pump import Stream

FIELDS = ("offset", "time_ns", "length", "run", "stream", "flags")


class Service:
    """What writes and what is written: `write` fills the FIFO, `log` is the keeper's side, `records` the index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_path = folder / "web.log"
        self.index_path = folder / "web.idx"
        files.make_fifo(str(folder / "web.out"))
        self._writer = os.open(folder / "web.out", os.O_RDWR | os.O_NONBLOCK)
        self.log = self.open_log()
        self.stream = Stream(str(folder / "web.out"), wire.STREAM_OUT, self.log)

    def open_log(self, *, run: int = 1, max_size: int = 0, max_files: int = 3) -> LogFile:
        """A keeper's view of the log, as the next keeper would open it."""
        return LogFile(str(self.log_path), str(self.index_path), max_size, max_files, run)

    def write(self, data: bytes) -> None:
        assert os.write(self._writer, data) == len(data)

    def take(self, log: LogFile, data: bytes, stream: int = wire.STREAM_OUT) -> None:
        """Write to the FIFO and have the log take it."""
        self.write(data)
        assert log.take(self.stream.fileno(), stream) == len(data)

    def records(self, number: int = 0) -> list[dict[str, int]]:
        """The records of the index of this number."""
        path = self.index_path if not number else self.index_path.with_name(f"web.idx.{number}")
        return [dict(zip(FIELDS, record, strict=True)) for record in wire.INDEX_RECORD.iter_unpack(path.read_bytes())]

    def rows(self, number: int = 0) -> list[tuple[int, int, int, int]]:
        """(offset, length, run, flags) of each record."""
        return [(one["offset"], one["length"], one["run"], one["flags"]) for one in self.records(number)]

    def text(self, number: int = 0) -> bytes:
        path = self.log_path if not number else self.log_path.with_name(f"web.log.{number}")
        return path.read_bytes()

    def close(self) -> None:
        os.close(self._writer)
        self.stream.close()
        self.log.close()


@pytest.fixture
def service(tmp_path):
    made = Service(tmp_path)
    yield made
    made.close()
