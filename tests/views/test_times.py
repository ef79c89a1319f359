from datetime import UTC, timedelta, timezone

import pytest

from nexsock.views import times


def test_programs_read_utc_with_milliseconds(now):
    assert times.rfc3339(now + 0.1239) == "2026-11-23T10:00:00.123Z"


def test_people_read_their_own_clock(now):
    assert times.clock(now, timezone(timedelta(hours=1))) == "11:00:00.000"
    assert times.clock(now, UTC) == "10:00:00.000"


@pytest.mark.parametrize(("back", "words"), [(None, "-"), (0.0, "now"), (-5.0, "now"), (65.0, "1m 5s ago")])
def test_ago_is_relative_to_the_given_present(now, back, words):
    assert times.ago(None if back is None else now - back, now) == words


def test_a_span_needs_both_ends():
    assert times.span(1.0, 1.25) == "250ms"
    assert times.span(1.0, None) == "-"
    assert times.span(2.0, 1.0) == "0ms"
