"""A step is told with its reason, recorded, and only then carried out."""

import itertools

import pytest

from nexsock.engines.base import EndOrder, LaunchOrder
from nexsock.model.plan import FieldChange, Step
from nexsock.model.project import RenderedConfig
from nexsock.model.service import Launch, Service
from nexsock.model.state import Cause, ProjectState, Record, Run
from nexsock.reconcile.execute import Executor
from nexsock.reconcile.ledger import Ledger


class Hands:
    """Memory, engine and monitor: what reached them, in order, as words."""

    def __init__(self, stage, *services: Service, **configs: RenderedConfig) -> None:
        self.done: list[str] = []
        self.launches: list[LaunchOrder] = []
        self.environments: list[dict[str, str]] = []
        self.ends: list[EndOrder] = []
        project = stage().project(*services)
        project.configs.update(configs)
        self.ledger = Ledger(project, ProjectState(), memory=self, clock=self, emit=self._emit)
        numbers = itertools.count(1)
        self.executor = Executor(
            self.ledger,
            engine=self,
            monitor=self,
            new_instance=lambda: f"run-{next(numbers)}",
            environ={"HOME": "/home/ada"},
        )

    def _emit(self, event):
        self.done.append(f"tell {event.kind} {event.service} {event.action or event.phase}")

    def monotonic(self) -> float:
        return 100.0

    def wall(self) -> float:
        return 1e9

    def put(self, record: Record) -> None:
        self.done.append(f"put {record.name} {record.phase}")

    def put_environment(self, digest, marks) -> None:
        self.environments.append(marks)

    def put_launch(self, service, run, launch) -> None:
        """It comes with the record."""

    def launch(self, order: LaunchOrder) -> None:
        self.launches.append(order)
        self.done.append(f"launch {order.service.name}")

    def end(self, order: EndOrder) -> None:
        self.ends.append(order)
        self.done.append(f"end {order.service.name}")

    def kill(self, service: str, instance: str) -> None:
        self.done.append(f"kill {service} {instance}")

    def update(self, service: Service, run: Run) -> None:
        self.done.append(f"update {service.name} {run.instance}")

    def forget(self, service: str) -> None:
        self.done.append(f"forget {service}")

    def attend(self, service: Service, run: Run, environment: dict[str, str]) -> None:
        self.done.append(f"attend {service.name} {run.instance}")

    def leave(self, service: str) -> None:
        self.done.append(f"leave {service}")

    def holds(self, phase: str, **fields) -> Record:
        """Have a record of web in this phase, with a run that was launched."""
        cause = Cause(kind="user", text="it was wanted")
        run = Run(number=4, instance="old", cause=cause, fingerprint="f", pid=7, started_mono=90.0)
        record = Record(name="web", phase=phase, run=run, **fields)
        self.ledger.state.records["web"] = record
        return record

    def take(self, action: str, **fields) -> list[str]:
        """Take one step on web; what came of it, without what is told."""
        self.executor.take(Step(action=action, service="web", reason="because", **fields))
        return [deed for deed in self.done if not deed.startswith("tell")]


@pytest.fixture
def hands(stage, make):
    def with_web(**fields):
        return Hands(stage, make("web", **fields))

    return with_web


def test_a_step_is_told_before_it_is_recorded_and_recorded_before_it_is_done(hands):
    found = hands()
    found.take("start")
    assert found.done == ["tell plan web start", "put web starting", "tell phase web starting", "launch web"]


def test_a_start_is_a_new_run_with_the_next_number(hands):
    found = hands()
    found.holds("failed")
    found.take("start")
    run = found.launches[0].run
    assert (run.number, run.instance, found.ledger.record("web").run.instance) == (5, "run-1", "run-1")


def test_what_runs_inherit_is_remembered_once_for_all_that_inherit_alike(hands):
    found = hands()
    for _ in range(2):
        found.holds("failed")
        found.take("start")
    assert [list(marks) for marks in found.environments] == [["HOME"]]
    found.executor.environ = {"HOME": "/home/ada", "PATH": "/bin"}
    found.holds("failed")
    found.take("start")
    first, again, other = (launch.run.inherited for launch in found.launches)
    assert (first == again, other == first) == (True, False)


def test_variables_that_were_added_are_those_of_the_next_run_only(hands):
    found = hands()
    found.executor.add("web", {"TRACE": "1"})
    for _ in range(2):
        found.holds("failed")
        found.take("start")
    assert [order.environment.get("TRACE") for order in found.launches] == ["1", None]


def test_a_start_brings_the_configs_that_the_service_reads(stage):
    web = Service(name="web", launch=Launch(command=("web",), configs={"site": "digest"}))
    site = RenderedConfig(name="site", target="/run/site", text="root /", digest="digest")
    found = Hands(stage, web, site=site, other=site)
    found.take("start")
    assert found.launches[0].configs == (site,)


@pytest.mark.parametrize(
    ("fields", "replaced", "kind"),
    [
        ((), None, "user"),
        ((FieldChange(path="command", old="a", new="b"),), None, "config"),
        ((), Cause(kind="watch", text="src/app.py changed"), "watch"),
    ],
)
def test_a_run_knows_what_it_was_started_for(hands, fields, replaced, kind):
    found = hands()
    found.holds("stopped", replace=replaced)
    found.take("start", fields=fields)
    assert found.launches[0].run.cause.kind == kind


def test_what_is_stopped_is_probed_no_more_and_asked_to_end(hands):
    found = hands()
    found.holds("ready")
    assert (found.take("stop"), found.ends[0].asked) == (["leave web", "put web stopping", "end web"], True)


def test_what_does_not_run_is_stopped_without_the_engine(hands):
    found = hands()
    found.holds("backoff")
    assert found.take("stop") == ["leave web", "put web stopped"]


def test_new_live_fields_are_probed_by_at_once(hands, checked):
    found = hands(healthcheck=checked)
    found.holds("ready")
    assert found.take("update") == ["put web ready", "update web old", "attend web old"]


def test_a_stray_is_adopted_with_the_run_that_it_was(hands, checked):
    found = hands(healthcheck=checked)
    stray = found.holds("ready").run
    found.ledger.state.records.clear()
    found.ledger.observed.strays["web"] = stray
    assert (found.take("adopt")[-1], found.ledger.observed.strays) == ("attend web old", {})


def test_a_service_that_left_the_file_is_forgotten_everywhere(hands):
    found = hands()
    found.holds("stopped")
    assert (found.take("forget"), found.ledger.state.records) == (["forget web", "forget web"], {})
