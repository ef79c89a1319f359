import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from nexsock.keeper import linux
from nexsock.runtime import identity, tree
from nexsock.runtime.identity import Identity

MARKS = {"NEXSOCK_INSTANCE": "test-identity.1", "NEXSOCK_PROJECT": "test-identity", "NEXSOCK_SERVICE": "web"}


@pytest.fixture
async def sleeper():
    """A marked process, executing already."""
    process = await asyncio.create_subprocess_exec("sleep", "60", env={**MARKS, "PATH": os.environ["PATH"]})
    while not identity.read_environ(process.pid):
        await asyncio.sleep(0.001)
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_the_marks_of_a_process_are_read_and_nothing_else(sleeper):
    assert identity.read_environ(sleeper.pid) == MARKS


async def test_a_live_process_is_the_same(sleeper):
    assert identity.same(identity.identify(sleeper.pid)) == "same"


def test_an_ended_process_is_gone_also_before_it_is_collected():
    process = subprocess.Popen(["sleep", "60"])
    found = identity.identify(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert identity.same(found) == "gone"
    process.wait()
    assert identity.same(found) == "gone"


HEADLESS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_lives_on_when_only_its_first_thread_has_ended():
    process = subprocess.Popen([sys.executable, "-c", HEADLESS], env={**os.environ, **MARKS})
    try:
        while linux.stat_fields(process.pid)[0] != "Z":
            time.sleep(0.001)
        found = identity.identify(process.pid)
        assert identity.same(found) == "same"
        assert found in tree.members(found)
    finally:
        process.kill()
        process.wait()
    assert identity.same(found) == "gone"


async def test_neither_what_runs_nor_a_zombie_nor_a_thread_of_the_kernel_is_just_being_executed(sleeper):
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    executing = identity.executing()
    zombie.wait()
    threads = {int(child) for child in _children_of(2)}
    assert not {sleeper.pid, zombie.pid, os.getpid(), *threads} & set(executing)


def _children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return file.read().split()
    except FileNotFoundError:  # a container does not show the kernel's
        return []


async def test_another_start_time_is_a_recycled_pid(sleeper):
    found = identity.identify(sleeper.pid)
    assert identity.same(replace(found, start_ticks=found.start_ticks - 1)) == "recycled"


async def test_everything_of_another_boot_is_gone(sleeper):
    assert identity.same(replace(identity.identify(sleeper.pid), boot_id="another")) == "gone"


@pytest.mark.parametrize("pid", [1, 0, -1])
def test_a_pid_that_no_run_can_have_is_unverifiable(pid):
    assert identity.same(Identity(pid, 5, identity.boot_id())) == "unverifiable"


async def test_a_record_without_start_time_is_unverifiable(sleeper):
    assert identity.same(Identity(sleeper.pid, 0, identity.boot_id())) == "unverifiable"


async def test_a_scan_finds_the_marked_processes_of_one_project(sleeper):
    assert identity.scan("test-identity") == [identity.identify(sleeper.pid)]
    assert identity.scan("another") == []
    assert identity.identify(sleeper.pid) in identity.scan()


def test_a_process_that_is_not_there_is_an_error():
    with pytest.raises(ProcessLookupError):
        identity.read_environ(2**22 + 1)
