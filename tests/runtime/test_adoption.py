"""Either side dies at any moment: no run is lost or doubled, no byte of its output and no exit code is lost."""

import asyncio
import os
import random
import signal

from nexsock.runtime import identity
from nexsock.runtime.kept import Kept, launched

NUMBERS = """
import itertools, os, sys
for number in range(int(sys.argv[1])):
    os.write(1, b"%d\\n" % number)
"""


def numbered_lines(text: bytes) -> list[int]:
    return [int(line) for line in text.split()]


async def test_an_end_is_told_to_every_next_brain_until_it_is_acknowledged(world):
    launch = world.launch("sh", "-c", "exit 3")
    await world.run(launch)
    for _ in range(2):
        world.ends.clear()
        world.hands.let_go()
        await world.next_brain()
        assert (await world.ended(launch.instance)).status == 3
    await world.hands.acknowledge(launch.instance)
    world.ends.clear()
    world.hands.let_go()
    await world.next_brain()
    assert [kept.acknowledged for kept in world.kept] == [True]
    assert world.ends == {}


async def test_an_end_that_no_brain_saw_is_told_to_the_next(world):
    launch = world.launch("sh", "-c", "read line < gate; exit 5")
    os.mkfifo(world.home / "gate")
    await world.hands.spawn(launch)
    world.hands.let_go()
    (world.home / "gate").write_text("go\n")
    await world.next_brain()
    assert (await world.ended(launch.instance)).status == 5


async def test_a_next_brain_finds_what_runs_with_its_note(world):
    launch = world.launch("sleep", "60", note="what the last brain wrote")
    started = await world.hands.spawn(launch)
    world.hands.let_go()
    await world.next_brain()
    assert [(kept.pid, kept.note, kept.end) for kept in world.kept] == [(started.pid, launch.note, None)]
    await world.end(launch.instance)


async def test_a_spawn_repeated_by_the_next_brain_starts_nothing(world):
    launch = world.launch("sleep", "60")
    started = await world.hands.spawn(launch)
    world.hands.let_go()
    await world.next_brain()
    assert (await world.hands.spawn(launch)).pid == started.pid
    await world.end(launch.instance)


async def test_a_service_outlives_its_keeper_and_its_exit_code_stays_known(world):
    launch = world.launch("sh", "-c", "read line < gate; exit 7")
    os.mkfifo(world.home / "gate")
    started = await world.hands.spawn(launch)
    await world.kill_keeper()
    assert [kept.pid for kept in await world.hands.kept()] == [started.pid]
    (world.home / "gate").write_text("go\n")
    assert (await world.ended(launch.instance)).status == 7


async def test_an_end_between_two_keepers_is_known(world):
    launch = world.launch("sleep", "60")
    started = await world.hands.spawn(launch)
    os.kill(world.hands.keeper_pid, signal.SIGKILL)
    os.kill(started.pid, signal.SIGUSR1)
    assert (await world.ended(launch.instance)).status == -signal.SIGUSR1


async def test_what_was_written_between_two_keepers_is_kept(world):
    launch = world.launch("sh", "-c", "read line < gate; echo last words")
    os.mkfifo(world.home / "gate")
    await world.hands.spawn(launch)
    os.kill(world.hands.keeper_pid, signal.SIGKILL)
    (world.home / "gate").write_text("go\n")
    await world.ended(launch.instance)
    assert world.log(launch) == "last words\n"


async def test_an_acknowledged_end_is_not_told_by_the_next_keeper(world):
    launch = world.launch("true")
    await world.run(launch)
    await world.hands.acknowledge(launch.instance)
    await world.kill_keeper()
    assert [(kept.end.status, kept.acknowledged) for kept in await world.hands.kept()] == [(0, True)]
    assert len(world.ends[launch.instance]) == 1


async def test_a_signal_reaches_an_adopted_group(world):
    launch = world.launch("sh", "-c", "sleep 60 & wait")
    await world.hands.spawn(launch)
    await world.kill_keeper()
    assert await world.hands.signal(launch.instance, signal.SIGTERM)
    assert (await world.ended(launch.instance)).status == -signal.SIGTERM


async def test_starts_that_a_killed_keeper_did_not_answer_happen_once(world):
    launches = [world.launch("sleep", "60") for _ in range(40)]
    starting = [asyncio.ensure_future(world.hands.spawn(launch)) for launch in launches]
    await asyncio.wait(starting, return_when=asyncio.FIRST_COMPLETED)
    os.kill(world.hands.keeper_pid, signal.SIGKILL)
    started = await asyncio.gather(*starting)
    await world.until(lambda: not identity.executing(), "all are executed")
    running = identity.scan(world.project)
    assert sorted(one.pid for one in running) == sorted(one.pid for one in started)
    for launch in launches:
        await world.end(launch.instance)


async def test_a_keeper_that_does_not_answer_is_replaced(world):
    world.hands.let_go()
    world.silent_s = 0.1
    await world.next_brain()
    launch = world.launch("sleep", "60")
    started = await world.hands.spawn(launch)
    stopped = world.hands.keeper_pid
    os.kill(stopped, signal.SIGSTOP)
    other = world.launch("sleep", "60")
    await world.hands.spawn(other)
    assert world.hands.keeper_pid != stopped
    assert {one.instance: one.pid for one in await world.hands.kept()}[launch.instance] == started.pid
    for one in (launch, other):
        await world.end(one.instance)


async def test_no_line_is_lost_when_the_keeper_is_killed_under_load(world):
    lines, chance = 300_000, random.Random(1)
    launch = world.python(NUMBERS, str(lines), files=world.files("load", max_size=0))
    await world.hands.spawn(launch)
    kills = 0
    while launch.instance not in world.ends:
        await asyncio.sleep(chance.uniform(0.01, 0.1))
        await world.kill_keeper()
        kills += 1
    assert world.ends[launch.instance][0].status == 0
    await world.hands.flush(launch.instance)
    assert world.log(launch) == "".join(f"{number}\n" for number in range(lines))
    assert kills >= 2


async def test_a_run_of_which_both_sides_died_is_adopted_by_its_identity(world):
    launch = world.launch("sh", "-c", "echo before; read line < gate; echo after; exit 4")
    os.mkfifo(world.home / "gate")
    started = await world.hands.spawn(launch)
    await world.stop()
    world.reopen()
    await world.start()
    assert world.kept == []
    assert await world.hands.adopt(launched(launch, started))
    (world.home / "gate").write_text("go\n")
    assert (await world.ended(launch.instance)).status == 4
    assert world.log(launch) == "before\nafter\n"


async def test_a_recycled_pid_is_an_end_that_nobody_knows_and_is_left_alone(world):
    launch = world.launch("sleep", "60")
    started = await world.hands.spawn(launch)
    stranger = Kept(
        instance="other",
        project=launch.project,
        service="other",
        run=1,
        pid=started.pid,
        start_ticks=started.start_ticks - 1,
        files=world.files("other"),
    )
    assert not await world.hands.adopt(stranger)
    assert (await world.ended("other")).status is None
    assert not await world.hands.signal("other", signal.SIGKILL)
    await world.end(launch.instance)


async def test_stored_descriptors_outlive_the_keeper(world):
    ours, theirs = os.pipe()
    await world.hands.store("listener", theirs)
    await world.kill_keeper()
    copy = await world.hands.fetch("listener")
    os.write(copy, b"same")
    assert os.read(ours, 10) == b"same"
    for descriptor in (ours, theirs, copy):
        os.close(descriptor)
