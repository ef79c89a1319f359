"""Which run was the last that worked, and which one the change came with."""

import pytest

from nexsock.lifecycle import blame
from nexsock.model.service import Launch, Service
from nexsock.model.state import Cause, Exit, Run

WEB = Service(name="web", launch=Launch())
MIGRATE = Service(name="migrate", launch=Launch(), oneshot=True)
CRASH, STOP = Cause(kind="crash", text="exited with 1"), Cause(kind="user", text="stopped by hand")


def run(number=1, *, ready=None, exited=None, code=1, ended=None, fingerprint="f"):
    return Run(
        number=number,
        instance=f"i{number}",
        cause=Cause(kind="user", text="because"),
        fingerprint=fingerprint,
        ready_at=ready,
        exit=Exit(code=code, at=exited) if exited is not None else None,
        ended=ended,
    )


@pytest.mark.parametrize(
    ("service", "found", "verdict"),
    [
        (WEB, run(ready=1.0, exited=2.0, ended=CRASH), False),
        (WEB, run(ready=1.0, exited=60.0, ended=CRASH), True),
        (WEB, run(ready=1.0, exited=2.0, code=143, ended=STOP), True),
        (WEB, run(exited=60.0, code=143, ended=STOP), False),
        (WEB, run(ready=1.0), False),
        (MIGRATE, run(exited=2.0, code=0), True),
        (MIGRATE, run(ready=1.0, exited=60.0, code=1), False),
    ],
    ids=["crashed at once", "served", "was stopped", "was never ready", "goes on", "completed", "failed"],
)
def test_a_run_worked_when_it_did_what_it_is_for(service, found, verdict):
    assert blame.worked(service, found) is verdict


def test_the_change_came_with_the_first_run_that_differs_from_the_last_good_one():
    runs = [run(4, fingerprint="new"), run(3, fingerprint="new"), run(2, ready=1.0, exited=99.0), run(1)]
    good = blame.last_good(WEB, runs)
    assert good is runs[2]
    assert blame.changed_in(runs, good, lambda one: one.fingerprint != good.fingerprint) is runs[1]


def test_nothing_may_have_worked_and_nothing_may_have_changed():
    runs = [run(2, exited=1.0), run(1, exited=1.0)]
    assert blame.last_good(WEB, runs) is None
    assert blame.changed_in(runs, runs[1], lambda one: False) is None
