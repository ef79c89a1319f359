"""The pure planner, in process: N services none of which runs, all of which run, and one that an event touched."""

import time
from collections.abc import Callable

from bench import options
from bench.trial import median, rounded
from nexsock.model.project import Project
from nexsock.model.service import Dependency, Launch, Service
from nexsock.model.state import Cause, Observed, ProjectState, Record, Run, Selection
from nexsock.plan import planner
from nexsock.plan.wanted import desire

_NEEDS_EVERY = 10
"""each service but the tenths needs the one before it: chains of ten"""


def measure(_tool: str, asked: options.Options) -> options.Record:
    """Milliseconds for N services; nobody but nexsock has a plan to ask for."""
    services = {service.name: service for service in map(_service, range(asked.count))}
    project = Project(id="bench", name="bench", directory="/", services=services)
    running = {service.name: _running(service) for service in services.values()}
    wanted = Selection(everything=True)
    first = desire(project, ProjectState(selection=wanted))
    later = desire(project, ProjectState(selection=wanted, records=running))
    nothing = Observed()
    touched = [f"svc{asked.count // 2:04d}"]
    cases: dict[str, Callable[[], object]] = {
        "desire_ms": lambda: desire(project, ProjectState(selection=wanted, records=running)),
        "all_start_ms": lambda: planner.plan(first, {}, nothing, now=100.0),
        "all_run_ms": lambda: planner.plan(later, running, nothing, now=100.0),
        "one_touched_ms": lambda: planner.plan(later, running, nothing, now=100.0, only=touched),
    }
    return {name: rounded(median(_times_ms(case, asked.calls)), 3) for name, case in cases.items()}


def _times_ms(case: Callable[[], object], calls: int) -> list[float]:
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        case()
        times.append((time.perf_counter() - began) * 1000)
    return times


def _service(index: int) -> Service:
    needs = {f"svc{index - 1:04d}": Dependency(condition="started")} if index % _NEEDS_EVERY else {}
    return Service(name=f"svc{index:04d}", launch=Launch(command=("sleep", "1")), depends_on=needs)


def _running(service: Service) -> Record:
    run = Run(
        number=1,
        instance=service.name,
        cause=Cause(kind="user", text="up"),
        fingerprint=service.fingerprint,
        pid=1000,
        started_mono=1.0,
        ready_mono=2.0,
    )
    return Record(name=service.name, phase="running", applied=service, run=run)
