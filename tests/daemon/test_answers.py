"""What is known of a project, in the documents that clients are told."""

import pytest

from nexsock import errors
from nexsock.daemon import answers
from nexsock.model.plan import Hold
from nexsock.model.state import Exit, Health
from nexsock.model.status import ConfigFault
from nexsock.protocol import api
from nexsock.store import migrate

CRASH = Exit(code=1, at=1e9)


@pytest.fixture
def shop(house, service, run):
    """db has failed, web waits for it."""
    found = house(service("db", description="the database"), service("web", "db"))
    found.holds("db", "failed", reason="exited with 1", run=run(exit=CRASH), health=Health(last_output="refused"))
    found.holds("web", "blocked", held=Hold(service="web", waits_for="db to be started", on=("db",), failed=True))
    found.history["db"] = (run(exit=CRASH),)
    found.logged["db"] = [f"line {number}" for number in range(20)]
    return found


def test_a_list_has_the_file_in_its_order_and_then_what_is_left_of_others(shop, run):
    shop.holds("old", "stopping", run=run(pid=9))
    assert [line.name for line in answers.project_status(shop).services] == ["db", "web", "old"]


def test_a_list_of_named_services_has_only_these(shop):
    assert [line.name for line in answers.project_status(shop, ("web",)).services] == ["web"]


def test_the_line_of_a_project_counts_what_runs_and_what_failed(shop, run):
    shop.holds("web", "running", run=run(pid=9, started_mono=1.0))
    line = answers.summary(shop)
    assert (line.services, line.running, line.failed, line.config_error) == (2, 1, 1, False)


def test_a_broken_file_is_told_in_the_line_of_its_project(shop):
    shop.fault = ConfigFault(since=1e9, problems=())
    assert answers.summary(shop).config_error


def test_the_details_of_a_service_name_who_needs_it_and_its_last_runs(shop, run):
    shop.history["db"] = tuple(run(number) for number in range(9, 0, -1))
    detail = answers.detail(shop, "db")
    assert (detail.required_by, detail.description, detail.log_file, [one.run for one in detail.history]) == (
        ("web",),
        "the database",
        "/logs/db.log",
        [9, 8, 7, 6, 5],
    )


def test_why_goes_down_to_the_culprit_and_has_what_it_said_last(shop):
    told = answers.why(shop, "web")
    assert (told.phase, [link.service for link in told.chain], told.last_exit, told.last_probe, told.last_log) == (
        "blocked",
        ["web", "db"],
        "exited with 1",
        "refused",
        tuple(f"line {number}" for number in range(5, 20)),
    )


def test_why_tells_what_can_be_done_about_the_culprit(shop):
    told = answers.why(shop, "web")
    assert (told.next, told.advice) == (None, "'nexsock start db' tries it again, and so does an edit of it")


def test_why_tells_the_run_of_a_service_that_is_well(shop, run):
    shop.holds("web", "running", run=run(7))
    told = answers.why(shop, "web")
    assert (told.run.run, told.run.cause, told.last_change, told.advice) == (7, "it was wanted", None, None)


def test_why_knows_a_service_that_is_no_longer_in_the_file(shop, run):
    shop.holds("old", "running", run=run())
    told = answers.why(shop, "old")
    assert (told.in_file, told.chain[0].because) == (False, "is running; it is no longer in the file")


def test_a_failure_has_the_reason_of_the_service_and_the_log_of_the_culprit(shop):
    told = answers.failure(shop, "web")
    assert (told.service, told.reason, told.last_log[-1]) == ("web", "blocked: waits for db to be started", "line 19")


def test_a_culprit_that_was_never_started_has_no_log(shop):
    shop.holds("db", "failed", reason="program 'db' does not exist")
    assert answers.failure(shop, "web").last_log == ()


@pytest.mark.parametrize("ask", [answers.detail, answers.why])
def test_a_service_that_is_not_there_is_refused(shop, ask):
    with pytest.raises(errors.NotFound):
        ask(shop, "wbe")


def test_a_memory_without_a_file_is_called_so():
    schema = migrate.schema(1)
    told = answers.database_status(None, schema)
    assert told == api.DatabaseStatus(
        path="memory:", version=1, newest=schema.newest, applied=schema.applied, pending=schema.pending
    )
