import io

import pytest

from nexsock import errors
from nexsock.cli import progress
from nexsock.model.event import Event
from nexsock.model.status import Outcome
from nexsock.protocol.api import Progress


def phase(service: str, name: str, reason: str = "") -> Event:
    return Event(at=1.0, seq=1, project="shop", kind="phase", service=service, phase=name, reason=reason)


def test_the_live_picture_shows_the_services_and_counts_what_is_settled(shell):
    live = progress.Live(shell.session(io.StringIO(), io.StringIO(), terminal=True))
    for event in (phase("db", "starting"), phase("db", "ready"), phase("api", "blocked", "waits for db")):
        live.show(event)
    assert live.picture().plain == ("● ready    db   0ms\n◌ blocked  api  0ms  waits for db\n1 of 2 services settled")


def test_the_live_picture_never_outgrows_the_terminal(shell):
    live = progress.Live(shell.session(io.StringIO(), io.StringIO(), terminal=True))
    for number in range(500):
        live.show(phase(f"s{number}", "starting"))
    assert len(live.picture().plain.splitlines()) < live.console.height


def test_without_room_the_live_picture_leaves_out_what_is_settled(shell):
    live = progress.Live(shell.session(io.StringIO(), io.StringIO(), terminal=True))
    for number in range(500):
        live.show(phase(f"s{number}", "starting" if number == 400 else "ready"))
    assert live.picture().plain == "◔ starting  s400  0ms\n499 of 500 services settled"


def test_the_live_view_leaves_nothing_behind(shell):
    err = io.StringIO()
    with progress.Live(shell.session(io.StringIO(), err, terminal=True)) as live:
        live.show(phase("db", "starting"))
    assert err.getvalue().endswith("\x1b[2K") or err.getvalue().rstrip().endswith("\x1b[?25h")


def test_each_started_service_is_noted_once_also_when_it_is_interrupted(shell):
    def items():
        yield Progress(event=phase("db", "starting"))
        yield Progress(event=phase("db", "starting"))
        raise KeyboardInterrupt

    started: list[str] = []
    session = shell.session(io.StringIO(), io.StringIO(), terminal=False)
    with pytest.raises(KeyboardInterrupt):
        progress.follow(session, items(), started)
    assert started == ["db"]


def test_the_outcome_is_what_the_last_item_brings(shell):
    session = shell.session(io.StringIO(), io.StringIO(), terminal=False)
    done = Outcome(ok=True)
    assert progress.follow(session, iter([Progress(event=phase("a", "ready")), Progress(outcome=done)])) is done


def test_a_stream_without_outcome_is_an_error(shell):
    session = shell.session(io.StringIO(), io.StringIO(), terminal=False)
    with pytest.raises(errors.Unreachable, match="before the work was done"):
        progress.follow(session, iter([]))


def test_verbose_tells_every_event(shell):
    err = io.StringIO()
    session = shell.session(io.StringIO(), err, terminal=False)
    session.options.verbose = True
    probe = Event(at=1_795_428_000.0, seq=1, project="shop", kind="probe", service="web", reason="200")
    progress.follow(session, iter([Progress(event=probe), Progress(outcome=Outcome(ok=True))]))
    assert err.getvalue() == "10:00:00.000  web           probe: 200\n"
