import pytest

from nexsock.model.plan import Hold
from nexsock.model.state import Cause, Record, Run
from nexsock.reconcile import settle

ASKED = Cause(kind="user", text="restart was asked for")


def record(phase, **fields) -> Record:
    run = Run(number=1, instance="run-1", cause=ASKED, fingerprint="", started_mono=100.0)
    return Record(name="web", phase=phase, **{"run": run, **fields})


def held(failed: bool) -> Hold:
    return Hold(service="web", waits_for="db to be started", on=("db",), failed=failed)


def up(service, found, *others, now=200.0, wanted=("web", "db")):
    return settle.up(service, {one.name: one for one in (found, *others)}, wanted, now=now)


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("stopped", "waiting"),
        ("starting", "waiting"),
        ("stopping", "waiting"),
        ("backoff", "waiting"),
        ("ready", "well"),
        ("completed", "well"),
        ("failed", "failed"),
        ("unhealthy", "failed"),
    ],
)
def test_an_up_has_settled_when_its_service_has(make, phase, expected):
    assert up(make("web"), record(phase)) == expected


def test_a_service_without_a_healthcheck_has_to_prove_itself(make):
    running = record("running")
    assert [up(make("web"), running, now=now) for now in (100.1, 100.2)] == ["waiting", "well"]


def test_a_running_oneshot_has_not_completed(make):
    assert up(make("web", oneshot=True), record("running"), now=900.0) == "waiting"


@pytest.mark.parametrize(("failed", "expected"), [(False, "waiting"), (True, "failed")])
def test_a_wait_ends_when_what_is_waited_for_has_failed(make, failed, expected):
    assert up(make("web"), record("blocked", held=held(failed))) == expected


def test_a_restart_that_is_held_for_good_has_settled(make):
    """process-compose#530: it hung."""
    assert up(make("web"), record("blocked", held=held(True), replace=ASKED)) == "failed"


def test_a_restart_is_awaited_though_the_old_run_still_looks_well(make):
    assert up(make("web"), record("ready", replace=ASKED)) == "waiting"


def test_an_up_ends_when_somebody_else_stopped_what_it_waits_for(make):
    assert up(make("web"), record("stopped", intent="stopped"), wanted=()) == "overtaken"


def crashing(name, attempts):
    return Record(name=name, phase="backoff", attempts=attempts, restarts=100)


@pytest.mark.parametrize(("attempts", "expected"), [(settle.TRIES - 1, "waiting"), (settle.TRIES, "failed")])
def test_nobody_waits_for_what_failed_again_and_again(make, attempts, expected):
    """In a row: the restarts of a long life do not count."""
    assert up(make("web"), crashing("web", attempts)) == expected


@pytest.mark.parametrize(("attempts", "expected"), [(settle.TRIES - 1, "waiting"), (settle.TRIES, "failed")])
def test_nobody_waits_for_what_waits_for_such_a_one(make, attempts, expected):
    assert up(make("web"), record("blocked", held=held(False)), crashing("db", attempts)) == expected


@pytest.mark.parametrize(
    ("again", "expected"), [(None, "failed"), (Cause(kind="unhealthy", text="3 failed"), "waiting")]
)
def test_nobody_waits_for_what_waits_for_an_unhealthy_one_unless_that_is_replaced(make, again, expected):
    sick = Record(name="db", phase="unhealthy", replace=again)
    assert up(make("web"), record("blocked", held=held(False)), sick) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, "well"),
        (record("stopped"), "well"),
        (record("completed"), "well"),
        (record("stopping"), "waiting"),
        (record("failed", survivors=(9,)), "failed"),
    ],
)
def test_a_down_has_settled_when_nothing_is_left_or_nothing_would_end(found, expected):
    assert settle.stopped(found, "run-1") == expected


def test_a_stop_has_settled_when_its_run_has_made_way_for_another():
    assert settle.stopped(record("running"), "run-0") == "well"


def test_a_down_ends_when_its_service_is_wanted_again_before_its_turn_came():
    assert settle.down(record("running"), "run-1", wanted=("web",)) == "overtaken"


@pytest.mark.parametrize(
    ("found", "wanted"), [(record("running"), ()), (record("stopping"), ("web",)), (record("stopping"), ())]
)
def test_a_down_waits_for_what_is_to_end_or_ends_already(found, wanted):
    assert settle.down(found, "run-1", wanted) == "waiting"


@pytest.mark.parametrize(
    ("phase", "wanted", "expected"),
    [
        ("ready", "healthy", "well"),
        ("starting", "healthy", "waiting"),
        ("starting", "started", "well"),
        ("failed", "completed", "well"),
        ("failed", "healthy", "failed"),
        ("completed", "healthy", "failed"),
        ("completed", "completed_successfully", "well"),
        ("backoff", "started", "waiting"),
    ],
)
def test_a_wait_for_a_condition(make, phase, wanted, expected):
    assert settle.condition(wanted, make("web"), record(phase)) == expected


def test_a_wait_for_what_is_parked_on_a_stopped_dependency_does_not_hang(make):
    parked = record("blocked", held=held(True))
    assert settle.condition("started", make("web"), parked) == "failed"


def test_a_wait_for_what_was_stopped_by_hand_does_not_hang(make):
    assert settle.condition("started", make("web"), record("stopped", intent="stopped")) == "failed"
