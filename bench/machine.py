"""What /proc tells about processes: who they are, what they hold in memory, how much they ran.

A process that ends while it is looked at counts as one that is not there.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "NXB_RUN"
"""Everything that a trial starts carries this variable, with the trial's own value; clean-up ends exactly those."""

_CLEAN_UP_ROUNDS = 20


def now() -> float:
    """Monotonic seconds: the clock of the kernel's process events, too."""
    return time.monotonic()


def wait_for(found: Callable[[], object], limit_s: float, step_s: float = 0.005) -> bool:
    """Ask until the answer is true; False when the time is over."""
    end = now() + limit_s
    while now() < end:
        if found():
            return True
        time.sleep(step_s)
    return bool(found())


def pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def command_line(pid: int) -> list[bytes]:
    """Its arguments; none for a kernel thread or a process that is gone."""
    return _read(pid, "cmdline").split(b"\0")[:-1]


def alive(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    stat = _read(pid, "stat")
    return bool(stat) and stat.rpartition(b")")[2].split()[0] not in b"ZX"


def marked(run_id: str) -> list[int]:
    """The processes that carry the mark of a trial, however often they changed parents."""
    wanted = f"{MARK}={run_id}".encode()
    own = os.getpid()
    return [pid for pid in pids() if pid != own and wanted in _read(pid, "environ").split(b"\0")]


def end_marked(run_id: str) -> None:
    """SIGKILL for every process of a trial, again until none is left."""
    for _ in range(_CLEAN_UP_ROUNDS):
        found = [pid for pid in marked(run_id) if alive(pid)]
        if not found:
            return
        for pid in found:
            send(pid, signal.SIGKILL)
        time.sleep(0.05)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that is gone needs none."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


@dataclass(frozen=True)
class Memory:
    """Of several processes together, in MiB. In `pss` a page that n processes share counts 1/n for each."""

    rss: float
    pss: float
    processes: int


def memory(of: Iterable[int]) -> Memory:
    texts = [text for pid in of if (text := _read(pid, "smaps_rollup"))]
    return Memory(
        rss=sum(_kib(text, b"Rss:") for text in texts) / 1024,
        pss=sum(_kib(text, b"Pss:") for text in texts) / 1024,
        processes=len(texts),
    )


def _kib(text: bytes, label: bytes) -> int:
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(label)), 0)


@dataclass(frozen=True)
class Work:
    """What threads have done since they began: nanoseconds on a processor, and how often they were woken."""

    cpu_ns: int
    switches: int
    threads: frozenset[tuple[int, int]]


def work(of: Iterable[int]) -> Work:
    cpu_ns = switches = 0
    threads = set()
    for pid in of:
        for thread in _threads(pid):
            schedule = _read(pid, f"task/{thread}/schedstat").split()
            status = _read(pid, f"task/{thread}/status")
            if not schedule or not status:
                continue
            threads.add((pid, thread))
            cpu_ns += int(schedule[0])
            switches += sum(int(line.split()[1]) for line in status.splitlines() if b"ctxt_switches" in line)
    return Work(cpu_ns, switches, frozenset(threads))


@dataclass(frozen=True)
class Idling:
    """What a manager does while nothing happens. `settled` False: threads came or went, the figures are not whole."""

    cpu_percent: float
    wakeups_per_s: float
    settled: bool


def idling(of: Iterable[int], seconds: float) -> Idling:
    observed = list(of)
    before, began = work(observed), now()
    time.sleep(seconds)
    after, took_s = work(observed), now() - began
    return Idling(
        cpu_percent=(after.cpu_ns - before.cpu_ns) / 1e7 / took_s,
        wakeups_per_s=(after.switches - before.switches) / took_s,
        settled=before.threads == after.threads,
    )


def _threads(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
