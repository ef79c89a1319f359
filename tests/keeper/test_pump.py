import fcntl
import os

import pytest

from nexsock.keeper import files, pump


def test_a_quiet_fifo_keeps_its_size_and_a_full_one_grows(service):
    service.write(b"x" * 100)
    service.stream.move()
    quiet = fcntl.fcntl(service.stream.fileno(), fcntl.F_GETPIPE_SZ)
    service.write(b"x" * 65536)
    service.stream.move()
    assert (quiet, fcntl.fcntl(service.stream.fileno(), fcntl.F_GETPIPE_SZ)) == (65536, pump.LARGE_PIPE_BYTES)


def test_a_drain_leaves_nothing_and_needs_no_bytes(service):
    service.stream.drain()
    service.write(b"x" * 40_000)
    service.stream.drain()
    assert service.log.size == 40_000
    assert service.stream.move() == 0


def test_a_fifo_is_private_made_with_its_folder_and_kept_if_it_is_there(tmp_path):
    path = str(tmp_path / "new" / "web.out")
    files.make_fifo(path)
    made = os.stat(path)
    files.make_fifo(path)
    assert os.stat(path).st_ino == made.st_ino
    assert made.st_mode & 0o777 == 0o600


def test_a_file_in_the_place_of_a_fifo_is_an_error(tmp_path):
    (tmp_path / "web.out").touch()
    with pytest.raises(FileExistsError):
        files.make_fifo(str(tmp_path / "web.out"))
