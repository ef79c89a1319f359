"""Which files may be read, and what is said about the others."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from nexsock.config import source


def refusal(path: Path | str) -> source.Unreadable:
    with pytest.raises(source.Unreadable) as caught:
        source.read(str(path))
    return caught.value


def test_a_text_comes_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("grüße\r\nzwei\n".encode())
    assert source.read(str(tmp_path / "a")) == "grüße\r\nzwei\n"


def test_a_byte_order_mark_is_taken_off(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfname: x\n")
    assert source.read(str(tmp_path / "a")) == "name: x\n"


def test_a_missing_file_is_told_from_others(tmp_path: Path) -> None:
    fault = refusal(tmp_path / "none")
    assert (str(fault), fault.missing) == ("does not exist", True)


def test_a_file_below_a_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert refusal(tmp_path / "a" / "b").missing


def test_a_folder_is_not_read(tmp_path: Path) -> None:
    assert str(refusal(tmp_path)) == "is a folder, not a regular file"


def test_a_fifo_without_a_writer_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert str(refusal(tmp_path / "fifo")) == "is a FIFO, not a regular file"


def test_a_socket_is_not_read() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(folder + "/s")
        assert str(refusal(folder + "/s")) == "is a socket, not a regular file"


def test_a_device_is_not_read() -> None:
    assert str(refusal("/dev/zero")) == "is a device, not a regular file"


def test_ten_mebibytes_are_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * source.LIMIT_BYTES)
    assert len(source.read(str(tmp_path / "a"))) == source.LIMIT_BYTES
    (tmp_path / "a").write_bytes(b"x" * (source.LIMIT_BYTES + 1))
    assert str(refusal(tmp_path / "a")) == "is larger than 10 MiB"


def test_the_place_of_a_byte_that_is_not_utf8_is_known(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("name: ü\nüb: ".encode() + b"\xff\n")
    fault = refusal(tmp_path / "a")
    assert (str(fault), fault.line, fault.column) == ("is not UTF-8 text: byte 0xff", 2, 5)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_closed_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "a").chmod(0)
    assert str(refusal(tmp_path / "a")) == "may not be read by you"
