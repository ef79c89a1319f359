"""Files of the keeper's own, whatever stands in their place."""

import os
import stat
from pathlib import Path

import pytest

from nexsock.keeper import files


@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR])
def test_a_fifo_in_the_place_of_a_log_keeps_nobody_waiting(tmp_path: Path, flags: int) -> None:
    path = tmp_path / "web.log"
    os.mkfifo(path)
    os.close(files.open_made(str(path), flags))
    assert stat.S_ISREG(path.lstat().st_mode)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "web.log"
    other.write_text("precious")
    path.symlink_to(other)
    descriptor = files.open_made(str(path), os.O_WRONLY)
    os.write(descriptor, b"x")
    os.close(descriptor)
    assert (other.read_text(), path.read_text()) == ("precious", "x")


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    os.close(files.open_made(str(tmp_path / "logs" / "web.log"), os.O_WRONLY))
    assert stat.S_IMODE((tmp_path / "logs" / "web.log").stat().st_mode) == 0o600
