"""Who listens where, on the sockets of this very process."""

import os
import socket

import pytest

from nexsock.runtime import ports


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["IPv4", "IPv6"])
def listener(request):
    family, address = request.param
    with socket.socket(family) as listening:
        try:
            listening.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        listening.listen()
        yield listening


def test_a_listener_is_found_by_its_port(listener):
    port = listener.getsockname()[1]
    assert os.fstat(listener.fileno()).st_ino in ports.listening()[port]


def test_the_holder_is_named_by_pid_and_command(listener):
    port = listener.getsockname()[1]
    found = ports.holder(port, ports.listening()[port])
    assert (found.pid, "python" in found.command, found.service) == (os.getpid(), True, None)


def test_a_connection_is_no_listener(listener):
    with socket.create_connection(listener.getsockname()[:2]) as connection:
        assert connection.getsockname()[1] not in ports.listening()


def test_a_process_holds_only_its_own_sockets(listener):
    inodes = ports.listening()[listener.getsockname()[1]]
    assert (ports.holds(os.getpid(), inodes), ports.holds(os.getppid(), inodes)) == (True, False)


@pytest.mark.parametrize(
    ("holder", "words"),
    [
        (ports.Holder(port=1), "a process of another user"),
        (ports.Holder(port=1, pid=9, command="nginx", user="www"), "process 9 (nginx, user www)"),
        (ports.Holder(port=1, pid=9, service="shop-1/db"), "service shop-1/db (process 9)"),
    ],
)
def test_a_holder_is_said_in_words(holder, words):
    assert str(holder) == words


def test_the_ephemeral_range_is_the_systems():
    low, high = ports.ephemeral()
    assert 1 <= low < high <= 65535
