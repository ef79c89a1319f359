"""The brain is killed when it has served for a while; the keeper starts the next one at once."""

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.processes import kill
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import wait_until

QUICK, FULL, BROKEN = 5, 50, 2
LIMIT_MS = 200
SLOW = """
import subprocess, time
while True:
    subprocess.run(["sleep", "1000"])
    time.sleep(0.5)
"""
"""Starts the next child a while after the last has ended."""


def measure(seed: int, full: bool) -> Measured:
    chance = random.Random(seed)
    with scene.project("services: {web: {command: exec sleep 1000}}") as road:
        road.up()
        (keeper,) = scene.keepers(road.home)
        took = []
        for _ in range(FULL if full else QUICK):
            wait_until(lambda: road.phase("web") == "running", "the brain serves")
            time.sleep(chance.uniform(0, 0.3))
            took.append(_until_the_next(keeper, lambda: scene.brains(road.home)))
    return _judged(took)


def _until_the_next(parent: int, children: Callable[[], list[int]]) -> float:
    """Kill the child; milliseconds until the parent has another one."""
    (killed,), before = children(), set(_children(parent))
    began = time.monotonic()
    kill(killed)
    wait_until(lambda: set(_children(parent)) - before, "there is another")
    return (time.monotonic() - began) * 1000


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _judged(took: list[float]) -> Measured:
    middle = statistics.median(took)
    return Measured(
        kept=middle < LIMIT_MS,
        text=f"{middle:.0f} ms, at most {max(took):.0f} ms, {len(took)} kills",
        figures={"median_ms": round(middle, 1), "most_ms": round(max(took), 1), "kills": len(took)},
    )


def broken(seed: int) -> Measured:
    """A manager that waits before it starts the next."""
    del seed
    with subprocess.Popen([sys.executable, "-IS", "-c", SLOW]) as manager:
        wait_until(lambda: _children(manager.pid), "it has a child")
        took = [_until_the_next(manager.pid, lambda: _children(manager.pid)) for _ in range(BROKEN)]
        left = _children(manager.pid)
        manager.kill()
    for pid in left:
        kill(pid)
    return _judged(took)


HARNESS = Harness(
    name="brain_returns", target=f"the next brain is started within {LIMIT_MS} ms", measure=measure, broken=broken
)
