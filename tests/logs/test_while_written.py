"""Reading and following while the keeper writes and rotates at full speed in another process."""

import os
import signal
import time
from pathlib import Path

import pytest

from nexsock.keeper import wire
from nexsock.keeper.logfile import LogFile
from nexsock.logs.follow import Follower
from nexsock.logs.read import read
from nexsock.model.log import LogLine, LogQuery

READS = 60
FOLLOWED_LINES = 60_000


def write_numbers(folder: Path, max_size: int, max_files: int) -> None:
    """Numbered lines for ever, in chunks that end anywhere, as the keeper would write them."""
    log = LogFile(f"{folder}/web.log", f"{folder}/web.idx", max_size, max_files, 1)
    readable, writable = os.pipe2(os.O_NONBLOCK)
    log.begin_run()
    number, waiting = 0, b""
    while True:
        while len(waiting) < 1000:
            waiting += b"%d\n" % number
            number += 1
        chunk, waiting = waiting[:777], waiting[777:]
        os.write(writable, chunk)
        log.take(readable, wire.STREAM_OUT)
        if number % 7 == 0:
            log.flush()


@pytest.fixture
def writing(tmp_path):
    """Starts the writer in a process of its own, and ends it after the test."""
    pids = []

    def start(max_size: int, max_files: int) -> None:
        pid = os.fork()
        if not pid:
            write_numbers(tmp_path, max_size, max_files)
        pids.append(pid)

    yield start
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def check(lines: list[LogLine]) -> int:
    """Each number once and in order; returns how many there were.

    The lines beside a stated gap may be cut, as may the first and the last one.
    """
    stretches: list[list[str]] = [[]]
    for line in lines:
        if "gone" in line.text:
            stretches.append([])
        elif line.stream == "stdout":
            stretches[-1].append(line.text)
    for stretch in stretches:
        whole = [int(text) for text in stretch[1:-1]]
        assert whole == list(range(whole[0], whole[0] + len(whole))) if whole else True
    return sum(map(len, stretches))


def test_every_read_is_a_whole_stretch_whatever_is_rotated_away(tmp_path, writing, until):
    writing(max_size=50_000, max_files=3)
    until(lambda: check(list(read(str(tmp_path), LogQuery()))) > 5000, "there is much to read")
    for _ in range(READS):
        check(list(read(str(tmp_path), LogQuery())))


def test_line_that_a_gap_cut_off_is_not_joined_with_what_follows_it(tmp_path, kept_log):
    web = kept_log("web")
    for data in (b"one\ncut off", b"dropped\n", b"its end\nlast\n"):
        web.write(data, at=2.0)
        web.rotate()
    (tmp_path / "web.log.2").unlink()
    texts = [line.text for line in read(str(tmp_path), LogQuery()) if line.stream == "stdout"]
    assert texts == ["one", "cut off", "its end", "last"]


def test_last_lines_are_a_whole_stretch_too(tmp_path, writing, until):
    writing(max_size=50_000, max_files=3)
    until(lambda: check(list(read(str(tmp_path), LogQuery(last_lines=50)))) == 50, "there are enough")
    for _ in range(READS):
        check(list(read(str(tmp_path), LogQuery(last_lines=50))))


def test_follower_gets_each_line_once_or_is_told_what_it_missed(tmp_path, writing):
    writing(max_size=50_000, max_files=4)
    follower = Follower(str(tmp_path), LogQuery(services=("web",)))
    lines = list(follower.past())
    deadline = time.monotonic() + 60
    while len(lines) < FOLLOWED_LINES and time.monotonic() < deadline:
        lines += follower.poll()
    follower.close()
    assert check(lines) > FOLLOWED_LINES // 2
