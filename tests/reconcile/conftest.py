"""A stage for one project: the real reconciler, and an engine that does nothing until a test says what came of it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from nexsock.engines.base import EndOrder, LaunchOrder
from nexsock.hooks import NoHooks, Notice
from nexsock.model.event import Event
from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.project import Project
from nexsock.model.report import Exited, Gone, Launched, LaunchFailed, Probed, Report, Signalled
from nexsock.model.service import Condition, Dependency, Launch, Service
from nexsock.model.state import Exit, ProjectState, Record, Run, Selection, Snapshot, Wants
from nexsock.model.tunnel import Route
from nexsock.plan import text
from nexsock.reconcile.reconciler import Reconciler

EVERYTHING = Selection(everything=True)


def service(name: str, needs: Mapping[str, Condition | Dependency] | None = None, **fields: Any) -> Service:
    """A service; `needs` maps to a condition or a whole Dependency, `env` makes its environment."""
    environment = fields.pop("env", {})
    depends_on = {
        other: need if isinstance(need, Dependency) else Dependency(condition=need)
        for other, need in (needs or {}).items()
    }
    launch = Launch(command=(name,), environment=environment)
    return Service(name=name, launch=launch, depends_on=depends_on, **fields)


class Told(NoHooks):
    """Plugins that write down what they are told."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def tell(self, event: Notice) -> None:
        self.notices.append(event)


class Stage:
    """`orders` is what the engine was told, as words: "launch db", "end db", "kill db".

    `intended` is what was to be kept as wanted, each with how many orders had been given by then.
    """

    def __init__(self, *services: Service, state: ProjectState | None = None) -> None:
        self.now = 100.0
        self.plugins = Told()
        self.orders: list[str] = []
        self.attended: list[str] = []
        self.writes: list[str] = []
        self.intended: list[tuple[Wants, int]] = []
        self.events: list[Event] = []
        self.routed: list[Mapping[int, Route]] = []
        self.alarm_at: float | None = None
        self.launches: dict[str, LaunchOrder] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.environments: dict[str, dict[str, str]] = {}
        self.at_once: Callable[[str], None] | None = None
        self._runs = 0
        self.reconciler = Reconciler(
            self.project(*services),
            state or ProjectState(),
            engine=self,
            monitor=self,
            memory=self,
            route=self.routed.append,
            intend=self._intend,
            clock=self,
            alarm=self._set_alarm,
            emit=self.events.append,
            new_instance=self._new_instance,
            environ={"HOME": "/home/ada"},
            hooks=self.plugins,
        )

    @staticmethod
    def project(*services: Service) -> Project:
        return Project(
            id="shop-1",
            name="shop",
            directory="/shop",
            files=("/shop/nexsock.yaml",),
            services={one.name: one for one in services},
        )

    # -- what the reconciler acts through

    def _intend(self, wants: Wants) -> None:
        self.intended.append((wants, len(self.orders)))

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1e9 + self.now

    def launch(self, order: LaunchOrder) -> None:
        self.launches[order.service.name] = order
        self.orders.append(f"launch {order.service.name}")
        if self.at_once is not None:
            self.at_once(order.service.name)

    def end(self, order: EndOrder) -> None:
        self.orders.append(f"{'end' if order.asked else 'clear'} {order.service.name}")

    def kill(self, service: str, instance: str) -> None:
        self.orders.append(f"kill {service}")

    def signal(self, service: str, instance: str, number: int) -> None:
        self.orders.append(f"signal {service}")

    def update(self, service: Service, run: Run) -> None:
        self.orders.append(f"update {service.name}")

    def forget(self, service: str) -> None:
        self.writes.append(f"forget {service}")

    def attend(self, service: Service, run: Run, environment: dict[str, str]) -> None:
        self.attended.append(service.name)

    def leave(self, service: str) -> None:
        if service in self.attended:
            self.attended.remove(service)

    def put(self, record: Record) -> None:
        self.writes.append(record.name)

    def put_environment(self, digest: str, marks: Mapping[str, str]) -> None:
        self.environments[digest] = dict(marks)

    def put_launch(self, service: str, run: Run, launch: Snapshot) -> None:
        self.snapshots[service] = launch

    def set_meta(self, *, selection: Selection | None = None, up_at: float | None = None) -> None:
        if selection is not None:
            self.writes.append("selection")

    def _set_alarm(self, at: float | None) -> None:
        self.alarm_at = at

    def _new_instance(self) -> str:
        self._runs += 1
        return f"run-{self._runs}"

    # -- what a test does

    def up(self, *names: str, force: bool = False) -> None:
        selection = Selection(names=names) if names else EVERYTHING
        self.reconciler.up(selection, names, force)

    def edit(self, *services: Service) -> None:
        self.reconciler.apply(self.project(*services))

    def wait(self, seconds: float) -> None:
        """Let time pass; the alarm rings when it is due."""
        until = self.now + seconds
        while self.alarm_at is not None and self.alarm_at <= until:
            self.now = max(self.now, self.alarm_at)
            self.alarm_at = None
            self.reconciler.due()
        self.now = until

    def tell(self, report: type[Report], name: str, **details: Any) -> None:
        self.reconciler.receive(report(service=name, instance=self.run(name).instance, **details))

    def launched(self, *names: str) -> None:
        for name in names:
            self.tell(Launched, name, pid=4000, start_ticks=7, boot_id="boot-1", at=self.wall(), mono=self.now)

    def launch_failed(self, name: str, message: str, transient: bool = False) -> None:
        self.tell(LaunchFailed, name, message=message, transient=transient)

    def exited(self, name: str, code: int | None) -> None:
        self.tell(Exited, name, exit=Exit(code=code, at=self.wall()))

    def gone(self, *names: str, survivors: tuple[int, ...] = ()) -> None:
        for name in names:
            self.tell(Gone, name, survivors=survivors)

    def ended(self, name: str, code: int | None) -> None:
        """It exits and nothing of it is left."""
        self.exited(name, code)
        self.gone(name)

    def signalled(self, name: str) -> None:
        self.tell(Signalled, name)

    def probed(self, name: str, ok: bool, output: str = "") -> None:
        result = ProbeResult(kind="tcp", ok=ok, output=output, at=self.wall())
        self.tell(Probed, name, result=result)

    def take_orders(self) -> list[str]:
        """What the engine was told since the last call."""
        taken, self.orders = self.orders, []
        return taken

    def record(self, name: str) -> Record:
        return self.reconciler.record(name)

    def run(self, name: str) -> Run:
        run = self.record(name).run
        assert run is not None, f"{name} has never been started"
        return run

    def phase(self, name: str) -> str:
        return self.record(name).phase

    def phases(self) -> dict[str, str]:
        return {name: record.phase for name, record in self.reconciler.state.records.items()}

    def plan(self) -> str:
        """The whole plan at this moment, as text."""
        return text.render(self.reconciler.converge())

    def now_as(self, name: str, **changes: Any) -> Service:
        """The service of the file with some fields changed."""
        return replace(self.reconciler.project.services[name], **changes)


@pytest.fixture
def stage() -> Callable[..., Stage]:
    return Stage


@pytest.fixture
def make() -> Callable[..., Service]:
    return service


@pytest.fixture
def checked() -> Healthcheck:
    """A healthcheck whose failures count from the first probe."""
    return Healthcheck(kind="tcp", port=80, start_period_s=0.0)
