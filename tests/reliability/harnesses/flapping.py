"""Services that end again and again for a day leave nothing behind: no records, timers, memory or descriptors.

A simulated day of fifty services with the real planner and reconciler, and a shorter time of real processes, of which
the descriptors and the memory of keeper and brain are looked at.
"""

import gc
import itertools
import time
import tracemalloc
from collections import deque
from random import Random
from typing import Any

from nexsock.model.project import Project
from nexsock.model.report import Report
from nexsock.model.service import Launch, Restart, Service
from nexsock.plan.wanted import joined
from nexsock.reconcile.reconciler import Reconciler
from tests.reliability import proc, scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import wait_until
from tests.roads.road import Road
from tests.simulation.brain import Brain, Durable
from tests.simulation.world import Behaviour, World

SERVICES = 50
HOUR_S = 3600.0
QUICK, FULL, BROKEN = (0.2, 3.0), (24.0, 60.0), 0.25
"""Simulated hours, and seconds of real flapping."""
LONGEST_LIFE_S = 60.0
GROWTH_BYTES = 128 * 1024
"""What a simulated brain may hold more in the end than after the first quarter; fifty services hold some 500 KiB."""
REAL_SERVICES = 6
REAL_GROWTH_MIB = 6.0
PROJECT = "services:\n" + "".join(
    f"  s{number}: {{command: 'sleep 0.0{number % 10}; exit 3', restart: always, "
    "restart_policy: {delay: 50ms, max_delay: 50ms, max_in_window: 0}}\n"
    for number in range(REAL_SERVICES)
)


class Flapping(World):
    """A world in which every process ends soon, and nothing is told."""

    def behaviour(self, service: Service) -> Behaviour:
        behaviour = super().behaviour(service)
        behaviour.calm(service)
        chance = Random(f"{self.seed}/{service.name}/{self._launches[service.name]}")
        behaviour.lasts_s, behaviour.code = chance.uniform(0.0, LONGEST_LIFE_S), chance.choice((0, 1, 137))
        return behaviour

    def tell(self, text: str) -> None:
        """A day would be a long story."""


class Hoarding(Reconciler):
    """Keeps every report that it has heard."""

    heard: tuple[Report, ...] = ()

    def receive(self, report: Report) -> None:
        self.heard = (*self.heard, report)
        super().receive(report)


class Day:
    """A simulated brain with fifty flapping services."""

    def __init__(self, seed: int, make: type[Reconciler]) -> None:
        self._world = Flapping(seed)
        policy = Restart(mode="always", max_in_window=0)
        services = {
            name: Service(name=name, launch=Launch(command=(name,)), restart=policy)
            for name in (f"s{number}" for number in range(SERVICES))
        }
        project = Project(id="sim-1", name="sim", directory="/sim", services=services)
        numbers = itertools.count(1)
        self._brain = Brain(self._world, Durable(), project, make=make, instances=lambda: f"run-{next(numbers)}")
        self._brain.engine.orders = deque(maxlen=1)  # the double keeps them all
        self._brain.begin({})
        reconciler = self._brain.reconciler
        reconciler.up(joined(reconciler.state.selection, (), False), (), False)

    def pass_hours(self, hours: float) -> None:
        self._world.pass_time(hours * HOUR_S)

    @property
    def starts(self) -> int:
        return sum(self._world._launches.values())

    def held(self) -> dict[str, int]:
        """What there is now: timers, runs that the keeper has, records, bytes."""
        gc.collect()
        return {
            "timers": len(self._world._queue),
            "runs": len(self._world.kept),
            "records": len(self._brain.reconciler.state.records),
            "bytes": tracemalloc.get_traced_memory()[0],
        }


def simulated(seed: int, hours: float, make: type[Reconciler] = Reconciler) -> tuple[int, dict[str, int]]:
    """How often services were started, and what there is more in the end than after the first quarter."""
    tracemalloc.start()
    try:
        day = Day(seed, make)
        day.pass_hours(hours / 4)
        before = day.held()
        day.pass_hours(hours * 3 / 4)
        return day.starts, {name: count - before[name] for name, count in day.held().items()}
    finally:
        tracemalloc.stop()


def _grown(growth: dict[str, int]) -> list[str]:
    """What has grown by more than the chance of the moment: each service has a few timers, and one or two runs."""
    limits = {"timers": SERVICES * 3, "runs": SERVICES, "records": 0, "bytes": GROWTH_BYTES}
    return [f"{name} grew by {growth[name]:,}" for name, limit in limits.items() if growth[name] > limit]


def real(seconds: float) -> list[str]:
    """What keeper and brain have more of after services have flapped for a while."""
    with scene.project(PROJECT) as road:
        road.run("up", "-d", "--timeout", "1s")
        before = _resting(road)
        road.done("start", *road.services())
        time.sleep(seconds)
        return _more(before, _resting(road))


def _more(before: dict[int, tuple[int, float]], after: dict[int, tuple[int, float]]) -> list[str]:
    """What the daemon's processes have more of than before."""
    told = []
    for pid, (descriptors, memory) in before.items():
        now = after.get(pid)
        if now is None:
            told.append("a daemon's process is another")
        elif now[0] > descriptors:
            told.append(f"process {pid} has {now[0]} descriptors, had {descriptors}")
        elif now[1] > memory + REAL_GROWTH_MIB:
            told.append(f"process {pid} has {now[1]:.1f} MiB, had {memory:.1f}")
    return told


def _resting(road: Road) -> dict[int, tuple[int, float]]:
    """Descriptors and memory of keeper and brain while all services are stopped."""
    road.done("stop", *road.services())
    wait_until(lambda: not road.processes(), "everything has ended")
    runtime = road.home.folder / "run" / "projects" / road.id
    wait_until(lambda: not any(path.is_fifo() for path in runtime.iterdir()), "the last runs are let go of")
    pids = [*scene.keepers(road.home), *scene.brains(road.home)]
    return {pid: (proc.descriptors(pid), proc.resident_mib(pid)) for pid in pids}


def measure(seed: int, full: bool) -> Measured:
    hours, seconds = FULL if full else QUICK
    starts, growth = simulated(seed, hours)
    told = [*_grown(growth), *real(seconds)]
    figures: dict[str, Any] = {f"{name}_grew": count for name, count in growth.items()}
    return Measured(
        kept=not told,
        text=f"{starts:,} starts in {hours:g} simulated hours: {growth['bytes'] // 1024:+,} KiB; "
        + ("; ".join(told) or f"{seconds:g} s of real ones: no descriptor, no memory"),
        figures={"hours": hours, "starts": starts, **figures, "told": "; ".join(told)},
    )


def broken(seed: int) -> Measured:
    """A brain that keeps every report."""
    starts, growth = simulated(seed, BROKEN, make=Hoarding)
    return Measured(kept=not _grown(growth), text=f"{growth['bytes'] // 1024:+,} KiB after {starts} starts")


HARNESS = Harness(
    name="flapping", target="no growth over 24 hours of 50 flapping services", measure=measure, broken=broken
)
