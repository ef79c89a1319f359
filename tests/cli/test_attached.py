"""`up` at a terminal. The fake daemon's streams end, or interrupt as Ctrl-C does, where the test says."""

import pytest

from nexsock.cli import attached
from nexsock.model.event import Event
from nexsock.model.log import LogLine
from nexsock.model.plan import Plan, Step
from nexsock.model.status import Outcome, PlanStatus, ProjectInfo, ProjectStatus, ServiceStatus
from nexsock.protocol.api import Progress

NOW = 1_795_428_000.0
WEB = ServiceStatus(name="web", phase="running", ready=True)
UP = Outcome(ok=True, services=(WEB,), took_s=0.5, changes=1)
DOWN = [Progress(outcome=Outcome(ok=True, changes=1, took_s=0.1))]
EMPTY = PlanStatus(plan=Plan())


def phase(name: str, service: str = "web") -> Event:
    return Event(at=NOW, seq=1, project="shop", kind="phase", service=service, phase=name)


STARTED = [Progress(event=phase("starting")), Progress(outcome=UP)]


def written(text: str) -> LogLine:
    return LogLine(at=NOW, service="web", run=1, stream="stdout", text=text)


def test_it_follows_the_logs_until_everything_has_ended(shell):
    shell.answers(up=STARTED, logs=[written("hello")], events=[phase("completed")])
    ended = shell.run("up", "--no-color", terminal=True)
    assert ended.status == 0
    assert ended.out.startswith("web  running\n1 service: 1 running (500ms)\n")
    assert "web | hello\n" in ended.out


def test_the_logs_begin_where_the_up_began(shell):
    shell.answers(up=STARTED, logs=[written("hello")], events=[phase("completed")]).run("up", terminal=True)
    (request,) = shell.daemon.requests("logs")
    assert (request.query.since, request.query.services, request.follow) == (NOW, ("web",), True)


def test_it_fails_when_a_service_fails_while_it_is_followed(shell):
    shell.answers(up=STARTED, logs=[], events=[phase("failed")])
    assert shell.run("up", terminal=True).status == 1


def test_nothing_is_followed_when_everything_is_done_already(shell):
    done = Outcome(ok=True, services=(ServiceStatus(name="web", phase="completed", ready=True),))
    shell.answers(up=[Progress(outcome=done)])
    assert shell.run("up", terminal=True).status == 0
    assert shell.daemon.requests("logs") == []


def living(*names: str) -> ProjectStatus:
    services = tuple(ServiceStatus(name=name, phase="running", ready=True) for name in names)
    return ProjectStatus(project=ProjectInfo(name="shop", dir="/shop", id="shop-1"), services=services)


def test_ctrl_c_stops_what_this_up_started_and_nothing_else(shell):
    shell.answers(up=[*STARTED[:1], KeyboardInterrupt()], list_services=living("web", "db"), down=DOWN)
    ended = shell.run("up", terminal=True)
    (request,) = shell.daemon.requests("down")
    assert (ended.status, request.services, request.timeout_s) == (130, ("web",), None)


def test_ctrl_c_names_no_service_when_none_ran_before_so_that_the_next_up_starts_them_all(shell):
    shell.answers(up=[*STARTED[:1], KeyboardInterrupt()], list_services=living("web"), down=DOWN)
    ended = shell.run("up", terminal=True)
    assert shell.daemon.requests("down")[0].services == ()
    assert "Stopping everything" in ended.err


def test_ctrl_c_withdraws_an_up_that_still_waits_for_everything(shell):
    shell.answers(up=[KeyboardInterrupt()], list_services=living(), down=DOWN).run("up", terminal=True)
    assert shell.daemon.requests("down")[0].services == ()


def test_a_second_ctrl_c_kills(shell):
    answers = iter([[KeyboardInterrupt()], DOWN])
    shell.answers(up=[*STARTED[:1], KeyboardInterrupt()], list_services=living("web"), down=lambda _: next(answers))
    ended = shell.run("up", terminal=True)
    assert [request.timeout_s for request in shell.daemon.requests("down")] == [None, 0.0]
    assert ended.status == 130


def test_ctrl_c_leaves_alone_what_ran_before(shell):
    shell.answers(up=[KeyboardInterrupt()], list_services=living("web"))
    ended = shell.run("up", terminal=True)
    assert ended.status == 130
    assert "the services keep running" in ended.err
    assert shell.daemon.requests("down") == []


@pytest.mark.parametrize("option", ["-d", "--wait", "--json"])
def test_detached_it_returns_at_once(shell, option):
    shell.answers(up=STARTED)
    assert shell.run("up", option, terminal=True).status == 0
    assert shell.daemon.requests("logs") == []


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (phase("starting"), ""),
        (phase("failed"), "web: failed\n"),
        (
            Event(at=NOW, seq=1, project="shop", kind="config", reason="applied", origin="nexsock.yaml:3:1"),
            "── config: nexsock.yaml:3:1: applied ──\n",
        ),
        (Event(at=NOW, seq=1, project="shop", kind="watch", service="web", reason="app.py"), "── web: app.py ──\n"),
    ],
)
def test_between_the_logs_only_trouble_and_changes_are_told(event, line):
    assert attached.told(event, False) == line


def test_nothing_is_asked_when_nothing_is_stopped(shell):
    shell.answers(plan=EMPTY, up=STARTED)
    ended = shell.run("up", "-d", terminal=True, typed="")
    assert (ended.status, "Go on?" in ended.err) == (0, False)


def test_up_asks_before_it_stops_what_the_file_no_longer_has(shell):
    plan = Plan(steps=(Step(action="stop", service="old", reason="no longer in the file"),))
    stops = PlanStatus(plan=plan, digest=plan.digest)
    shell.answers(plan=stops, up=STARTED)
    ended = shell.run("up", "-d", terminal=True, typed="n\n")
    assert "old will be stopped: no longer in the file" in ended.err
    assert (ended.status, shell.daemon.requests("up")) == (130, [])
    assert shell.run("up", "-d", terminal=True, typed="y\n").status == 0
    assert shell.run("up", "-d", "--yes", terminal=True, typed="").status == 0
    assert [asked.digest for asked in shell.daemon.requests("up")] == [plan.digest, None]
