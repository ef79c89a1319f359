import os
import socket
import threading

import pytest

from nexsock.client import relay

LIMIT_S = 30.0


@pytest.fixture
def line():
    """(the daemon's end, where the client writes, where it reads), carried by a thread until somebody hangs up."""
    daemon, connection = socket.socketpair()
    daemon.settimeout(LIMIT_S)
    reading, client_writes = os.pipe()
    client_reads, writing = os.pipe()

    def carry() -> None:
        with connection:
            relay.carry(connection, reading, writing)

    carrying = threading.Thread(target=carry)
    carrying.start()
    with open(client_writes, "wb", buffering=0) as there, open(client_reads, "rb", buffering=0) as back:
        yield daemon, there, back
        there.close()
        daemon.close()
        carrying.join(LIMIT_S)
    os.close(reading)
    os.close(writing)
    assert not carrying.is_alive()


def test_what_each_side_says_reaches_the_other(line):
    daemon, there, back = line
    there.write(b"hello")
    assert daemon.recv(100) == b"hello"
    daemon.sendall(b"welcome")
    assert back.read(100) == b"welcome"


def test_a_client_that_has_finished_still_hears_the_answer(line):
    daemon, there, back = line
    there.close()
    assert daemon.recv(100) == b""
    daemon.sendall(b"answer")
    assert back.read(100) == b"answer"


def test_more_than_a_pipe_holds_comes_whole(line):
    daemon, _, back = line
    words = os.urandom(1024 * 1024)
    speaking = threading.Thread(target=daemon.sendall, args=(words,))
    speaking.start()
    heard = b""
    while len(heard) < len(words):
        heard += back.read(65536)
    speaking.join(LIMIT_S)
    assert heard == words


def test_a_client_that_is_gone_ends_it(line):
    daemon, _, back = line
    back.close()
    daemon.sendall(b"too late")
    assert daemon.recv(100) == b""
