"""Many questions share one look, and the end of a process is heard, not looked for."""

import asyncio
import os
import signal
import socket
import subprocess

import pytest

from nexsock.engines.sweep import Sweep
from nexsock.runtime import identity


@pytest.fixture
def sleeper():
    """A process that ends when told to, with the mark of run i1."""
    process = subprocess.Popen(["sleep", "60"], env={**os.environ, identity.INSTANCE: "i1"}, start_new_session=True)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def leader(sleeper):
    return identity.Identity(sleeper.pid, identity.start_ticks(sleeper.pid), identity.boot_id(), "i1")


async def test_everyone_who_asks_at_once_is_answered(leader):
    sweep = Sweep()
    nobody = identity.Identity(1, 1, "another boot", "i2")
    answers = await asyncio.gather(sweep.members(leader, ()), sweep.members(nobody, ()), sweep.members(leader, ()))
    assert [[found.pid for found in members] for members in answers] == [[leader.pid], [], [leader.pid]]


async def test_a_question_that_is_given_up_leaves_the_others_their_answer(leader):
    sweep = Sweep()
    first = asyncio.create_task(sweep.members(leader, ()))
    second = asyncio.create_task(sweep.members(leader, ()))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    assert [found.pid for found in await second] == [leader.pid]


async def test_a_look_of_its_own_needs_no_waiting(leader):
    assert [found.pid for found in Sweep().now(leader, ())] == [leader.pid]


async def test_the_end_of_the_first_is_heard(leader, sleeper):
    sweep = Sweep()
    async with asyncio.timeout(60):
        waiting = asyncio.create_task(sweep.ended([leader]))
        await asyncio.sleep(0)
        sweep.signal([leader], signal.SIGKILL)
        await waiting
    assert sleeper.wait() == -signal.SIGKILL


async def test_what_has_ended_already_is_not_waited_for(leader, sleeper):
    sleeper.kill()
    sleeper.wait()
    async with asyncio.timeout(60):
        assert await Sweep().ended([leader]) is None


async def test_a_stranger_who_got_the_number_of_a_process_is_not_signalled(leader, sleeper):
    stranger = identity.Identity(leader.pid, leader.start_ticks + 1, leader.boot_id, "i1")
    Sweep().signal([stranger], signal.SIGKILL)
    assert sleeper.poll() is None


async def test_the_listening_ports_are_looked_up_anew_in_the_next_turn():
    sweep = Sweep()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        first = sweep.listening()
        assert sweep.listening() is first
        assert port in first
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert port not in sweep.listening()
