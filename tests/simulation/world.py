"""A machine that is not there: a clock, an event queue, and the keeper with the processes that it started.

Everything here outlives a brain. What a process does is drawn for each launch from the seed, the service and the
count of its launches, so that a schedule is the same whatever the brain calls first.
"""

import heapq
from collections.abc import Callable
from random import Random

from nexsock.model.plugin import Denial, PluginChange
from nexsock.model.service import Service
from nexsock.model.state import Exit, Run

BOOT_ID = "boot-1"


class Violation(AssertionError):
    """Something happened that must never happen."""


class Behaviour:
    """What one process does, and how its launch goes."""

    def __init__(self, rng: Random, service: Service) -> None:
        draw = rng.random
        self.prepare_s = 0.0 if draw() < 0.6 else draw() * 2
        self.answer_s = draw() * 0.02
        self.fails = "" if draw() > 0.06 else "transient" if draw() < 0.7 else "final"
        self.lasts_s: float | None = None
        self.code = 0
        if service.oneshot:
            self.lasts_s = rng.choice((0.0, 0.05, 1.0, 20.0))
            self.code = 0 if draw() < 0.8 else 3
        elif draw() < 0.25:
            self.lasts_s = rng.choice((0.0, 0.005, 0.4, 3.0, 15.0))
            self.code = rng.choice((0, 1, 1, 130))
        self.leaves_children = draw() < 0.12
        self.ignores_term = draw() < 0.12
        self.stops_in_s = 0.001 if draw() < 0.6 else draw() * 6
        self.unkillable_s = 0.0 if draw() > 0.02 else 2 + draw() * 15
        self.healthy_after_s = draw() * 0.3 if draw() < 0.85 else 3 + draw() * 40
        self.sick_after_s = float("inf") if draw() < 0.85 else draw() * 30
        self.asked_s = 0.0
        self.altered: tuple[PluginChange, ...] = ()
        self.denied: Denial | None = None

    def ask_plugins(self, rng: Random) -> None:
        """What plugins make of its start, and how long they think about it."""
        if rng.random() < 0.6:
            return
        self.asked_s = rng.choice((0.0, 0.0005, 0.1, 2.0))
        if rng.random() < 0.5:
            self.altered = (PluginChange(plugin="url", field="environment.PORT", old="1", new=str(rng.random())),)
        if rng.random() < 0.2:
            self.denied = Denial(plugin="gate", reason="not today")

    def calm(self, service: Service) -> None:
        """From now on it does as one would wish."""
        self.fails = ""
        self.denied = None
        self.lasts_s = min(self.lasts_s or 0.0, 1.0) if service.oneshot else None
        self.code = 0
        self.leaves_children = self.ignores_term = False
        self.stops_in_s = min(self.stops_in_s, 0.01)
        self.unkillable_s = self.healthy_after_s = 0.0
        self.sick_after_s = float("inf")


class Process:
    """A run as the keeper keeps it. It lives while its main process or a child that was left behind does."""

    def __init__(self, service: Service, run: Run, behaviour: Behaviour) -> None:
        self.service = service
        self.run = run
        self.behaviour = behaviour
        self.main = True
        self.children = False
        self.exit: Exit | None = None
        self.unkillable_until = 0.0
        self.told_to_end = False

    @property
    def lives(self) -> bool:
        return self.main or self.children


class World:
    """Clock, queue and keeper. `watcher` is told when a process changes; it is the brain's engine, or nobody."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.now = 1000.0
        self.calm = False
        self.kept: dict[str, Process] = {}
        self.watcher: Callable[[Process], None] | None = None
        self.story: list[str] = []
        self.ended_at: dict[str, float] = {}
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._pids = 100
        self._launches: dict[str, int] = {}

    # -- clock (reconciler.Clock) and queue

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1.7e9 + self.now

    def later(self, delay_s: float, act: Callable[[], None]) -> None:
        """Do it then; what is due at the same time happens in the order of these calls."""
        self._count += 1
        heapq.heappush(self._queue, (self.now + delay_s, self._count, act))

    @property
    def next_at(self) -> float | None:
        return self._queue[0][0] if self._queue else None

    def step(self) -> None:
        """Let the next thing happen."""
        at, _, act = heapq.heappop(self._queue)
        self.now = max(self.now, at)
        act()

    def pass_time(self, seconds: float) -> None:
        """Let everything happen that is due within this time."""
        until = self.now + seconds
        while self._queue and self._queue[0][0] <= until:
            self.step()
        self.now = until

    def tell(self, text: str) -> None:
        self.story.append(f"{self.now - 1000:9.3f} {text}")

    # -- processes

    def behaviour(self, service: Service) -> Behaviour:
        """What the next process of a service will do."""
        count = self._launches[service.name] = self._launches.get(service.name, 0) + 1
        behaviour = Behaviour(Random(f"{self.seed}/{service.name}/{count}"), service)
        behaviour.ask_plugins(Random(f"{self.seed}/{service.name}/{count}/plugins"))
        return behaviour

    def spawn(self, service: Service, run: Run, behaviour: Behaviour) -> Process:
        """Start a process; the same instance again is answered with the first."""
        if (known := self.kept.get(run.instance)) is not None:
            return known
        for other in self.kept.values():
            if other.service.name == service.name and other.lives:
                raise Violation(f"{service.name}: {run.instance} was spawned while {other.run.instance} lives")
        if self.calm:
            behaviour.calm(service)
        self._pids += 1
        run = Run(
            number=run.number,
            instance=run.instance,
            cause=run.cause,
            fingerprint=run.fingerprint,
            pid=self._pids,
            start_ticks=self._pids * 7,
            boot_id=BOOT_ID,
            started_at=self.wall(),
            started_mono=self.now,
        )
        process = self.kept[run.instance] = Process(service, run, behaviour)
        self.tell(f"{service.name}: process {run.pid} of {run.instance} begins")
        if behaviour.lasts_s is not None:
            self.later(behaviour.lasts_s, lambda: self._end_itself(process))
        return process

    def _end_itself(self, process: Process) -> None:
        if process.main and process.behaviour.lasts_s is not None:
            process.children = process.behaviour.leaves_children
            self._main_ends(process, Exit(code=process.behaviour.code, at=self.wall()))

    def _main_ends(self, process: Process, end: Exit) -> None:
        if process.main:
            process.main, process.exit = False, end
            self.ended_at[process.service.name] = self.now
            self.tell(f"{process.service.name}: process {process.run.pid} {end}")
            self._changed(process)

    def _changed(self, process: Process) -> None:
        if self.watcher is not None:
            self.watcher(process)

    def terminate(self, process: Process) -> None:
        """SIGTERM to all of it."""
        if not process.behaviour.ignores_term:
            process.told_to_end = True
            self.later(process.behaviour.stops_in_s, lambda: self._obey(process))

    def _obey(self, process: Process) -> None:
        if process.children:
            process.children = False
            self._changed(process)
        self._main_ends(process, Exit(code=0, at=self.wall()))

    def kill(self, process: Process) -> bool:
        """SIGKILL to all of it; False while it cannot be killed."""
        if process.unkillable_until == 0.0:
            process.unkillable_until = self.now + process.behaviour.unkillable_s
            self.later(process.behaviour.unkillable_s, lambda: self._die(process))
        return self.now >= process.unkillable_until

    def _die(self, process: Process) -> None:
        if process.children:
            process.children = False
            self._changed(process)
        self._main_ends(process, Exit(code=137, at=self.wall(), signal="SIGKILL"))

    def kill_from_outside(self, service: str) -> None:
        """Somebody else ends the main process of a service."""
        for process in list(self.kept.values()):
            if process.service.name == service and process.main:
                self._main_ends(process, Exit(code=137, at=self.wall(), signal="SIGKILL"))

    def healthy(self, process: Process | None) -> bool:
        """What a probe of it would find now."""
        if process is None or not process.main:
            return False
        age_s = self.now - (process.run.started_mono or 0.0)
        return process.behaviour.healthy_after_s <= age_s < process.behaviour.sick_after_s

    def living(self) -> dict[str, Process]:
        """The live process of each service that has one."""
        return {process.service.name: process for process in self.kept.values() if process.lives}

    def settle_down(self) -> None:
        """From now on nothing fails any more, and everything obeys."""
        self.calm = True
        for process in self.kept.values():
            process.behaviour.calm(process.service)
            if process.main and process.service.oneshot:
                self.later(0.5, lambda process=process: self._end_itself(process))  # type: ignore[misc]
            if process.unkillable_until > self.now:
                process.unkillable_until = self.now
                self._die(process)
            elif process.told_to_end:
                self._obey(process)
