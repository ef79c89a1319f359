from datetime import UTC

import pytest

from nexsock.model.event import Event
from nexsock.views import events


def event(**changes) -> Event:
    return Event(**{"at": 1_795_428_000.0, "seq": 1, "project": "shop-1", "kind": "phase", **changes})


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"service": "web", "phase": "ready", "reason": "healthy after 0.4s"},
            "10:00:00.000  web           ready: healthy after 0.4s\n",
        ),
        (
            {
                "service": "web",
                "kind": "plan",
                "action": "restart",
                "reason": "environment changed",
                "origin": "n.yaml:1:2",
            },
            "10:00:00.000  web           restart: environment changed  (n.yaml:1:2)\n",
        ),
        ({"service": "web", "kind": "exit", "exit_code": 3}, "10:00:00.000  web           exit 3\n"),
        ({"kind": "config", "reason": "applied"}, "10:00:00.000  shop-1        config: applied\n"),
    ],
)
def test_an_event_is_one_line_with_time_name_and_reason(fields, line):
    assert events.line(event(**fields), colour=False, zone=UTC) == line


def test_progress_tells_changes_of_phase():
    told = event(service="web", phase="blocked", reason="waits for db")
    assert events.transition(told, colour=False) == "web: blocked (waits for db)\n"


def test_progress_leaves_out_what_is_not_about_a_phase():
    assert events.transition(event(service="web", kind="probe"), colour=False) is None
    assert events.transition(event(kind="config"), colour=False) is None
    assert events.transition(event(service="web", kind="plan", action="start"), colour=False) is None


def test_an_update_in_place_is_told_though_no_phase_changes():
    told = event(service="web", kind="plan", action="update", reason="healthcheck.interval changed")
    assert events.transition(told, colour=False) == "web: updated (healthcheck.interval changed)\n"


def test_progress_passes_on_what_hooks_say():
    assert events.transition(event(service="web", kind="output", reason="seeding"), colour=False) == "web: seeding\n"
