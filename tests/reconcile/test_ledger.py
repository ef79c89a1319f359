"""What is written down is in memory, in the store and told, and what changes nothing is none of these."""

import pytest
from msgspec.structs import replace

from nexsock.model.event import Event
from nexsock.model.state import Health, ProjectState, Record, Selection
from nexsock.reconcile.ledger import Ledger


class Surroundings:
    """A clock that stands, and a memory that writes its calls down as words."""

    def __init__(self) -> None:
        self.writes: list[str] = []
        self.events: list[Event] = []

    def monotonic(self) -> float:
        return 100.0

    def wall(self) -> float:
        return 1e9

    def put(self, record: Record) -> None:
        self.writes.append(f"put {record.name}")

    def forget(self, service: str) -> None:
        self.writes.append(f"forget {service}")

    def put_environment(self, digest, marks) -> None:
        self.writes.append(f"environment {digest}")

    def put_launch(self, service, run, launch) -> None:
        self.writes.append(f"launch {service}")

    def set_meta(self, *, selection: Selection) -> None:
        self.writes.append(f"select {' '.join(selection.names)}")

    def told(self) -> list[tuple[str, str | None, str | None, str]]:
        return [(event.kind, event.service, event.phase, event.reason) for event in self.events]


@pytest.fixture
def around():
    return Surroundings()


@pytest.fixture
def ledger(stage, make, around):
    project = stage().project(make("web"))
    return Ledger(project, ProjectState(), memory=around, clock=around, emit=around.events.append)


def test_a_service_without_a_record_has_an_empty_one_that_is_not_kept(ledger):
    assert (ledger.record("web"), ledger.state.records) == (Record(name="web"), {})


def test_a_record_is_kept_written_and_told(ledger, around):
    record = Record(name="web", phase="failed", reason="exited with 1")
    ledger.put(record)
    assert (ledger.record("web"), around.writes, around.told()) == (
        record,
        ["put web"],
        [("phase", "web", "failed", "exited with 1")],
    )


def test_that_a_service_is_known_now_and_still_stopped_is_written_and_not_told(ledger, around):
    ledger.put(Record(name="web", intent="up"))
    assert (around.writes, around.told()) == (["put web"], [])


def test_an_equal_record_is_neither_written_nor_told_again(ledger, around):
    for _ in range(2):
        ledger.put(Record(name="web", phase="failed"))
    assert (around.writes, len(around.events)) == (["put web"], 1)


def test_a_change_of_neither_phase_nor_reason_is_written_and_not_told(ledger, around):
    record = Record(name="web", phase="running")
    ledger.put(record)
    ledger.put(replace(record, restarts=3))
    assert (around.writes, len(around.events)) == (["put web", "put web"], 1)


def test_a_counted_probe_is_neither_written_nor_told(ledger, around):
    counted = Record(name="web", phase="ready", health=Health(successes=7))
    ledger.count(counted)
    assert (ledger.record("web"), around.writes, around.events) == (counted, [], [])


def test_a_forgotten_service_is_struck_out_of_the_store_too(ledger, around):
    ledger.put(Record(name="web", phase="failed"))
    ledger.forget("web")
    assert (ledger.state.records, around.writes) == ({}, ["put web", "forget web"])


def test_only_another_selection_is_written(ledger, around):
    for names in (("web",), ("web",), ("db",)):
        ledger.select(Selection(names=names))
    assert around.writes == ["select web", "select db"]


def test_a_service_is_defined_by_what_runs_then_by_the_file_then_by_nothing(ledger, make):
    applied = make("web", description="older")
    found = [
        ledger.definition(Record(name="web", applied=applied)),
        ledger.definition(Record(name="web")),
        ledger.definition(Record(name="gone")),
    ]
    assert [(one.name, one.description, one.launch.command) for one in found] == [
        ("web", "older", ("web",)),
        ("web", "", ("web",)),
        ("gone", "", ()),
    ]
