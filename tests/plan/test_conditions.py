import pytest

from nexsock.model.probe import Healthcheck
from nexsock.model.service import Dependency, Launch, Service
from nexsock.model.state import Cause, Record, Run
from nexsock.plan import conditions

PLAIN = Service(name="db", launch=Launch())
CHECKED = Service(name="db", launch=Launch(), healthcheck=Healthcheck(kind="tcp", port=1))
LAUNCHED = Run(number=1, instance="run-1", cause=Cause(kind="user", text="up"), fingerprint="", started_mono=1.0)

MET = {
    "started": "starting running ready unhealthy completed",
    "healthy": "running ready",
    "log_ready": "running ready",
    "completed": "completed failed",
    "completed_successfully": "completed",
}
PHASES = [
    "stopped",
    "blocked",
    "starting",
    "running",
    "ready",
    "unhealthy",
    "stopping",
    "backoff",
    "completed",
    "failed",
]


@pytest.mark.parametrize("condition", MET)
@pytest.mark.parametrize("phase", PHASES)
def test_a_condition_holds_in_exactly_these_phases(condition, phase):
    record = Record(name="db", phase=phase, run=LAUNCHED)
    assert conditions.is_met(condition, record, PLAIN) == (phase in MET[condition].split())


def test_a_start_that_was_only_begun_is_not_started():
    assert not conditions.is_met("started", Record(name="db", phase="starting"), PLAIN)


def test_what_has_a_healthcheck_is_healthy_only_when_it_is_ready():
    record = Record(name="db", phase="running", run=LAUNCHED)
    assert not conditions.is_met("healthy", record, CHECKED)


@pytest.mark.parametrize(
    ("record", "wanted", "why"),
    [
        (Record(name="db", phase="starting"), True, ""),
        (Record(name="db", phase="backoff"), True, ""),
        (Record(name="db", phase="failed", reason="exited with 1"), True, "db failed: exited with 1"),
        (Record(name="db", phase="failed"), True, "db failed"),
        (Record(name="db", phase="completed", reason="exited with 0"), True, "db exited with 0"),
        (Record(name="db", intent="stopped"), False, "db was stopped by hand"),
        (Record(name="db"), False, "db is not wanted"),
    ],
)
def test_why_waiting_does_not_help(record, wanted, why):
    assert conditions.hopeless("db", record, wanted) == why


def test_an_optional_need_is_waited_for_only_while_there_is_hope():
    need = Dependency(condition="healthy", required=False)
    assert conditions.lack("db", need, "") == conditions.Missing("db to be healthy")
    assert conditions.lack("db", need, "db failed") is None


def test_a_required_need_says_why_there_is_no_hope():
    need = Dependency(condition="healthy")
    assert conditions.lack("db", need, "db failed") == conditions.Missing("db to be healthy", True, "db failed")
