"""The real `ssh` is not asked: a small program of its name stands on the PATH."""

import sys

import pytest

from nexsock.client import ssh
from nexsock.errors import NotRunning, ProtocolError, Unreachable, UsageError


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("ssh://box", ("box", "", "nexsock")),
        ("ssh://box/", ("box", "", "nexsock")),
        ("ssh://ann@box.example:2222", ("ann@box.example", "2222", "nexsock")),
        ("ssh://ann@[fe80::1]:22", ("ann@fe80::1", "22", "nexsock")),
        ("ssh://box/opt/nexsock/bin/nexsock", ("box", "", "/opt/nexsock/bin/nexsock")),
    ],
)
def test_an_address_names_a_machine_and_what_to_run_there(text, box):
    assert ssh.box(text) == box


@pytest.mark.parametrize(
    "text", ["ssh://", "ssh://-oProxyCommand=x", "ssh://-l@box", "ssh://a b", "ssh://box:port", "ssh://@box", "box"]
)
def test_what_is_no_address_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="write it like ssh://user@box"):
        ssh.box(text)


def test_the_command_over_there_is_one_word_for_ssh():
    command = ssh.argv(ssh.Box("ann@box", "2222", "/my tools/nexsock"), start=False)
    assert command[-5:] == ["-p", "2222", "--", "ann@box", "'/my tools/nexsock' daemon stdio --no-start"]


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """`stand_in(script)`: a program `ssh` of these lines of shell."""

    def make(script: str) -> None:
        program = tmp_path / "ssh"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return make


@pytest.mark.parametrize(
    ("script", "kind", "says"),
    [
        ("echo 'ann@box: Permission denied (publickey).' >&2; exit 255", Unreachable, "with ssh: ann@box: Permission"),
        ("echo 'sh: nexsock: not found' >&2; exit 127", Unreachable, "box has no program 'nexsock'"),
        ("echo 'error: nexsockd does not run; start it' >&2; exit 3", NotRunning, "box: nexsockd does not run"),
        ("echo 'error: nexsockd did not come up' >&2; exit 3", Unreachable, "box: nexsockd did not come up"),
        ("exit 0", Unreachable, "box: nexsockd did not answer"),
        ("echo Welcome to the machine, stranger", ProtocolError, "box answers, but not in nexsock's protocol"),
    ],
)
def test_who_failed_says_why(stand_in, script, kind, says):
    stand_in(script)
    with pytest.raises(kind) as caught:
        ssh.connect(ssh.Box("box"), start=True)
    assert type(caught.value) is kind
    assert says in str(caught.value)


def test_without_ssh_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreachable, match="this machine has no program ssh"):
        ssh.connect(ssh.Box("box"), start=True)


def test_ctrl_c_does_not_end_what_carries_the_conversation(stand_in, tmp_path):
    python = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    stand_in(f"{sys.executable} -c '{python}' > {tmp_path}/told; exit 255")
    with pytest.raises(Unreachable):
        ssh.connect(ssh.Box("box"), start=True)
    assert (tmp_path / "told").read_text() == "True\n"
