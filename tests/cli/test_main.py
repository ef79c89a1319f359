import json

import pytest

from nexsock import errors
from nexsock.model.event import Event
from nexsock.model.plan import Plan, Step
from nexsock.model.status import (
    Because,
    Failure,
    Outcome,
    PlanStatus,
    ProjectInfo,
    ProjectStatus,
    ProjectSummary,
    ServiceStatus,
)
from nexsock.protocol.api import Progress

WEB = ServiceStatus(name="web", phase="ready", ready=True, ports={"http": 8080})
UP = Outcome(ok=True, services=(WEB,), took_s=0.5, changes=1)
FAILED = Outcome(
    ok=False,
    services=(ServiceStatus(name="web", phase="failed", ready=False, exit_code=3, reason="exited with 3"),),
    failed=(Failure(service="web", reason="exited with 3", chain=(), last_log=("boom",)),),
    took_s=0.5,
    changes=1,
)
STARTING = Progress(event=Event(at=1.0, seq=1, project="shop", kind="phase", service="web", phase="starting"))
EMPTY = PlanStatus(plan=Plan())
RESTART = PlanStatus(plan=Plan(steps=(Step(action="restart", service="web", reason="environment changed"),)))


def done(outcome: Outcome) -> list[Progress]:
    return [STARTING, Progress(outcome=outcome)]


def test_up_without_a_terminal_tells_transitions_and_returns_when_all_has_settled(shell):
    ended = shell.answers(up=done(UP)).run("up")
    assert ended == (0, "web  ready  8080\n1 service: 1 ready (500ms)\n", "web: starting\n")


def test_up_sends_what_the_options_say_and_the_callers_variables(shell):
    shell.environ["TAG"] = "7"
    shell.answers(up=done(UP)).run(
        "up", "web", "-d", "--no-deps", "--force-restart", "-w", "--timeout", "1m30s", "--profile", "load"
    )
    (request,) = shell.daemon.requests("up")
    assert (request.services, request.no_deps, request.force_restart, request.watch, request.timeout_s) == (
        ("web",), True, True, True, 90.0,
    )  # fmt: skip
    assert request.project.environ["TAG"] == "7"
    assert request.project.profiles == ("load",)


def test_up_leaves_watching_as_it_is_unless_asked(shell):
    shell.answers(up=done(UP)).run("up", "-d")
    assert shell.daemon.requests("up")[0].watch is None


def test_a_failed_up_prints_the_culprits_last_lines_and_exits_with_1(shell):
    ended = shell.answers(up=done(FAILED)).run("up", "-d")
    assert ended.status == 1
    assert ended.err.endswith("error: web: exited with 3\nlast lines of web:\n  | boom\n")


def test_an_up_that_takes_too_long_exits_with_124(shell):
    late = Outcome(ok=False, timed_out=True, failed=(Failure(service="web", reason="still starting"),))
    assert shell.answers(up=done(late)).run("up", "--wait", "--timeout", "1s").status == 124


def test_up_with_json_is_one_document_and_no_progress(shell):
    ended = shell.answers(up=done(UP)).run("up", "--json", terminal=True)
    document = json.loads(ended.out)
    assert (document["version"], document["ok"], document["took_s"]) == (1, True, 0.5)
    assert ended.err == ""


def test_a_quiet_up_says_nothing_unless_it_fails(shell):
    assert shell.answers(up=done(UP)).run("up", "-q") == (0, "", "")
    assert "error: web: exited with 3" in shell.answers(up=done(FAILED)).run("up", "-q").err


def test_a_wrong_duration_is_refused_before_anything_is_asked(shell):
    ended = shell.run("up", "--timeout", "soon")
    assert ended.status == 2
    assert ended.err.startswith("error: --timeout: 'soon' is not a duration")
    assert shell.daemon.asked == []


def test_a_conversation_that_breaks_off_is_an_error(shell):
    assert shell.answers(up=[STARTING]).run("up", "-d").status == 3


def test_down_stops_what_is_named_with_the_given_grace(shell):
    ended = shell.answers(down=done(Outcome(ok=True, took_s=0.1, changes=1))).run("down", "web", "-t", "0")
    (request,) = shell.daemon.requests("down")
    assert (ended.status, request.services, request.timeout_s) == (0, ("web",), 0.0)


def test_down_all_asks_a_person_first(shell):
    projects = (ProjectSummary(id="a-1", name="a", dir="/a", services=2, running=1, failed=0),)
    ended = shell.answers(list_projects=projects).run("down", "--all", terminal=True, typed="n\n")
    assert "Stop 1 project: a? [Y/n]" in ended.err
    assert (ended.status, shell.daemon.requests("down")) == (130, [])


def test_down_all_ends_every_project(shell):
    projects = tuple(
        ProjectSummary(id=f"{name}-1", name=name, dir=f"/{name}", services=2, running=1, failed=0)
        for name in ("a", "b")
    )
    ended = shell.answers(list_projects=projects, down=done(Outcome(ok=True))).run("down", "--all", "--json")
    assert [request.project.name for request in shell.daemon.requests("down")] == ["a-1", "b-1"]
    assert json.loads(ended.out)["ok"] is True


@pytest.mark.parametrize(
    ("found", "options", "status"),
    [(RESTART, (), 0), (RESTART, ("--detailed-exitcode",), 5), (EMPTY, ("--detailed-exitcode",), 0)],
)
def test_plan_exits_with_5_only_when_asked_and_something_is_to_do(shell, found, options, status):
    assert shell.answers(plan=found).run("plan", *options).status == status


def test_plan_is_a_document_with_json(shell):
    document = json.loads(shell.answers(plan=RESTART).run("plan", "--json").out)
    assert document["changes"] == 1
    assert document["steps"][0]["action"] == "restart"


def test_watch_turns_watching_on_and_off_again(shell):
    status = ProjectStatus(project=ProjectInfo(name="shop", dir="/shop", id="shop-1"), services=())
    event = Event(at=1_795_428_000.0, seq=1, project="shop", kind="config", reason="applied")
    shell.answers(list_services=status, watch=status, events=[event, KeyboardInterrupt()])
    ended = shell.run("watch")
    assert ended.status == 130
    assert ended.out == "10:00:00.000  shop          config: applied\n"
    assert [request.on for request in shell.daemon.requests("watch")] == [True, False]


def test_watch_leaves_a_project_watched_that_was_watched_before(shell):
    status = ProjectStatus(project=ProjectInfo(name="shop", dir="/s", id="s-1", watching=True), services=())
    shell.answers(list_services=status, watch=status, events=[KeyboardInterrupt()]).run("watch")
    assert [request.on for request in shell.daemon.requests("watch")] == [True]


def test_the_chain_of_causes_is_told_on_the_error_stream(shell):
    chain = (Because(service="db", because="exited with 1", origin="nexsock.yaml:3:3"),)
    held = Outcome(ok=False, failed=(Failure(service="web", reason="waits for db, which failed", chain=chain),))
    assert "└─ db: exited with 1  (nexsock.yaml:3:3)\n" in shell.answers(up=done(held)).run("up").err


def test_a_refusal_of_the_daemon_has_its_own_exit_code(shell, failing):
    assert shell.answers(up=failing(errors.Refused("plugin 'gate' says no"))).run("up").status == 4
