"""A socket, and processes of all sorts that write to it."""

import array
import asyncio
import os
import socket
import subprocess
import sys
import time

import pytest

from nexsock import errors
from nexsock.lifecycle.notify import Word
from nexsock.runtime import notify

SENDER = """
import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    for word in sys.argv[2:]:
        s.sendto(word.encode(), sys.argv[1])
sys.stdin.read()
"""
"""`SENDER PATH WORD…` says the words and stays until its input ends."""


@pytest.fixture
def path(nexsock_home):
    return str(nexsock_home / "told")


@pytest.fixture
def bound(path):
    with notify.bind(path) as made:
        yield made


@pytest.fixture
def say(path):
    """Start a process that says words; marked as of run i1, or with another environment."""
    begun = []

    def start(*words, env=None):
        env = {"NEXSOCK_INSTANCE": "i1"} if env is None else env
        argv = [sys.executable, "-S", "-c", SENDER, path, *words]
        begun.append(subprocess.Popen(argv, stdin=subprocess.PIPE, env={**os.environ, **env}))
        return begun[-1]

    yield start
    for one in begun:
        one.communicate()


async def heard(box, count):
    """So many words, in their order."""
    words = []
    async with asyncio.timeout(60):
        while len(words) < count:
            words += await box.words(None)
    return words


async def test_words_of_the_run_are_heard_in_order(bound, say):
    say("STATUS=a", "READY=1", "STATUS=b")
    box = notify.Mailbox(bound, "i1", lambda: ())
    assert await heard(box, 3) == [Word(status="a"), Word(ready=True), Word(status="b")]


async def test_a_process_without_the_mark_is_heard_if_it_is_a_member(bound, say):
    member = say("READY=1", env={"NEXSOCK_INSTANCE": "other"})
    assert await heard(notify.Mailbox(bound, "i1", lambda: (member.pid,)), 1) == [Word(ready=True)]


async def test_a_stranger_and_garbage_are_not_heard(bound, say, caplog):
    box = notify.Mailbox(bound, "i1", lambda: ())
    stranger = say("READY=1", "READY=1", env={"NEXSOCK_INSTANCE": "other"})
    while not caplog.records:
        assert await box.words(time.monotonic() + 0.05) == []
    assert f"from process {stranger.pid}, which is not of it" in caplog.text
    say("\x01", "READY", "STATUS=heard")
    assert await heard(box, 1) == [Word(status="heard")]
    assert len(caplog.records) == 1


async def test_a_process_that_has_ended_since_is_heard(bound, say):
    sender = say("READY=1")
    sender.communicate()
    assert await heard(notify.Mailbox(bound, "i1", lambda: ()), 1) == [Word(ready=True)]


async def test_silence_ends_at_its_time_and_a_word_that_waits_is_heard_even_later(bound, say):
    box = notify.Mailbox(bound, "i1", lambda: ())
    assert await box.words(time.monotonic() + 0.01) == []
    say("READY=1").communicate()
    assert await box.words(time.monotonic() - 100) == [Word(ready=True)]


async def test_what_is_said_while_nobody_listens_waits(bound, say):
    say("STATUS=1", "STATUS=2").communicate()
    assert await heard(notify.Mailbox(bound, "i1", lambda: ()), 2) == [Word(status="1"), Word(status="2")]


async def test_descriptors_that_come_with_a_word_are_closed(bound, path):
    reading, writing = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(path)
        sent = array.array("i", [writing] * 100)
        sender.sendmsg([b"BARRIER=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent)])
    os.close(writing)
    assert await notify.Mailbox(bound, "i1", lambda: ()).words(time.monotonic()) == []
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_the_socket_is_private_and_replaces_what_was_there(path):
    with notify.bind(path), notify.bind(path):
        assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_path_that_no_program_could_use_is_an_error_with_what_to_do(tmp_path):
    with pytest.raises(errors.LaunchError, match="a socket's path has 107 at most; set XDG_RUNTIME_DIR"):
        notify.bind(str(tmp_path / ("x" * 200)))
