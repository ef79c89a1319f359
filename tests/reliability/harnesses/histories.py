"""Random histories of a project in a simulated world, with every invariant of the simulation at every moment.

The full run takes every row of the transition table as well; the quick one leaves out a few that are seldom met.
"""

import multiprocessing

from nexsock.lifecycle import phase
from nexsock.reconcile.reconciler import Reconciler
from tests.reliability.harness import Harness, Measured
from tests.simulation import rows
from tests.simulation.history import History
from tests.simulation.test_doubles import Impatient

EVENTS = 50
QUICK, FULL, BROKEN = 1000, 20_000, 100
WORKERS = 2
CHUNK = 50
SELDOM = 4
"""Transitions of which the quick run may meet none: the rarest is taken by one history in two hundred."""
APART = 1_000_000
"""Histories of one seed never overlap with those of the next."""


def lived(seeds: range, make: type[Reconciler] = Reconciler) -> tuple[list[str], set[rows.Row]]:
    """What each broken history says, and the rows of the transition table that all of them took."""
    broken = []
    with rows.taken() as taken:
        for seed in seeds:
            try:
                History(seed, make=make).run(EVENTS)
            except Exception as problem:
                broken.append(f"seed {seed}: {problem!r}")
    return broken, taken


def measure(seed: int, full: bool) -> Measured:
    count = FULL if full else QUICK
    first = seed * APART
    chunks = [range(at, min(at + CHUNK, first + count)) for at in range(first, first + count, CHUNK)]
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        lives = pool.map(lived, chunks, chunksize=1)
    told = [each for broken, _ in lives for each in broken]
    missed = sorted(set(phase.TABLE) - set().union(*(taken for _, taken in lives)))
    return Measured(
        kept=not told and len(missed) <= (0 if full else SELDOM),
        text=f"{len(told)} of {count} broken, {len(phase.TABLE) - len(missed)} of {len(phase.TABLE)} transitions taken",
        figures={
            "histories": count,
            "events": count * EVENTS,
            "broken": len(told),
            "told": "; ".join(told),
            "transitions_missed": "; ".join(f"{before} {happening}" for before, happening in missed),
        },
    )


def broken(seed: int) -> Measured:
    """A brain that takes the exit of the main process for the end of the service."""
    first = seed * APART
    told, _ = lived(range(first, first + BROKEN), make=Impatient)
    return Measured(kept=not told, text=f"{len(told)} of {BROKEN} broken")


HARNESS = Harness(
    name="histories", target="0 histories of 50 events broken, every transition taken", measure=measure, broken=broken
)
