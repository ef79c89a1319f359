"""Small files are whole, or as they were."""

import os

import pytest

from nexsock.runtime import files


def test_content_and_mode_are_written(tmp_path):
    path = tmp_path / "app.env"
    assert files.write_atomically(str(path), b"A=1\n", 0o640) is True
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"A=1\n", 0o640)


def test_the_same_content_again_writes_nothing(tmp_path):
    path = tmp_path / "app.env"
    files.write_atomically(str(path), b"A=1\n")
    before = path.stat()
    assert files.write_atomically(str(path), b"A=1\n") is False
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("new", [b"A=2\n", b"A=1\nB=2\n", b""])
def test_another_content_replaces_the_file(tmp_path, new):
    path = tmp_path / "app.env"
    files.write_atomically(str(path), b"A=1\n")
    assert (files.write_atomically(str(path), new), path.read_bytes()) == (True, new)


def test_a_missing_folder_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.write_atomically(str(tmp_path / "missing" / "app.env"), b"")
    assert os.listdir(tmp_path) == []


def test_what_cannot_be_replaced_leaves_no_temporary_file(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        files.write_atomically(str(tmp_path / "taken"), b"x")
    assert os.listdir(tmp_path) == ["taken"]
