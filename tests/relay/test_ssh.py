"""Tunnels through ssh: how it is asked, and started again. A program of the test stands in its place."""

import os
import signal
import sys
from pathlib import Path

import pytest

from nexsock.model.tunnel import LOCAL
from nexsock.relay import ssh

PROGRAM = f"""#!{sys.executable} -IS
import os, socket, sys, threading

open(os.environ["CALLS"], "a").write(" ".join(sys.argv[1:]) + "\\n")
if os.path.exists(os.environ["CALLS"] + ".refuse"):
    sys.exit("ada@box: Permission denied (publickey).")
path, host, port = sys.argv[sys.argv.index("-L") + 1].split(":")
if os.path.exists(path):
    os.unlink(path)
door = socket.socket(socket.AF_UNIX)
door.bind(path)
door.listen(64)

def pump(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)

while True:
    near = door.accept()[0]
    far = socket.create_connection((host, int(port)))
    for pair in ((near, far), (far, near)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where the program writes how it was called; it is first on PATH."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o700)
    return tmp_path / "calls"


def environ(calls: Path) -> dict[str, str]:
    return {"PATH": f"{calls.parent}/bin:{os.environ['PATH']}", "CALLS": str(calls)}


def test_it_never_asks_and_takes_no_option_from_a_name():
    command = ssh.argv("-oProxyCommand=x", "./s", "db", 5432)
    assert command[-2:] == ["--", "-oProxyCommand=x"]
    assert command[command.index("-L") + 1] == "./s:db:5432"
    assert {"BatchMode=yes", "ExitOnForwardFailure=yes", "ControlMaster=no"} < set(command)


def test_an_address_of_version_6_is_written_in_brackets():
    assert "./s:[::1]:5432" in ssh.argv("box", "./s", "::1", 5432)


def test_it_is_tried_again_ever_more_seldom_until_it_has_held():
    assert [ssh.reconnect_delay(0.1, tries) for tries in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert ssh.reconnect_delay(ssh.STEADY_S, 7) == ssh.FIRST_DELAY_S


async def test_connections_go_through_it(world, port, target, say, calls):
    world.lead(port, (LOCAL, await target.begin()), ssh="ada@box", **environ(calls))
    assert await say(port, b"hello ") == b"hello goodbye"
    assert calls.read_text().endswith(f" -L ./ssh.{port}.sock:{LOCAL}:{target.port} -- ada@box\n")


async def test_one_that_ends_is_told_and_started_again(world, port, target, say, calls):
    refuse = calls.with_name("calls.refuse")
    refuse.touch()
    world.lead(port, (LOCAL, await target.begin()), ssh="ada@box", **environ(calls))
    await world.until(lambda: world.told, "it is told")
    assert world.told[0] == {"event": "ssh", "listen": port, "text": "ada@box: Permission denied (publickey)."}
    refuse.unlink()
    assert await say(port, b"hello ") == b"hello goodbye"


async def test_it_ends_with_its_tunnel_and_with_the_relay(world, port, target, say, calls):
    for kill in (False, True):
        world.lead(port, (LOCAL, await target.begin()), ssh="ada@box", **environ(calls))
        assert await say(port, b"hello ") == b"hello goodbye"
        (program,) = programs(calls)
        if kill:
            os.kill(world.relay.pid, signal.SIGKILL)
        else:
            world.relay.close(port)
        await world.until(lambda program=program: program not in programs(calls), "the program ends")
        await target.end()


def programs(calls: Path) -> list[int]:
    mark = os.fsencode(f"CALLS={calls}")
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if mark in environment(pid)]


def environment(pid: int) -> list[bytes]:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if state != "Z" else []
    except OSError:
        return []
