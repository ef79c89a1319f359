"""What real processes use, as the machine shows it."""

import os

import pytest

from nexsock.runtime import tree, usage
from nexsock.runtime.identity import Identity
from nexsock.runtime.usage import Leader, Tree

FAMILY = """
import os, socket, sys, threading, time
listener = socket.create_server(("127.0.0.1", 0))
if not os.fork():
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    held = bytearray(20_000_000)
    with open(sys.argv[1] + ".part", "w") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(60)
"""


@pytest.fixture
async def family(world):
    """A parent and a child; the child has a second thread and 20 MB of its own, both hold a listener."""
    report = world.home / "port"
    launch = world.python(FAMILY, str(report))
    started = await world.hands.spawn(launch)
    await world.until(report.exists, "the child is there")
    leader = Identity(started.pid, started.start_ticks, started.boot_id, launch.instance)
    fifos = (launch.files.stdout_fifo, launch.files.stderr_fifo)
    yield Leader(leader, fifos), int(report.read_text())
    await tree.wait_gone(tree.kill_all(tree.members(leader, fifos)), 5)
    await world.ended(launch.instance)


async def test_everything_that_a_service_started_counts(family):
    leader, port = family
    found = usage.look({"web": leader})
    web = found.trees["web"]
    assert (found.memory, len(web.cpu_s), web.threads, web.ports) == ("pss", 2, 3, (port,))
    assert 20_000_000 < web.memory_bytes < 200_000_000
    assert web.descriptors == sum(len(os.listdir(f"/proc/{pid}/fd")) for pid, _ in web.cpu_s)


async def test_what_does_not_run_uses_nothing():
    gone = Leader(Identity(2**22 + 1, 1, "no-boot", "no-instance"), ())
    assert usage.look({"web": gone}).trees == {"web": Tree({}, 0, 0, 0, ())}


def test_the_share_of_a_processor_is_that_between_two_looks():
    before = Tree({(1, 1): 10.0, (2, 1): 5.0}, 0, 0, 0, ())
    now = Tree({(1, 1): 10.5, (3, 9): 0.25}, 0, 0, 0, ())
    assert usage.cpu_percent(before, now, 0.5) == 150.0


def test_a_first_look_and_a_process_with_a_used_number_tell_no_share():
    now = Tree({(1, 7): 3.0}, 0, 0, 0, ())
    assert usage.cpu_percent(None, now, 1.0) == 0.0
    assert usage.cpu_percent(now, now, 0.0) == 0.0


def test_a_process_that_is_gone_has_stood_in_no_line():
    assert usage.queued_s(0) == 0.0


def test_who_runs_has_stood_in_line_for_some_time():
    assert usage.queued_s(os.getpid()) > 0.0
