"""What a run of tests leaves behind: found by a mark that all inherit which it starts, and ended.

A chain of processes, each of which forks the next and ends, is seldom there when it is looked at. So one sight of it is
enough: its group is stopped as a whole, and then looked at.
"""

import os
import signal
import time
from uuid import uuid4

from tests import processes

NAME = "NEXSOCK_TEST_RUN"
LOOKS = 8
"""So many in a row have to find nothing. One look, newest processes first, found a chain of Python's forks 177 times
of 200, and oldest first 33 times."""
PAUSE_S = 0.02
ENDING_LIMIT_S = 5.0
"""How long those may take that have been told to end already."""
LIMIT_S = 60.0
"""The same for a kill, before it is given up on."""


def mark_ourselves() -> str:
    """The mark of this process from now on, as it stands in an environment. Two runs at once have different ones."""
    os.environ[NAME] = uuid4().hex
    return f"{NAME}={os.environ[NAME]}"


def found(mark: str, limit_s: float = ENDING_LIMIT_S) -> dict[int, str]:
    """The command of each process with the mark that is still there when all had the time to end, by pid.

    Those in groups of their own are stopped; `end` is what comes next.
    """
    deadline = time.monotonic() + limit_s
    groups: set[int] = set()
    while seen := _seen(mark):
        groups |= {group for pid in seen if (group := _group(pid))}
        if time.monotonic() > deadline:
            break
    for group in groups:
        _signal_all(group, signal.SIGSTOP)
    return _seen(mark)


def end(mark: str) -> None:
    """Kill them, and what they have begun meanwhile. A group gets the signal before any of it can fork again."""
    deadline = time.monotonic() + LIMIT_S
    while seen := _seen(mark):
        for pid in seen:
            if group := _group(pid):
                _signal_all(group, signal.SIGKILL)
            else:
                processes.kill(pid)
        assert time.monotonic() < deadline, f"these processes do not end: {seen}"


def _seen(mark: str) -> dict[int, str]:
    """What the first look finds that finds something."""
    for number in range(LOOKS):
        if number:
            time.sleep(PAUSE_S)
        if seen := _look(mark):
            return seen
    return {}


def _look(mark: str) -> dict[int, str]:
    """Python's own tracker of resources lives as long as we do."""
    own = os.getpid()
    carrying = [pid for pid in reversed(processes.pids()) if pid != own and mark in processes.environment(pid)]
    commands = {pid: processes.command(pid) for pid in carrying}
    return {pid: command for pid, command in commands.items() if "multiprocessing.resource_tracker" not in command}


def _group(pid: int) -> int | None:
    """The group of a process, if there is one that is not ours: in ours there are others."""
    try:
        group = os.getpgid(pid)
    except ProcessLookupError:
        return None
    return group if group != os.getpgrp() else None


def _signal_all(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:  # it has ended meanwhile
        pass
