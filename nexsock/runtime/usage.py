"""What the processes of runs use: processor time, memory, threads, descriptors, listening ports. Looks at /proc.

Source: proc(5): /proc/PID/stat (14 utime, 15 stime, 20 threads, 24 rss), smaps_rollup (Pss), fd.
"""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal, NamedTuple

from nexsock.keeper import linux
from nexsock.runtime import identity, ports, tree

PSS_PROCESSES = 64
"""Up to so many processes the proportional share is asked for: the kernel walks all memory of a process for it, about
a millisecond each (50 MiB)."""
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)

MemoryKind = Literal["pss", "rss"]


class Leader(NamedTuple):
    """How the processes of a run are found (runtime.tree)."""

    main: identity.Identity
    fifos: tuple[str, ...]


class Tree(NamedTuple):
    """What the processes of one run use together; `cpu_s` is by process, because processes come and go."""

    cpu_s: dict[tuple[int, int], float]
    memory_bytes: int
    threads: int
    descriptors: int
    ports: tuple[int, ...]


class Look(NamedTuple):
    """All runs at one moment."""

    memory: MemoryKind
    trees: dict[str, Tree]


def look(leaders: Mapping[str, Leader]) -> Look:
    """What each run uses now. Costs a pass over /proc and some files for each process: not for the event loop."""
    table = tree.Table(min((leader.main.start_ticks for leader in leaders.values()), default=0))
    members = {name: table.members(leader.main, leader.fifos) for name, leader in leaders.items()}
    memory: MemoryKind = "pss" if sum(map(len, members.values())) <= PSS_PROCESSES else "rss"
    listening = {f"socket:[{inode}]": port for port, inodes in ports.listening().items() for inode in inodes}
    return Look(memory, {name: _tree(found, memory, listening) for name, found in members.items()})


def queued_s(pid: int) -> float:
    """How long the main thread of a process has been ready to run in all its life and had no processor; 0.0 where that
    cannot be known. Source: Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat, field 2."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def cpu_percent(before: Tree | None, now: Tree, elapsed_s: float) -> float:
    """How much of one processor was used between two looks; 250.0 is two and a half."""
    if before is None or elapsed_s <= 0:
        return 0.0
    used_s = sum(cpu_s - before.cpu_s.get(process, 0.0) for process, cpu_s in now.cpu_s.items())
    return round(max(used_s, 0.0) / elapsed_s * 100, 1)


def _tree(members: list[identity.Identity], memory: MemoryKind, listening: Mapping[str, int]) -> Tree:
    cpu_s: dict[tuple[int, int], float] = {}
    memory_bytes = threads = descriptors = 0
    held: set[int] = set()
    for member in members:
        try:
            fields = linux.stat_fields(member.pid)
        except OSError:
            continue
        cpu_s[member.pid, member.start_ticks] = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
        threads += int(fields[17])
        memory_bytes += _memory(member.pid, fields, memory)
        links = _links(member.pid)
        descriptors += len(links)
        held.update(listening[link] for link in links if link in listening)
    return Tree(cpu_s, memory_bytes, threads, descriptors, tuple(sorted(held)))


def _memory(pid: int, fields: list[str], kind: MemoryKind) -> int:
    """The memory of one process; what may not be read in proportion is its resident set."""
    if kind == "pss":
        with suppress(OSError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            if found := _PSS.search(file.read()):
                return int(found[1]) * 1024
    return int(fields[21]) * _PAGE_BYTES


def _links(pid: int) -> list[str]:
    """What its descriptors lead to, as far as we may know; one that is closed meanwhile counts all the same."""
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [_link(f"{folder}/{name}") for name in names]


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
