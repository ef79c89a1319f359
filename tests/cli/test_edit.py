"""`add`, `remove`, `dependency`: what is asked of the daemon, and what is told of its answer."""

import pytest

from nexsock.model.edit import EditStatus, ListedDependency
from nexsock.model.plan import Plan, Step
from nexsock.model.status import Because, Failure, Outcome, ServiceStatus
from nexsock.protocol.api import Progress

WRITTEN = EditStatus(service="web", files=("/shop/nexsock.yaml",), origin="nexsock.yaml:3:3")
STARTED = EditStatus(
    service="web",
    files=("/shop/nexsock.yaml",),
    origin="nexsock.yaml:3:3",
    applied=True,
    plan=Plan(steps=(Step(action="restart", service="web", reason="command changed"),)),
)


def test_add_sends_fields_as_they_were_given(shell):
    shell.answers(add_service=WRITTEN)
    ended = shell.run("add", "web", "command=npm run dev --x=1", "ports.http=auto")
    (request,) = shell.daemon.requests("add_service")
    assert request.fields == {"command": "npm run dev --x=1", "ports.http": "auto"}
    assert request.apply
    assert request.project.environ is not None
    assert (ended.status, ended.out) == (0, "web: added, in nexsock.yaml:3:3\n")


@pytest.mark.parametrize("given", ["command", "=x"])
def test_a_field_without_a_value_is_a_wrong_command_line(shell, given):
    ended = shell.run("add", "web", given)
    assert ended.status == 2
    assert "write it like FIELD=VALUE" in ended.err


def test_remove_may_be_forced_and_only_written(shell):
    shell.answers(remove_service=WRITTEN)
    shell.run("remove", "web", "--force", "--no-apply")
    (request,) = shell.daemon.requests("remove_service")
    assert (request.force, request.apply) == (True, False)


def test_a_dependency_has_the_fields_that_were_said(shell):
    shell.answers(add_dependency=WRITTEN)
    shell.run("dependency", "add", "web", "db", "cache", "--condition", "healthy", "--tunnel", "--optional")
    (request,) = shell.daemon.requests("add_dependency")
    assert request.others == ("db", "cache")
    assert request.fields == {"condition": "healthy", "required": "false", "tunnel": "true"}


def test_what_was_begun_is_waited_for_and_fails_the_command(shell):
    failure = Failure(service="web", reason="exited with 1", chain=(Because(service="web", because="exited with 1"),))
    status = ServiceStatus(name="web", phase="failed", ready=False)
    outcome = Outcome(ok=False, services=(status,), failed=(failure,))
    shell.answers(remove_dependency=STARTED, wait=lambda _request: iter([Progress(outcome=outcome)]))
    ended = shell.run("dependency", "remove", "web", "db")
    (waited,) = shell.daemon.requests("wait")
    assert [target.service for target in waited.targets] == ["web"]
    assert ended.status == 1
    assert ended.out.startswith("web: no longer needs db, in nexsock.yaml:3:3\n± restart  web  command changed\n")


def test_what_was_begun_is_no_nothing(shell):
    running = Outcome(ok=True, services=(ServiceStatus(name="web", phase="running", ready=True),), took_s=0.5)
    shell.answers(remove_dependency=STARTED, wait=lambda _request: iter([Progress(outcome=running)]))
    assert shell.run("dependency", "remove", "web", "db").out.endswith("1 service: 1 running (500ms)\n")


def test_dependencies_are_listed_with_their_places(shell):
    one = ListedDependency(service="web", on="db", condition="healthy", tunnel=True, origin="nexsock.yaml:3:3")
    shell.answers(list_dependencies=(one,))
    assert shell.run("dependency", "list").out == (
        "SERVICE  NEEDS  CONDITION\nweb      db     healthy    tunnel  nexsock.yaml:3:3\n"
    )
    shell.answers(list_dependencies=())
    assert shell.run("dependency", "list", "web").out == "No dependencies.\n"
