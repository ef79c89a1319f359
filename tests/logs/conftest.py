"""A log as the keeper writes it, with times that the test chooses."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexsock.keeper import wire

OUT, ERR = wire.STREAM_OUT, wire.STREAM_ERR


class KeptLog:
    """Writes the log and index files of one service; `at` is unix seconds."""

    def __init__(self, folder: Path | str, service: str = "web") -> None:
        self.log_path = f"{folder}/{service}.log"
        self.index_path = f"{folder}/{service}.idx"
        self.number = 0
        self.base = 0
        self.at = 0.5
        self.covered = 0
        self._begin()

    @property
    def size(self) -> int:
        return os.path.getsize(self.log_path)

    def run(self, number: int, at: float) -> None:
        self.find(at)
        self.number = number
        self._record(self.size, at, 0, wire.STREAM_UNKNOWN, wire.FLAG_RUN)

    def write(self, data: bytes, at: float, stream: int = OUT) -> None:
        self.find(at)
        offset = self.size
        self.write_unindexed(data, at)
        self._record(offset, at, len(data), stream)

    def write_unindexed(self, data: bytes, at: float) -> None:
        """As if the keeper had been killed before it wrote the index."""
        with open(self.log_path, "ab") as file:
            file.write(data)
        os.utime(self.log_path, (at, at))

    def find(self, at: float) -> None:
        """Index what is in the log and not in the index, as the keeper does before its next record."""
        if self.covered < self.size:
            self._record(self.covered, at, self.size - self.covered, wire.STREAM_UNKNOWN, wire.FLAG_FOUND)

    def lose(self, count: int, at: float, *, oldest: bool = False) -> None:
        flags = wire.FLAG_LOST | (wire.FLAG_OLDEST if oldest else 0)
        self._record(self.size, at, count, wire.STREAM_UNKNOWN, flags)

    def tear(self) -> None:
        """Half an index record."""
        with open(self.index_path, "ab") as file:
            file.write(b"\x01" * 13)

    def rotate(self, keep: int = 99) -> None:
        """Index first, then log, as the keeper does; `keep` files stay, the current one included."""
        self.find(self.at)
        self.base += self.size
        number = 1
        while os.path.exists(f"{self.log_path}.{number}"):
            number += 1
        for path in (self.index_path, self.log_path):
            for old in range(number, 0, -1):
                os.replace(f"{path}.{old - 1}" if old > 1 else path, f"{path}.{old}")
            if number >= keep:
                os.unlink(f"{path}.{number}")
        self._begin()

    def empty(self) -> None:
        """Somebody emptied the log; the keeper noticed and began the index anew."""
        self.base += self.size
        for path in (self.log_path, self.index_path):
            os.truncate(path, 0)
        self._record(self.base, self.at, 0, wire.STREAM_UNKNOWN, wire.FLAG_BASE)

    def _begin(self) -> None:
        for path in (self.log_path, self.index_path):
            Path(path).touch()
        self._record(self.base, self.at, 0, wire.STREAM_UNKNOWN, wire.FLAG_BASE)

    def _record(self, offset: int, at: float, length: int, stream: int, flags: int = 0) -> None:
        self.at = at
        self.covered = 0 if flags & wire.FLAG_BASE else self.size
        with open(self.index_path, "ab") as file:
            file.write(wire.index_record(offset, round(at * 1e9), length, self.number, stream, flags))


@pytest.fixture
def kept_log(tmp_path: Path) -> Callable[[str], KeptLog]:
    """A new log of the named service, whose run 1 has begun at second 1."""

    def begun(service: str) -> KeptLog:
        log = KeptLog(tmp_path, service)
        log.run(1, at=1.0)
        return log

    return begun


@pytest.fixture
def web(kept_log: Callable[[str], KeptLog]) -> KeptLog:
    return kept_log("web")


@pytest.fixture
def counter() -> Iterator[int]:
    """For a new name in each of the examples of one test."""
    return itertools.count()
