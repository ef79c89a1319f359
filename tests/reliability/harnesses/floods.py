"""Services that write as fast as they can, endless lines and no text at all: nothing is lost, and memory stays flat."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nexsock.keeper import wire
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import NEXSOCK, wait_until
from tests.roads.road import Road

QUICK_MB, FULL_MB = 200, 8_000
LINE_BYTES = 100 << 20
BLOCK = 1 << 16
MOST_GROWTH_MB = 20
LIMIT_S = 600.0
FLOOD = """
import os, sys
filler = os.urandom((1 << 16) - 16)
for number in range(int(sys.argv[1])):
    os.write(1, b"%016d" % number + filler)
open("flooded", "w").close()
"""
"""Numbered blocks of bytes that are no text."""
LINE = """
import os, sys
for _ in range(int(sys.argv[1]) >> 20):
    os.write(1, b"x" * (1 << 20))
"""
"""One line that never ends."""
READLINE = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line)"
"""Moves output line by line, as one would at first."""


def measure(seed: int, full: bool) -> Measured:
    del seed
    blocks = (FULL_MB if full else QUICK_MB) * 10**6 // BLOCK
    sizes = {"flood": blocks * BLOCK, "line": LINE_BYTES}
    with scene.project(_services(flood=f"flood.py, '{blocks}'", line=f"line.py, '{LINE_BYTES}'")) as road:
        (road.folder / "flood.py").write_text(FLOOD)
        (road.folder / "line.py").write_text(LINE)
        road.up("idle")
        growth = dict.fromkeys(road.home.daemons(), 0)
        before = {pid: _memory_kb(pid) for pid in growth}
        road.done("start", *sizes)

        def all_is_there() -> bool:
            for pid, kb in before.items():
                growth[pid] = max(growth[pid], _memory_kb(pid) - kb)
            return all(_written(road, name) >= size for name, size in sizes.items())

        with _deaf_follower(road):
            wait_until(all_is_there, "all that was written is in the logs", LIMIT_S)
        surplus = sum(_written(road, name) - size for name, size in sizes.items())
        torn = _torn(road)
    most_mb, gigabytes = max(growth.values()) / 1000, sum(sizes.values()) / 1e9
    return Measured(
        kept=surplus == torn == 0 and most_mb < MOST_GROWTH_MB,
        text=f"{surplus} bytes too many, {torn} blocks torn, {most_mb:.0f} MB more memory for {gigabytes:.1f} GB",
        figures={"gigabytes": gigabytes, "surplus": surplus, "torn": torn, "growth_mb": most_mb},
    )


def _services(**programs: str) -> str:
    lines = [
        f"  {name}: {{command: [{sys.executable}, -IS, {rest}], restart: 'no'}}" for name, rest in programs.items()
    ]
    return "\n".join(["services:", "  idle: {command: exec sleep 1000}", *lines, ""])


@contextmanager
def _deaf_follower(road: Road) -> Iterator[None]:
    """A client that follows the logs and never reads what it is told."""
    argv = [str(NEXSOCK), "logs", "-f"]
    with subprocess.Popen(argv, cwd=road.folder, env=road.home.environ, stdout=subprocess.PIPE) as follower:
        try:
            yield
        finally:
            follower.kill()


def _memory_kb(pid: int) -> int:
    """What a process holds itself, without the files that it has mapped."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def _written(road: Road, name: str) -> int:
    """The bytes that have ever reached a log: what rotation has dropped stands at the beginning of the index."""
    log = road.state / "logs" / f"{name}.log"
    try:
        with log.with_suffix(".idx").open("rb") as index:
            first = index.read(wire.INDEX_RECORD.size)
        size = log.stat().st_size
    except FileNotFoundError:  # it is being rotated, or has not begun
        return 0
    return wire.INDEX_RECORD.unpack(first)[0] + size if len(first) == wire.INDEX_RECORD.size else 0


def _torn(road: Road) -> int:
    """How many of the kept blocks of `flood` are not what follows the one before."""
    folder, kept = road.state / "logs", b""
    for number in (4, 3, 2, 1):
        path = folder / f"flood.log.{number}"
        kept += path.read_bytes() if path.exists() else b""
    kept += (folder / "flood.log").read_bytes()
    first = _written(road, "flood") - len(kept)
    begin = -first % BLOCK
    numbers = [int(kept[at : at + 16]) for at in range(begin, len(kept) - BLOCK + 1, BLOCK)]
    expected = (first + begin) // BLOCK
    return sum(number != expected + place for place, number in enumerate(numbers))


def broken(seed: int) -> Measured:
    """A pump that reads lines."""
    del seed
    argv = [sys.executable, "-IS", "-c"]
    with (
        subprocess.Popen([*argv, LINE, str(LINE_BYTES)], stdout=subprocess.PIPE) as writer,
        subprocess.Popen([*argv, READLINE], stdin=writer.stdout, stdout=subprocess.DEVNULL) as pump,
    ):
        most_kb = 0
        while pump.poll() is None and most_kb < MOST_GROWTH_MB * 2000:
            try:
                most_kb = max(most_kb, _memory_kb(pump.pid))
            except (OSError, StopIteration):  # it has just ended
                break
        pump.kill()
        writer.kill()
    return Measured(kept=most_kb / 1000 < MOST_GROWTH_MB, text=f"{most_kb / 1000:.0f} MB more memory for one line")


HARNESS = Harness(
    name="floods",
    target=f"0 bytes lost, memory grows by less than {MOST_GROWTH_MB} MB",
    measure=measure,
    broken=broken,
)
