import os
import resource
import subprocess
import sys

import pytest

from nexsock.keeper import mark

SLEEP = ("sleep", "60")


@pytest.fixture
def started():
    """`started(*argv)`: the pid of a process that ends with the test."""
    processes = []

    def start(*argv):
        processes.append(subprocess.Popen(argv, stdout=subprocess.PIPE))
        return processes[-1].pid

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def marked():
    before = mark.put(mark.of_run("a run"))
    yield mark.of_run("a run")
    mark.put(before)


def test_a_process_carries_the_mark_that_was_put_on_its_parent(marked, started):
    assert mark.of_process(started(*SLEEP)) == marked


def test_a_process_without_one_has_none(started):
    assert mark.of_process(started(*SLEEP)) is None


def test_what_was_put_is_taken_back(marked, started):
    mark.put(mark.put(mark.of_run("another")))
    assert mark.of_process(started(*SLEEP)) == marked


def test_who_lives_no_more_is_said_to_be_gone():
    with subprocess.Popen("true") as process:
        process.wait()
        with pytest.raises(ProcessLookupError):
            mark.of_process(process.pid)


@pytest.mark.parametrize("instance", ["", "a", "b", "a" * 1000, "\udcff"])
def test_every_run_has_a_number_of_its_own_that_limits_nobody(instance):
    others = {mark.of_run(other) for other in ("c", "d", instance + "-")}
    assert mark.of_run(instance) not in others
    assert 1 << 62 <= mark.of_run(instance) < 1 << 63


def test_where_there_is_a_hard_limit_nothing_is_marked_and_nothing_fails():
    code = f"""
import os, resource
from nexsock.keeper import mark
resource.setrlimit({resource.RLIMIT_RTTIME}, (1000, 1000))
print(mark.put(mark.of_run("a run")), mark.of_process(os.getpid()))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["1000", "None"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_a_process_of_another_user_can_be_seen(marked, started):
    pid = started(*SLEEP)
    code = f"""
import os
from nexsock.keeper import mark
os.setresgid(65534, 65534, 65534), os.setresuid(65534, 65534, 65534)
print(mark.of_process({pid}), mark.of_process(1))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(marked), "None"]
