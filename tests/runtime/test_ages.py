import os
import subprocess

import pytest

from nexsock.keeper import linux
from nexsock.runtime.ages import Ages

LAST_PID = "/proc/sys/kernel/ns_last_pid"
"""Where the kernel may be told which pid comes next (proc(5)); root's alone."""


def sleeper():
    return subprocess.Popen(["sleep", "60"])


def end(process):
    process.kill()
    process.wait()


def test_every_look_has_who_lives_with_the_time_of_its_start():
    ages = Ages()
    child = sleeper()
    try:
        first, second = ages.look(), ages.look()
        began = linux.start_ticks(child.pid)
        assert (first[child.pid], second[child.pid], second[os.getpid()]) == (
            began, began, linux.start_ticks(os.getpid()),
        )  # fmt: skip
    finally:
        end(child)


def test_who_has_come_or_gone_since_the_last_look_is_in_it_or_not():
    ages = Ages()
    gone = sleeper()
    ages.look()
    end(gone)
    come = sleeper()
    try:
        found = ages.look()
        assert (come.pid in found, gone.pid in found) == (True, False)
    finally:
        end(come)


@pytest.mark.skipif(not os.access(LAST_PID, os.W_OK), reason="only root may choose the next pid")
def test_a_pid_that_comes_again_is_not_taken_for_who_had_it_before():
    ages = Ages()
    for _ in range(100):  # others fork, too, and may get the pid
        first = sleeper()
        before = ages.look()[first.pid]
        end(first)
        with open(LAST_PID, "w") as last:
            last.write(str(first.pid - 1))
        second = sleeper()
        try:
            if second.pid == first.pid and (began := linux.start_ticks(second.pid)) != before:
                assert ages.look()[second.pid] == began
                return
        finally:
            end(second)
    pytest.skip("the pid went to others every time, or came within a tick")
