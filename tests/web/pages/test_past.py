"""Logs and events as they are shown."""

from nexsock.model.event import Event
from nexsock.web.api import gather
from nexsock.web.frame import Frame
from nexsock.web.pages import past


def test_the_newest_events_stand_first_and_old_ones_are_left_out():
    events = tuple(Event(at=float(seq), seq=seq, project="shop-1", kind="plan") for seq in range(1000))
    shown = past.show_events(Frame(now=1.0, path="/events"), gather.Happened(events=events))["events"]
    assert (shown[0]["event"].seq, len(shown)) == (999, past.SHOWN_EVENTS)


def test_an_exit_with_a_failure_looks_like_one():
    events = tuple(
        Event(at=1.0, seq=code, project="shop-1", kind="exit", exit_code=code, service="web") for code in (0, 1)
    )
    shown = past.show_events(Frame(now=1.0, path="/events"), gather.Happened(events=events))["events"]
    assert [one["kind"] for one in shown] == ["bad", "idle"]
