"""Words of sd_notify in, standing and answers out."""

import pytest

from nexsock.lifecycle import notify
from nexsock.lifecycle.notify import Word
from nexsock.model.probe import Healthcheck
from nexsock.model.state import Health

CHECK = Healthcheck(kind="notify", start_period_s=30.0, interval_s=10.0)


class Talk:
    """A run that was started at 100 and says things; `answers` are what was reported."""

    def __init__(self, health=None):
        self.standing = notify.begin(CHECK, health or Health(), 100.0)
        self.answers = []

    def say(self, text, now=101.0):
        self.standing, answer = notify.hear(self.standing, notify.parse(text.encode()), now)
        self.answers.append(answer)
        return self

    def lapse(self):
        self.standing, answer = notify.lapse(self.standing)
        self.answers.append(answer)
        return self


@pytest.mark.parametrize(
    ("datagram", "word"),
    [
        (b"READY=1", Word(ready=True)),
        (b"STATUS=half way\nREADY=1\n", Word(ready=True, status="half way")),
        (b"STATUS=", Word(status="")),
        (b"RELOADING=1\nMONOTONIC_USEC=7", Word(reloading=True)),
        (b"STOPPING=1", Word(stopping=True)),
        (b"WATCHDOG=1", Word(watchdog="1")),
        (b"WATCHDOG=trigger", Word(watchdog="trigger")),
        (b"WATCHDOG_USEC=20000000", Word(watchdog_s=20.0)),
        (b"EXTEND_TIMEOUT_USEC=500000", Word(extend_s=0.5)),
        (b"EXTEND_TIMEOUT_USEC=18446744073709551615", Word(extend_s=notify.LONGEST_S)),
        (b"STATUS=\xff\x00", Word(status="\ufffd\x00")),
    ],
)
def test_what_is_said(datagram, word):
    assert notify.parse(datagram) == word


@pytest.mark.parametrize(
    "datagram",
    [b"", b"READY", b"READY=0", b"READY=yes", b"MAINPID=1", b"WATCHDOG=2", b"WATCHDOG_USEC=-1", b"WATCHDOG_USEC=0",
     b"EXTEND_TIMEOUT_USEC=soon", b"EXTEND_TIMEOUT_USEC=" + b"9" * 5000, b"\0" * 4096],
)  # fmt: skip
def test_what_says_nothing(datagram):
    assert notify.parse(datagram) is None


def test_it_is_ready_when_it_says_so_and_nothing_is_due_then():
    talk = Talk().say("STATUS=loading").say("READY=1")
    assert talk.answers == [(None, "loading"), (True, "loading")]
    assert talk.standing.until is None


def test_silence_since_the_start_lapses_at_the_end_of_the_start_period():
    talk = Talk()
    assert talk.standing.until == 130.0
    talk.say("STATUS=loading").lapse()
    assert talk.answers[-1] == (False, "it did not say READY=1 in time; its status: loading")
    assert talk.say("READY=1").answers[-1] == (True, "loading")


def test_more_time_can_be_asked_for_and_never_less():
    talk = Talk().say("EXTEND_TIMEOUT_USEC=60000000", now=120.0)
    assert talk.standing.until == 180.0
    assert talk.say("EXTEND_TIMEOUT_USEC=1000000", now=120.0).standing.until == 180.0


def test_the_watchdog_is_armed_by_its_first_word_after_ready():
    talk = Talk().say("WATCHDOG=1")
    assert talk.standing.until == 130.0
    assert talk.say("READY=1", now=102.0).standing.until is None
    assert talk.say("WATCHDOG=1", now=103.0).standing.until == 113.0
    assert talk.answers == [None, (True, "it said READY=1"), None]


def test_a_watchdog_that_is_missed_is_told_once_and_the_next_word_mends_it():
    talk = Talk().say("READY=1").say("WATCHDOG=1").lapse()
    assert (talk.answers[-1], talk.standing.until) == ((False, "no WATCHDOG=1 for 10s"), None)
    assert talk.say("WATCHDOG=1", now=200.0).answers[-1] == (True, "it said WATCHDOG=1")
    assert talk.standing.until == 210.0
    assert talk.say("WATCHDOG=1", now=205.0).answers[-1] is None


def test_the_period_of_the_watchdog_is_what_the_service_says_last():
    assert Talk().say("READY=1").say("WATCHDOG=1\nWATCHDOG_USEC=500000", now=110.0).standing.until == 110.5


def test_the_watchdog_can_be_triggered():
    assert Talk().say("READY=1").say("WATCHDOG=trigger\nSTATUS=no disk").answers[-1] == (
        False,
        "it said WATCHDOG=trigger; its status: no disk",
    )


def test_a_reload_is_told_and_changes_nothing():
    talk = Talk().say("READY=1").say("RELOADING=1")
    assert talk.answers[-1] == (None, "it is reloading")
    assert talk.say("READY=1").answers[-1] == (True, "it said READY=1")


def test_what_ends_is_not_ready_and_owes_no_word():
    talk = Talk().say("READY=1").say("WATCHDOG=1").say("STOPPING=1\nSTATUS=bye")
    assert talk.answers[-1] == (False, "it said STOPPING=1; its status: bye")
    assert talk.standing.until is None


@pytest.mark.parametrize(("verdict", "answer"), [("healthy", None), ("unhealthy", (True, "it said WATCHDOG=1"))])
def test_a_next_brain_goes_on_where_the_last_one_was(verdict, answer):
    talk = Talk(Health(verdict=verdict)).say("WATCHDOG=1", now=500.0)
    assert (talk.answers, talk.standing.until) == ([answer], 510.0)
