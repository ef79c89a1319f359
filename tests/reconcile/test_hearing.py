"""A report changes the record of its own run, and has what must follow done at once."""

import pytest

from nexsock.hooks import NoHooks
from nexsock.model.probe import ProbeResult
from nexsock.model.report import Exited, Gone, Launched, LaunchFailed, Noted, Probed
from nexsock.model.state import Cause, Exit, ProjectState, Record, Run
from nexsock.reconcile.hearing import hear
from nexsock.reconcile.ledger import Ledger


class Listener:
    """A ledger with web in some phase, and an executor that writes its orders down as words."""

    def __init__(self, project, phase, applied):
        self.orders = []
        self.writes = []
        self.events = []
        cause = Cause(kind="user", text="it was wanted")
        run = Run(number=1, instance="i1", cause=cause, fingerprint="f", pid=7, started_mono=99.0)
        state = ProjectState(records={"web": Record(name="web", phase=phase, run=run, applied=applied)})
        self.ledger = Ledger(project, state, memory=self, clock=self, emit=self.events.append)

    def monotonic(self):
        return 100.0

    def wall(self):
        return 1e9

    def put(self, record):
        self.writes.append(record.phase)

    def attend(self, service, record):
        self.orders.append(f"attend {record.name}")

    def leave(self, name):
        self.orders.append(f"leave {name}")

    def end(self, record, asked):
        self.orders.append(f"{'end' if asked else 'clear'} {record.name}")

    def hear(self, report, **details):
        told = report(service="web", instance=details.pop("instance", "i1"), **details)
        return hear(told, self.ledger, self, NoHooks())


@pytest.fixture
def listener(stage, make):
    def in_phase(phase, **fields):
        web = make("web", **fields)
        return Listener(stage().project(web), phase, web)

    return in_phase


EXIT = Exit(code=1, at=1e9)
LAUNCH = {"pid": 7, "start_ticks": 1, "boot_id": "b", "at": 1e9, "mono": 100.0}


def test_what_was_launched_is_probed(listener):
    web = listener("starting")
    assert (web.hear(Launched, **LAUNCH), web.orders, web.writes) == (True, ["attend web"], ["running"])


def test_a_report_about_an_older_run_changes_nothing(listener):
    web = listener("running")
    assert (web.hear(Exited, exit=EXIT, instance="i0"), web.orders, web.writes) == (False, [], [])


def test_an_exit_is_told_and_what_it_left_behind_is_cleared(listener):
    web = listener("running")
    web.hear(Exited, exit=EXIT)
    told = [(event.kind, event.exit_code) for event in web.events if event.kind == "exit"]
    assert (web.orders, told) == (["leave web", "clear web"], [("exit", 1)])


def test_an_exit_that_is_told_twice_is_acted_on_once(listener):
    web = listener("running")
    web.hear(Exited, exit=EXIT)
    before = list(web.orders)
    web.hear(Exited, exit=EXIT)
    assert web.orders == before


def test_the_exit_of_what_is_being_ended_needs_no_second_end(listener):
    web = listener("stopping")
    web.hear(Exited, exit=EXIT)
    assert web.orders == ["leave web"]


def test_a_probe_that_changes_no_verdict_is_only_counted(listener, checked):
    web = listener("ready", healthcheck=checked)
    changed = web.hear(Probed, result=ProbeResult(kind="tcp", ok=True, output="", at=1e9))
    assert (changed, web.writes, web.ledger.record("web").health.successes) == (False, [], 1)


def test_a_note_is_told_and_changes_nothing(listener):
    web = listener("running")
    changed = web.hear(Noted, text="post_start hook failed")
    assert (changed, [(event.kind, event.reason) for event in web.events]) == (
        False,
        [("output", "post_start hook failed")],
    )


def test_a_launch_that_cannot_work_is_given_up_and_not_probed(listener):
    web = listener("starting")
    web.hear(LaunchFailed, message="program 'web' does not exist")
    assert (web.writes, web.orders) == (["failed"], ["leave web"])


def test_a_completed_oneshot_remembers_what_it_was_run_with(listener):
    web = listener("running", oneshot=True)
    web.hear(Exited, exit=Exit(code=0, at=1e9))
    web.hear(Gone)
    record = web.ledger.record("web")
    assert (record.phase, record.done_fingerprint) == ("completed", "f")
