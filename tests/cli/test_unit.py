"""The unit of systemd, and a program that stands for systemctl."""

import os
import subprocess

import pytest

from nexsock import __version__, errors
from nexsock.cli import unit
from nexsock.model.status import DaemonStatus
from nexsock.protocol.api import Nothing


def test_a_unit_passes_on_where_the_daemon_keeps_its_things():
    text = unit.text(["/usr/bin/python3"], {"NEXSOCK_HOME": "/srv/n", "XDG_STATE_HOME": "", "SECRET": "x"})
    assert [line for line in text.splitlines() if line.startswith("Environment=")] == [
        'Environment="NEXSOCK_HOME=/srv/n"'
    ]


def test_what_systemd_would_expand_is_escaped():
    text = unit.text(['/my $tools/100%/py"thon'], {"NEXSOCK_HOME": "/a $b%"})
    assert 'ExecStart="/my $$tools/100%%/py\\"thon"\n' in text
    assert 'Environment="NEXSOCK_HOME=/a $b%%"\n' in text


def test_services_outlive_the_daemon_of_a_unit():
    assert "\nKillMode=process\n" in unit.text(unit.command(), {})


@pytest.fixture
def systemctl(shell, tmp_path):
    """`systemctl(script)`: a program of that name, whose words come after what was asked of it in the file "asked"."""

    def make(script: str = "") -> None:
        program = tmp_path / "bin" / "systemctl"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\n{script}\n')
        program.chmod(0o755)
        shell.environ["PATH"] = f"{program.parent}:/usr/bin:/bin"

    return make


def test_it_is_written_enabled_and_started(shell, tmp_path, systemctl):
    systemctl()
    shell.daemon.runs = False
    assert shell.run("daemon", "install").status == 0
    assert (tmp_path / ".config/systemd/user/nexsockd.service").read_text() == unit.text(unit.command(), shell.environ)
    assert (tmp_path / "asked").read_text() == "--user daemon-reload\n--user enable --now nexsockd.service\n"


def test_a_daemon_that_a_command_started_makes_way(shell, systemctl):
    systemctl()
    ended = subprocess.Popen(["true"])
    status = DaemonStatus(
        pid=1, keeper_pid=ended.pid, version=__version__, protocol=1, started_at=0.0, socket="/n.sock"
    )
    shell.answers(system_status=status, shutdown=Nothing())
    assert shell.run("daemon", "install").status == 0
    assert [operation for operation, _ in shell.daemon.asked] == ["system_status", "shutdown"]
    assert ended.wait() == 0


def test_what_systemd_says_is_told(shell, systemctl):
    systemctl("echo 'Failed to connect to bus: No medium found.' >&2; exit 1")
    ended = shell.run("daemon", "install")
    assert ended.status == errors.LaunchError.exit_status
    assert "'systemctl --user daemon-reload' failed: Failed to connect to bus: No medium found; " in ended.err


def test_without_systemd_it_says_what_to_do(shell, tmp_path):
    shell.environ["PATH"] = str(tmp_path)
    ended = shell.run("daemon", "install")
    assert ended == (
        2,
        "",
        "error: there is no systemd on this machine; have 'nexsock daemon start' run when you log in\n",
    )
    assert not os.path.exists(tmp_path / ".config")


def test_the_unit_can_be_looked_at_first(shell, tmp_path):
    assert shell.run("daemon", "install", "--print").out == unit.text(unit.command(), shell.environ)
    assert not os.path.exists(tmp_path / ".config")
