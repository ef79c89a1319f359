"""What runs were launched with: once for all that are alike, and no longer than a run of it is kept."""

import pytest

from nexsock.model.state import Cause, Run, Snapshot
from nexsock.store.image import Journal, Table
from nexsock.store.launches import ENVIRONMENTS_KEPT, Launches
from nexsock.store.tables import RunRow

CAUSE = Cause(kind="user", text="it was wanted")
PORT = Snapshot(fields={"environment.PORT": '"1"'})


def run(fingerprint, number=1):
    return Run(number=number, instance=f"i{number}", cause=CAUSE, fingerprint=fingerprint)


def row(fingerprint, number=1):
    return RunRow(id=number, service_id=1, number=number, instance=f"i{number}", cause=CAUSE, fingerprint=fingerprint)


@pytest.fixture
def launches():
    journal = Journal()
    return Launches(Table("launch", {}, journal), Table("environment", {}, journal))


def test_runs_that_were_launched_alike_share_what_is_remembered(launches):
    assert launches.put_launch(1, run("f" * 32), PORT)
    assert not launches.put_launch(1, run("f" * 32, number=2), PORT)
    assert launches.launch(1, run("f" * 32, number=3)) == PORT


def test_inputs_and_secrets_are_not_part_of_a_launch(launches):
    launches.put_launch(1, run("f" * 32 + "inputs;DB=1"), PORT)
    assert launches.launch(1, run("f" * 32 + "others;DB=2")) == PORT


def test_services_do_not_share(launches):
    launches.put_launch(1, run("f" * 32), PORT)
    assert launches.launch(2, run("f" * 32)) is None


def test_what_no_kept_run_was_launched_with_is_forgotten(launches):
    launches.put_launch(1, run("a" * 32), PORT)
    launches.put_launch(1, run("b" * 32), PORT)
    launches.put_launch(2, run("a" * 32), PORT)
    launches.keep(1, [row("b" * 32)])
    known = [launches.launch(service, run(letter * 32)) for service, letter in ((1, "a"), (1, "b"), (2, "a"))]
    assert known == [None, PORT, PORT]


def test_the_same_environment_again_is_no_change_and_the_oldest_go(launches):
    for number in range(ENVIRONMENTS_KEPT + 1):
        assert launches.put_environment(f"e{number}", {"PATH": "1a2b"})
    assert not launches.put_environment("e1", {"PATH": "1a2b"})
    assert [launches.environment(f"e{number}") for number in (0, 1)] == [None, {"PATH": "1a2b"}]
    assert launches.environment(None) is None
