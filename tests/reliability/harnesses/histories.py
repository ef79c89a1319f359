"""Random histories of a project in a simulated world, with every invariant of the simulation at every moment."""

import multiprocessing

from nexsock.reconcile.reconciler import Reconciler
from tests.reliability.harness import Harness, Measured
from tests.simulation.history import History
from tests.simulation.test_doubles import Impatient

EVENTS = 50
QUICK, FULL, BROKEN = 1000, 20_000, 100
WORKERS = 2
CHUNK = 50
APART = 1_000_000
"""Histories of one seed never overlap with those of the next."""


def lived(seeds: range, make: type[Reconciler] = Reconciler) -> list[str]:
    """What each broken history says."""
    broken = []
    for seed in seeds:
        try:
            History(seed, make=make).run(EVENTS)
        except Exception as problem:
            broken.append(f"seed {seed}: {problem!r}")
    return broken


def measure(seed: int, full: bool) -> Measured:
    count = FULL if full else QUICK
    first = seed * APART
    chunks = [range(at, min(at + CHUNK, first + count)) for at in range(first, first + count, CHUNK)]
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        told = [each for chunk in pool.map(lived, chunks, chunksize=1) for each in chunk]
    return Measured(
        kept=not told,
        text=f"{len(told)} of {count} broken",
        figures={"histories": count, "events": count * EVENTS, "broken": len(told), "told": "; ".join(told)},
    )


def broken(seed: int) -> Measured:
    """A brain that takes the exit of the main process for the end of the service."""
    first = seed * APART
    told = lived(range(first, first + BROKEN), make=Impatient)
    return Measured(kept=not told, text=f"{len(told)} of {BROKEN} broken")


HARNESS = Harness(name="histories", target="0 histories of 50 events broken", measure=measure, broken=broken)
