"""When a tunnel lets through, and what is said of those who could not."""

import pytest

from nexsock.lifecycle import tunnel
from nexsock.model.state import Cause, Record, Run
from nexsock.model.tunnel import Route

ROUTE = Route(service="web", name="db", listen=20311, targets=(("127.0.0.1", 5432),))
HELD = Route(service="web", name="db", listen=20311, targets=(("127.0.0.1", 5432),), passes=False)


def record(phase, ready_mono=None):
    run = Run(number=1, instance="i1", cause=Cause(kind="user", text=""), fingerprint="", ready_mono=ready_mono)
    return Record(name="db", phase=phase, run=run)


@pytest.mark.parametrize("phase", ["running", "ready"])
def test_what_serves_is_passed_to(phase):
    assert tunnel.passes(record(phase))


@pytest.mark.parametrize("phase", ["stopped", "blocked", "starting", "stopping", "backoff", "failed", "completed"])
def test_what_does_not_serve_is_waited_for(phase):
    assert not tunnel.passes(record(phase))


@pytest.mark.parametrize(("ready_mono", "passes"), [(12.0, True), (None, False)])
def test_what_is_unhealthy_is_passed_to_once_it_has_been_ready(ready_mono, passes):
    assert tunnel.passes(record("unhealthy", ready_mono)) is passes


@pytest.mark.parametrize(
    ("route", "reason", "count", "error", "text"),
    [
        (HELD, "too_long", 1, "", "tunnel to db: a connection waited 1m and was closed; db is not ready"),
        (
            ROUTE,
            "too_long",
            2,
            "Connection refused",
            "tunnel to db: 2 connections waited 1m and were closed; 127.0.0.1:5432: Connection refused",
        ),
        (ROUTE, "too_long", 2, "", "tunnel to db: 2 connections waited 1m and were closed"),
        (HELD, "too_many", 1, "", "tunnel to db: 512 connections wait already, 1 more was closed"),
    ],
)
def test_what_is_said_of_those_that_were_sent_away(route, reason, count, error, text):
    assert tunnel.dropped(route, reason, count, error) == text
