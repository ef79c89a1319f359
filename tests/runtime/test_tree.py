import asyncio
import os
import signal
import sys

import pytest

from nexsock.runtime import identity, tree
from nexsock.runtime.identity import Identity

ESCAPE = """
import os, sys, time
def report():
    with open(sys.argv[1], "a") as pids:
        pids.write(f"{os.getpid()}\\n")
def sleep():
    report()
    time.sleep(60)
def leave():
    parent = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == parent:
        time.sleep(0.001)
def clear():
    os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"], {})
kinds = {
    "child": sleep,
    "group": lambda: (os.setpgid(0, 0), sleep()),
    "session": lambda: (os.setsid(), sleep()),
    "orphan": lambda: (os.setsid(), leave(), sleep()),
    "cleared": lambda: (os.setsid(), leave(), report(), clear()),
    "cleared and closed": lambda: (os.setsid(), leave(), report(), os.closerange(0, 9), clear()),
}
for kind in sys.argv[2:]:
    if not os.fork():
        kinds[kind]()
sleep()
"""
"""Each tells its pid when it has gone its way, an orphan when its parent is gone."""


def pids_in(path):
    return sorted(int(line) for line in path.read_text().split()) if path.exists() else []


@pytest.fixture
async def family(world):
    """A run with children of every kind of escape, all started; ended whatever the test does."""
    kinds = ("child", "group", "session", "orphan", "cleared", "cleared and closed")
    report = world.home / "pids"
    launch = world.python(ESCAPE, str(report), *kinds)
    started = await world.hands.spawn(launch)
    await world.until(lambda: len(pids_in(report)) == len(kinds) + 1, "every child is there")
    fifos = {launch.files.stdout_fifo, launch.files.stderr_fifo}
    leader = Identity(started.pid, started.start_ticks, started.boot_id, launch.instance)
    yield leader, fifos, pids_in(report)
    await tree.wait_gone(tree.kill_all(tree.members(leader, fifos)), 5)
    await world.ended(launch.instance)


async def test_escapees_by_group_session_double_fork_cleared_environment_and_closed_output_are_found(family):
    leader, fifos, pids = family
    assert [one.pid for one in tree.members(leader, fifos)] == pids


async def test_they_are_found_without_their_leader_too(family, world):
    leader, fifos, pids = family
    os.kill(leader.pid, signal.SIGKILL)
    await world.ended(leader.instance)
    assert [one.pid for one in tree.members(leader, fifos)] == [pid for pid in pids if pid != leader.pid]


async def test_all_of_them_can_be_ended(family):
    leader, fifos, _ = family
    found = tree.members(leader, fifos)
    assert set(tree.kill_all(found)) <= set(found)
    assert await tree.wait_gone(found, 5) == []
    assert tree.members(leader, fifos) == []


RESTLESS = """
import os, sys, time
end = time.monotonic() + 120
os.setsid() if os.fork() == 0 else sys.exit()
life = os.open(sys.argv[1], os.O_WRONLY)
while time.monotonic() < end:
    os.fork() and os._exit(0)
"""
"""Its FIFO comes to its end when nobody is left of it."""


async def test_one_that_forks_and_ends_all_the_time_is_ended(world):
    fifo = world.home / "life"
    os.mkfifo(fifo)
    life = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    launch = world.python(RESTLESS, str(fifo))
    started = await world.hands.spawn(launch)
    await world.ended(launch.instance)
    leader = Identity(started.pid, started.start_ticks, started.boot_id, launch.instance)
    await world.until(lambda: lives(life), "it forks")

    def is_ended():
        table = tree.Table()
        found = table.members(leader)
        tree.kill_all(found)
        return not found and table.settled

    await world.until(is_ended, "it is caught")
    assert not lives(life)
    os.close(life)


class Looks:
    """Ages of machines that the test makes up, one a look; the last stays. `begun`: processes begin all the time."""

    def __init__(self, *machines, begun=True):
        self.machines = [*machines]
        self.taken = 0
        self.begun = begun
        self.asked = 0

    def last_begun(self):
        self.asked += self.begun
        return self.asked

    def look(self):
        self.taken += 1
        return self.machines.pop(0) if len(self.machines) > 1 else self.machines[0]


def test_who_ends_under_our_eyes_may_have_forked_and_is_a_reason_to_look_again():
    ages = Looks({}, {999_999_999: None})
    table = tree.Table(0, ages)
    table.members(Identity(999_999_998, 1, identity.boot_id(), "nobody"))
    assert (table.settled, ages.taken) == (True, 3)


def test_strangers_who_begin_all_the_time_are_no_reason_to_look_again():
    ages = Looks({}, {os.getpid(): 1}, {os.getppid(): 1})
    table = tree.Table(0, ages)
    table.members(Identity(999_999_998, 1, identity.boot_id(), "nobody"))
    assert (table.settled, ages.taken) == (True, 2)


@pytest.mark.parametrize(
    ("machine", "begun", "looks"),
    [
        pytest.param({os.getpid(): 1}, False, 1, id="nothing has begun"),
        pytest.param({os.getpid(): 1}, True, 2, id="somebody has begun"),
        pytest.param({999_999_999: 1}, False, 2, id="somebody has ended before he was read"),
        pytest.param({999_999_999: None}, False, 2, id="somebody has ended before his age was known"),
    ],
)
def test_one_look_proves_that_nobody_is_left_where_nothing_moves(machine, begun, looks):
    ages = Looks(machine, begun=begun)
    table = tree.Table(0, ages)
    assert table.members(Identity(999_999_998, 1, identity.boot_id(), "nobody")) == []
    assert (table.settled, ages.taken) == (True, looks)


def lives(fifo):
    """Whether somebody has the FIFO open for writing."""
    try:
        return os.read(fifo, 1) != b""
    except BlockingIOError:
        return True


async def test_a_group_signal_reaches_a_stopped_member(world):
    launch = world.launch("sh", "-c", "sleep 60 & wait")
    started = await world.hands.spawn(launch)
    leader = Identity(started.pid, started.start_ticks, started.boot_id, launch.instance)
    await world.until(lambda: len(tree.members(leader)) == 2, "the child is there")
    found = tree.members(leader)
    assert tree.signal_group(leader, signal.SIGSTOP)
    assert tree.signal_group(leader, signal.SIGTERM)
    assert await tree.wait_gone(found, 5) == []
    assert (await world.ended(launch.instance)).status == -signal.SIGTERM


async def test_a_wait_that_is_too_short_names_who_lives(world):
    launch = world.launch("sleep", "60")
    started = await world.hands.spawn(launch)
    one = Identity(started.pid, started.start_ticks, started.boot_id, launch.instance)
    assert await tree.wait_gone([one], 0.01) == [one]
    await world.end(launch.instance)


@pytest.fixture
async def bystander():
    """A process that is not of any run."""
    process = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
    yield identity.identify(process.pid)
    assert process.returncode is None
    process.kill()
    await process.wait()


@pytest.mark.parametrize(
    "lie",
    [
        lambda one: Identity(one.pid, one.start_ticks - 1, one.boot_id, "x"),
        lambda one: Identity(one.pid, one.start_ticks, "another boot", "x"),
        lambda one: Identity(one.pid, 0, one.boot_id, "x"),
    ],
    ids=["recycled pid", "other boot", "no start time"],
)
async def test_a_stranger_behind_a_remembered_pid_is_never_signalled(bystander, lie):
    false = lie(bystander)
    assert not tree.signal_group(false, signal.SIGKILL)
    assert tree.kill_all([false]) == []
    assert tree.members(false) == []


@pytest.mark.parametrize("pid", [1, 0, -1, -2, os.getpid()], ids=["init", "0", "-1", "-2", "ourselves"])
async def test_no_signal_goes_to_everybody_to_init_or_to_ourselves(pid):
    ticks = identity.start_ticks(pid) if pid > 0 else 1
    meant = Identity(pid, ticks, identity.boot_id(), "x")
    assert not tree.signal_group(meant, signal.SIGTERM)
    assert tree.kill_all([meant]) == []


async def test_a_process_that_leads_no_group_is_not_signalled_as_one():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(60)")
    assert not tree.signal_group(identity.identify(process.pid), signal.SIGTERM)
    process.kill()
    await process.wait()


async def test_the_main_process_of_each_run_is_found(family):
    leader, _, _ = family
    assert tree.main_processes()[leader.instance] == leader
