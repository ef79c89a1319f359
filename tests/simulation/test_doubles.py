"""The harness proves that it can fail: brains that are broken in known ways are found out, each by its own check."""

from typing import Any

import pytest
from msgspec.structs import replace

from nexsock.model.project import Project
from nexsock.model.report import Exited, Gone, Report
from nexsock.model.state import ProjectState, Record
from nexsock.plan import wanted
from nexsock.reconcile.ledger import Memory
from nexsock.reconcile.reconciler import Reconciler
from nexsock.reconcile.restore import Restored, restore
from tests.simulation.history import History
from tests.simulation.world import Violation

SCHEDULES = 300
"""Schedules within which a broken brain must have been found out."""


class Impatient(Reconciler):
    """Takes the exit of the main process for the end of the service."""

    def receive(self, report: Report) -> None:
        super().receive(report)
        if isinstance(report, Exited):
            super().receive(Gone(service=report.service, instance=report.instance))


class Careless(Reconciler):
    """Starts everything at once, whatever it needs."""

    def _desire(self) -> None:
        free = {name: replace(one, depends_on={}) for name, one in self.project.services.items()}
        real = wanted.desire(self.project, self.state)
        without: Project = replace(self.project, services=free)
        self._desired = replace(real, project=without, dependents={})


class Hasty(Reconciler):
    """Stops a service before the ones that need it."""

    def _desire(self) -> None:
        self._desired = replace(wanted.desire(self.project, self.state), dependents={})


class Sieve:
    """A memory that keeps only what is starting."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.forget, self.set_meta, self.put_launch = memory.forget, memory.set_meta, memory.put_launch
        self.put_environment = memory.put_environment

    def put(self, record: Record) -> None:
        if record.phase == "starting":
            self._memory.put(record)


class Forgetful(Reconciler):
    """Does not write down what happened to a service once it has started it."""

    def __init__(self, project: Project, state: ProjectState, *, memory: Memory, **others: Any) -> None:
        super().__init__(project, state, memory=Sieve(memory), **others)


class Oblivious(Reconciler):
    """Acts on what is wanted before that is kept."""

    def __init__(self, project: Project, state: ProjectState, **others: Any) -> None:
        super().__init__(project, state, **{**others, "intend": lambda wants: None})


class Restless(Reconciler):
    """Starts what crashed again at once."""

    def receive(self, report: Report) -> None:
        super().receive(report)
        record = self.record(report.service)
        if record.phase == "backoff":
            self.state.records[record.name] = replace(record, retry_mono=None)
            self.converge([record.name])


class Stubborn(Reconciler):
    """Never gives up waiting for what does not obey."""

    def due(self) -> None:
        """Whatever it was, it can wait."""


def trust_nothing(records: dict[str, Record], *others: object, **more: object) -> Restored:
    """What a brain does that begins with a clean slate: nothing runs, so everything is started."""
    at_rest = {name: replace(record, phase="stopped") for name, record in records.items()}
    return Restored(records=at_rest, strays={}, reports=(), settled=())


def believe_everything(records: dict[str, Record], *others: object, **more: object) -> Restored:
    """What a brain does that takes the records for the truth."""
    return Restored(records=dict(records), strays={}, reports=(), settled=())


def found_out(**broken: object) -> str:
    """What the first schedule that fails says."""
    for seed in range(SCHEDULES):
        try:
            History(seed, **broken).run()
        except Violation as violation:
            return str(violation)
    return "nothing"


@pytest.mark.parametrize(
    ("double", "told"),
    [
        (Impatient, "was spawned while"),
        (Careless, "is started while"),
        (Hasty, "is stopped before"),
        (Forgetful, "the disk has something else|a new brain changed"),
        (Oblivious, "is wanted and is|is not wanted and is"),
        (Restless, "was started again after"),
        (Stubborn, "no quiet after"),
    ],
)
def test_a_broken_brain_is_found_out(double, told):
    told_of = found_out(make=double)
    assert any(part in told_of for part in told.split("|")), told_of


@pytest.mark.parametrize(
    ("double", "told"),
    [
        (trust_nothing, "was spawned while|a new brain changed"),
        (believe_everything, "no quiet after|is running and does not live|is ready and does not live|ended with"),
    ],
)
def test_a_broken_restoration_is_found_out(double, told):
    told_of = found_out(restoring=double)
    assert any(part in told_of for part in told.split("|")), told_of


def test_the_real_ones_pass():
    assert found_out(make=Reconciler, restoring=restore) == "nothing"
