"""A search ends in time, whatever the pattern and the line are."""

import re
import signal
import time

import pytest

from nexsock.runtime import match

ENDLESS = re.compile("(a+)+$")


def test_what_is_there_is_found_and_what_is_not_is_not() -> None:
    assert match.found(re.compile("read.$"), "now ready")
    assert not match.found(re.compile("^ready"), "now ready")


def test_a_search_that_would_not_end_is_given_up() -> None:
    began = time.process_time()
    with pytest.raises(match.TooSlow, match="takes too long on a line of 61 characters"):
        match.found(ENDLESS, "a" * 60 + "!")
    assert time.process_time() - began < 1


def test_a_search_leaves_no_timer_behind() -> None:
    match.found(ENDLESS, "aaa")
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    with pytest.raises(match.TooSlow):
        match.found(ENDLESS, "a" * 60 + "!")
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
