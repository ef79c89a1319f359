import contextlib
import os
import select
import signal
import socket
import subprocess
import sys

import pytest

import nexsock
from nexsock.client import locate
from nexsock.daemon import listen
from nexsock.errors import Unreachable
from nexsock.places import Places
from nexsock.protocol.api import Nothing, ShutdownRequest

LIMIT_S = 60.0


class Home:
    """A home of its own for a real daemon; everything in it is ended with it."""

    def __init__(self, root: str) -> None:
        self.places = Places(f"{root}/config", f"{root}/state", f"{root}/run")
        self.environ = {**os.environ, "NEXSOCK_HOME": root, "NOTIFY_SOCKET": root + "/told"}
        self._started: list[subprocess.Popen[str]] = []

    def nexsockd(self, *options: str) -> "subprocess.Popen[str]":
        argv = [sys.executable, "-m", "nexsock.nexsockd", *options]
        started = subprocess.Popen(argv, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._started.append(started)
        return started

    def connect(self):
        client = locate.connect(places=self.places, limit_s=LIMIT_S)
        return client, client.call("system_status", Nothing())

    def status(self):
        client, status = self.connect()
        client.close()
        return status

    def kill(self, pid: int) -> None:
        """Kill a daemon's process and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            process = os.pidfd_open(pid)
            signal.pidfd_send_signal(process, signal.SIGKILL)
            select.select([process], [], [], LIMIT_S)
            os.close(process)

    def serving(self, *options: str) -> "subprocess.Popen[str]":
        """A daemon in the foreground that has said that it serves, as systemd would be told."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(self.environ["NOTIFY_SOCKET"])
            told.settimeout(LIMIT_S)
            started = self.nexsockd(*options)
            assert told.recv(100) == b"READY=1"
        return started

    def end(self) -> None:
        with contextlib.suppress(Unreachable):
            client = locate.connect(start=False, places=self.places)
            keeper = os.pidfd_open(client.call("system_status", Nothing()).keeper_pid)
            client.call("shutdown", ShutdownRequest())
            client.close()
            ended = select.select([keeper], [], [], LIMIT_S)[0]
            os.close(keeper)
            assert ended
        for started in self._started:
            started.communicate(timeout=LIMIT_S)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NEXSOCK_HOME", str(tmp_path))
    home = Home(str(tmp_path))
    yield home
    home.end()


def test_a_command_starts_it_and_it_can_be_ended(home):
    client, status = home.connect()
    assert status.socket == home.places.socket
    client.call("shutdown", ShutdownRequest())
    client.close()
    process = os.pidfd_open(status.keeper_pid)
    assert select.select([process], [], [], LIMIT_S)[0]
    os.close(process)
    assert not os.path.exists(home.places.socket)


def test_a_killed_brain_is_followed_by_another_that_no_client_has_to_wait_for_twice(home):
    client, first = home.connect()
    home.kill(first.pid)
    client.close()
    second = home.status()
    assert second.keeper_pid == first.keeper_pid
    assert second.pid != first.pid


def test_a_restart_replaces_the_brain_and_keeps_the_keeper(home):
    client, first = home.connect()
    client.call("shutdown", ShutdownRequest(restart=True))
    client.close()
    second = home.status()
    assert second.keeper_pid == first.keeper_pid
    assert second.pid != first.pid


def test_a_second_daemon_leaves_everything_alone(home):
    first = home.status()
    out, _ = home.nexsockd("--detach").communicate(timeout=LIMIT_S)
    assert out == "nexsock: already running\n"
    assert home.status().pid == first.pid


def test_an_emptied_runtime_folder_does_not_let_a_second_one_start(home):
    first = home.status()
    for name in os.listdir(home.places.runtime_dir):
        path = f"{home.places.runtime_dir}/{name}"
        if not os.path.isdir(path):
            os.unlink(path)
    second = home.status()
    assert (second.pid, second.keeper_pid) == (first.pid, first.keeper_pid)


def test_in_the_foreground_it_ends_with_sigterm(home):
    foreground = home.serving()
    assert home.status().keeper_pid == foreground.pid
    foreground.terminate()
    assert foreground.wait(LIMIT_S) == 0


def test_it_listens_on_tcp_for_whoever_has_the_token(home, free_port):
    foreground = home.serving("--listen", f"tcp://127.0.0.1:{free_port}")
    token = listen.read_token(home.places.state_dir + "/token", os.getuid())
    with locate.connect_tcp("127.0.0.1", free_port, token) as client:
        assert client.call("ping", Nothing()) == Nothing()
    foreground.terminate()
    assert foreground.wait(LIMIT_S) == 0


def test_it_tells_its_version():
    done = subprocess.run(
        [sys.executable, "-m", "nexsock.nexsockd", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"nexsockd {nexsock.__version__}\n"
