import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import nexsock
from nexsock.client import locate, starter
from nexsock.errors import ProtocolError, Unreachable
from nexsock.places import Places
from nexsock.protocol.api import Nothing, ShutdownRequest

LIMIT_S = 60.0


def connect(stub, mode: str = "serves", **options):
    return locate.connect(places=stub.places, argv=stub.argv(mode), **{"limit_s": LIMIT_S, **options})


def test_a_daemon_that_does_not_run_is_started_and_the_next_command_finds_it(stub):
    with connect(stub) as first, connect(stub) as second:
        assert first.call("ping", Nothing()) == second.call("ping", Nothing()) == Nothing()
    assert len(stub.starts()) == 1


def test_none_is_started_where_that_is_not_wanted(stub):
    with pytest.raises(Unreachable, match="does not run; start it with 'nexsock daemon start'"):
        connect(stub, start=False)
    assert stub.starts() == []
    assert not os.path.exists(stub.places.runtime_dir)


def test_twenty_commands_at_once_start_one_daemon_and_are_all_served(stub):
    together = threading.Barrier(20)

    def command() -> object:
        together.wait()
        with connect(stub) as client:
            return client.call("ping", Nothing())

    with ThreadPoolExecutor(20) as pool:
        answers = [future.result() for future in [pool.submit(command) for _ in range(20)]]
    assert answers == [Nothing()] * 20
    assert len(stub.starts()) == 1


def test_processes_that_race_start_one_daemon(stub):
    code = (
        "import sys; from nexsock.client import locate; from nexsock.places import Places\n"
        "from nexsock.protocol.api import Nothing\n"
        "root, *argv = sys.argv[1:]\n"
        "places = Places(root + '/config', root + '/state', root + '/run')\n"
        "locate.connect(places=places, argv=argv, limit_s=60).call('ping', Nothing()); print('served')"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", code, stub.root, *stub.argv()], stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    assert [racer.communicate(timeout=120)[0] for racer in racers] == ["served\n"] * 8
    assert len(stub.starts()) == 1


def test_a_stale_socket_is_no_daemon(stub):
    os.mkdir(stub.places.runtime_dir, 0o700)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(stub.places.socket)
    stale.close()
    with connect(stub) as client:
        assert client.call("ping", Nothing()) == Nothing()


def test_a_daemon_that_has_ended_is_followed_by_another(stub):
    with connect(stub) as client:
        client.call("shutdown", ShutdownRequest())
    with connect(stub) as client:
        assert client.call("ping", Nothing()) == Nothing()
    assert len(stub.starts()) == 2


def test_a_killed_daemon_is_followed_by_another(stub):
    with connect(stub):
        os.kill(stub.starts()[0], signal.SIGKILL)
    with connect(stub) as client:
        assert client.call("ping", Nothing()) == Nothing()


def test_a_living_daemon_whose_socket_was_removed_makes_a_new_one_and_stays_the_only_one(stub):
    connect(stub).close()
    os.unlink(stub.places.socket)
    with connect(stub) as client:
        assert client.call("ping", Nothing()) == Nothing()
    assert len(stub.starts()) == 1


def test_a_daemon_that_cannot_come_up_says_why_at_once(stub):
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"did not come up; its last words:\n    the store is torn") as caught:
        connect(stub, "fails")
    assert f"\nthe whole log is {stub.places.daemon_log}" in str(caught.value)
    assert time.monotonic() - began < LIMIT_S / 2


def test_a_daemon_that_knows_why_it_cannot_come_up_is_quoted(stub):
    with pytest.raises(Unreachable, match=r"did not come up: the socket's name is taken; the whole log is"):
        connect(stub, "refuses")


def test_a_program_that_cannot_be_started_says_what_it_said(stub):
    with pytest.raises(Unreachable, match="could not be started: it cannot be"):
        connect(stub, "broken")


def test_a_daemon_that_is_silent_is_given_up_in_time(stub):
    with pytest.raises(Unreachable, match=r"did not come up; its last words:\n    thinking"):
        connect(stub, "silent", limit_s=1.5)


def test_a_missing_program_is_unreachable(stub):
    with pytest.raises(Unreachable, match="cannot be started"):
        locate.connect(places=stub.places, argv=["/nowhere/nexsockd"], limit_s=LIMIT_S)


def test_a_folder_that_others_can_open_is_refused_with_the_command_that_mends_it(stub):
    os.mkdir(stub.places.runtime_dir)
    os.chmod(stub.places.runtime_dir, 0o755)
    with pytest.raises(Unreachable, match="run 'chmod 700"):
        connect(stub)


def test_a_long_path_works(stub, tmp_path):
    stub.root = f"{tmp_path}/{'long' * 30}"
    os.mkdir(stub.root)
    stub.places = Places(f"{stub.root}/config", f"{stub.root}/state", f"{stub.root}/run")
    with connect(stub) as client:
        assert client.call("ping", Nothing()) == Nothing()


def test_somebody_who_speaks_something_else_is_a_protocol_error(stub):
    os.mkdir(stub.places.runtime_dir, 0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(stub.places.socket)
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        answering = threading.Thread(target=answer)
        answering.start()
        with pytest.raises(ProtocolError, match="HTTP"):
            connect(stub)
        answering.join()


def test_the_daemon_does_not_inherit_what_marks_its_starter():
    environ = {"PATH": "/bin", "NEXSOCK_INSTANCE": "abc", "NOTIFY_SOCKET": "/x", "NEXSOCK_HOME": "/h"}
    assert starter._environment(environ) == {"PATH": "/bin", "NEXSOCK_HOME": "/h"}


def test_the_daemon_takes_no_modules_from_the_folder_it_is_started_in():
    assert starter.brain_argv()[1:] == ["-P", "-m", "nexsock.nexsockd", "--brain"]


def test_who_starts_a_daemon_does_not_wait_for_libraries():
    script = (
        "import sys; before = set(sys.modules); from nexsock.client import starter;"
        "print(*(set(sys.modules) - before) & {'enum', 'signal', 'socket', 'typing', 'contextlib', 're', 'subprocess'})"
    )
    environ = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(nexsock.__file__))}
    ended = subprocess.run([sys.executable, "-Sc", script], env=environ, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout.strip()) == (0, "")
