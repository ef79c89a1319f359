"""What the keeper's own log files say is what is read: the contract of keeper.wire, held from both ends."""

import os

import pytest

from nexsock.keeper import wire
from nexsock.keeper.logfile import LogFile
from nexsock.logs.follow import Follower
from nexsock.logs.read import read
from nexsock.model.log import LogQuery


class Keeper:
    """A keeper's log file of service `web`, fed through two FIFOs."""

    def __init__(self, folder: str, run: int, max_size: int = 0, max_files: int = 5) -> None:
        self.log = LogFile(f"{folder}/web.log", f"{folder}/web.idx", max_size, max_files, run)
        self.pipes = {stream: os.pipe2(os.O_NONBLOCK) for stream in (wire.STREAM_OUT, wire.STREAM_ERR)}
        self.log.begin_run()

    def take(self, data: bytes, stream: int = wire.STREAM_OUT) -> None:
        readable, writable = self.pipes[stream]
        os.write(writable, data)
        self.log.take(readable, stream)

    def close(self) -> None:
        self.log.close()
        for descriptor in (each for pair in self.pipes.values() for each in pair):
            os.close(descriptor)


@pytest.fixture
def keeper_of(tmp_path):
    opened = []

    def made(run: int, **settings: int) -> Keeper:
        opened.append(Keeper(str(tmp_path), run, **settings))
        return opened[-1]

    yield made
    for keeper in opened:
        keeper.close()


def test_streams_runs_and_rotation_of_the_keeper_are_read_back(tmp_path, keeper_of):
    first = keeper_of(1)
    first.take(b"hello\nto")
    first.take(b"oh no\n", wire.STREAM_ERR)
    first.log.rotate()
    first.take(b"gether\n")
    first.log.flush()
    second = keeper_of(2)
    second.take(b"again\n")
    second.log.flush()
    keeper_of(3).log.flush()
    lines = [(line.run, line.stream, line.text) for line in read(str(tmp_path), LogQuery())]
    assert lines == [
        (1, "nexsock", "run 1"),
        (1, "stdout", "hello"),
        (1, "stderr", "oh no"),
        (1, "stdout", "together"),
        (2, "nexsock", "run 2"),
        (2, "stdout", "again"),
        (3, "nexsock", "run 3"),
    ]


def test_following_keeps_up_with_the_keeper_through_every_rotation(tmp_path, keeper_of):
    keeper = keeper_of(1, max_size=4096, max_files=3)
    follower = Follower(str(tmp_path), LogQuery(services=("web",)))
    given = list(follower.past())
    for number in range(2000):
        keeper.take(b"line %d\n" % number)
        if number % 100 == 0:
            keeper.log.flush()
            given += follower.poll()
    keeper.log.flush()
    given += follower.poll()
    follower.close()
    texts = [line.text for line in given if line.stream != "nexsock"]
    assert texts == [f"line {number}" for number in range(2000)]
    assert os.path.exists(tmp_path / "web.log.2")


def test_what_rotation_dropped_is_stated_with_its_size(tmp_path, keeper_of):
    keeper = keeper_of(1, max_size=1000, max_files=2)
    for number in range(1000):
        keeper.take(b"%09d\n" % number)
    keeper.log.flush()
    first, *rest = read(str(tmp_path), LogQuery())
    kept = [line.text for line in rest]
    assert kept == [f"{number:09d}" for number in range(1000 - len(kept), 1000)]
    assert first.text == f"{(10000 - 10 * len(kept)) / 1024:.1f}KiB of earlier output is gone: dropped by rotation"


def test_killed_keeper_s_last_bytes_are_read_before_they_are_indexed(tmp_path, keeper_of):
    keeper = keeper_of(1)
    keeper.take(b"indexed\n")
    keeper.log.flush()
    keeper.take(b"only in the log\n")
    assert [line.text for line in read(str(tmp_path), LogQuery())] == ["run 1", "indexed", "only in the log"]
