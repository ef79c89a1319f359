"""What plugins print is kept, and never more of it than there is room for."""

import os

import pytest

from nexsock.plugins import prints
from nexsock.plugins.prints import Prints


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_what_is_in_the_pipe_goes_to_the_log(pipe, tmp_path):
    kept = Prints(str(tmp_path / "log"))
    os.write(pipe[1], b"one\ntwo\n\n")
    kept.take(pipe[0])
    kept.take(pipe[0])
    assert ((tmp_path / "log").read_text(), kept.last_line) == ("one\ntwo\n\n", "two")


def test_a_log_that_grows_is_begun_anew_and_the_old_one_kept(pipe, tmp_path):
    kept = Prints(str(tmp_path / "log"))
    for _ in range(2 * prints.FILE_LIMIT_BYTES // prints.PIPE_BYTES + 3):
        os.write(pipe[1], b"x" * prints.PIPE_BYTES)
        kept.take(pipe[0])
    sizes = [(tmp_path / name).stat().st_size for name in ("log", "log.1")]
    assert max(sizes) <= prints.FILE_LIMIT_BYTES + prints.PIPE_BYTES


def test_a_log_that_cannot_be_written_is_done_without(pipe, tmp_path):
    kept = Prints(str(tmp_path / "nowhere" / "log"))
    os.write(pipe[1], b"heard\n")
    kept.take(pipe[0])
    assert kept.last_line == "heard"


def test_a_log_is_not_written_through_a_link(pipe, tmp_path):
    (tmp_path / "log").symlink_to(tmp_path / "canary")
    kept = Prints(str(tmp_path / "log"))
    os.write(pipe[1], b"secret\n")
    kept.take(pipe[0])
    assert not (tmp_path / "canary").exists()
