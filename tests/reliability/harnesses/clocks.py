"""The wall clock jumps by up to ten years in either direction whenever it is read; nothing but the display may notice.

The same history is lived in a world whose wall clock is right and in one where it jumps: every step, every process and
every phase must be the same. A machine that sleeps is the same case: its monotonic clock stands still meanwhile, and
only the wall clock has gone on. That the brain reads no clock but these two is held by tests/test_architecture.py.
"""

import multiprocessing
from random import Random
from typing import Any

from nexsock.model.project import Project
from nexsock.model.state import ProjectState
from nexsock.reconcile.ledger import Clock
from nexsock.reconcile.reconciler import Reconciler
from tests.reliability.harness import Harness, Measured
from tests.simulation.history import History
from tests.simulation.world import Violation, World

EVENTS = 50
QUICK, FULL, BROKEN = 80, 4000, 8
WORKERS = 2
CHUNK = 20
APART = 1_000_000
"""Histories of one seed never overlap with those of the next."""
MANY_STEPS = 3000
"""A history has some thousands; one that is deceived about the time may go round in circles."""
TEN_YEARS_S = 10 * 365.25 * 86400


class Jumping(World):
    """A world whose wall clock is somewhere else each time."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._jumps = Random(f"{seed}/jumps")
        self._steps = 0

    def wall(self) -> float:
        return super().wall() + self._jumps.uniform(-TEN_YEARS_S, TEN_YEARS_S)

    def step(self) -> None:
        self._steps += 1
        if self._steps > MANY_STEPS:
            raise Violation("it does not end")
        super().step()


class WallClock:
    """Gives the wall clock for the monotonic one."""

    def __init__(self, clock: Clock) -> None:
        self.wall = clock.wall

    def monotonic(self) -> float:
        return self.wall() - 1.7e9


class Trusting(Reconciler):
    """Decides by the wall clock."""

    def __init__(self, project: Project, state: ProjectState, *, clock: Clock, **others: Any) -> None:
        super().__init__(project, state, clock=WallClock(clock), **others)


def life(seed: int, world: type[World], make: type[Reconciler] = Reconciler) -> list[str]:
    """All that happened in a history, and how it ended."""
    history = History(seed, make=make, world=world)
    try:
        history.run(EVENTS)
    except Exception as problem:
        history.world.tell(f"broken: {problem!r}")
    return [*history.world.story, str(sorted(history.phases().items()))]


def differing(seeds: range, make: type[Reconciler] = Reconciler) -> list[int]:
    """The seeds whose histories a jumping clock changes, or breaks."""
    return [seed for seed in seeds if life(seed, World) != life(seed, Jumping, make)]


def measure(seed: int, full: bool) -> Measured:
    count, first = FULL if full else QUICK, seed * APART
    chunks = [range(at, at + CHUNK) for at in range(first, first + count, CHUNK)]
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        changed = [one for found in pool.map(differing, chunks, chunksize=1) for one in found]
    return Measured(
        kept=not changed,
        text=f"{len(changed)} of {count} histories of {EVENTS} events differ when the clock jumps by up to 10 years",
        figures={"histories": count, "differing": " ".join(map(str, changed))},
    )


def broken(seed: int) -> Measured:
    """A brain that decides by the wall clock."""
    first = seed * APART
    changed = differing(range(first, first + BROKEN), make=Trusting)
    return Measured(kept=not changed, text=f"{len(changed)} of {BROKEN} differ")


HARNESS = Harness(name="clocks", target="0 histories that a jumping wall clock changes", measure=measure, broken=broken)
