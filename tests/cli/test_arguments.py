from datetime import UTC, timedelta, timezone

import pytest

from nexsock import errors
from nexsock.cli import arguments

NOW = 1_795_428_000.0
"""2026-11-23T10:00:00Z"""


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (None, None),
        ("5m", NOW - 300),
        ("90", NOW - 90),
        ("09:30", NOW - 1800),
        ("09:59:30", NOW - 30),
        ("2026-11-23T09:00:00Z", NOW - 3600),
        ("2026-11-23T11:00:00+02:00", NOW - 3600),
        ("2026-11-22", NOW - 34 * 3600),
    ],
)
def test_a_moment_is_said_as_people_say_it(text, at):
    assert arguments.moment(text, "--since", NOW, UTC) == at


def test_a_time_of_day_is_that_of_the_persons_clock():
    assert arguments.moment("10:30", "--since", NOW, timezone(timedelta(hours=1))) == NOW - 1800


@pytest.mark.parametrize("text", ["yesterday", "25:00", "5 minutes", ""])
def test_what_is_no_time_is_refused_with_examples(text):
    with pytest.raises(errors.UsageError, match="write it like 5m"):
        arguments.moment(text, "--since", NOW, UTC)


def test_a_duration_names_its_option_when_it_is_wrong():
    with pytest.raises(errors.UsageError, match="--timeout: 'x' is not a duration"):
        arguments.duration("x", "--timeout")


def test_numbers_of_instances_are_read_by_service():
    assert arguments.scale(["web=3", "job=1", "web=2"]) == {"web": 2, "job": 1}


@pytest.mark.parametrize("text", ["web", "web=", "web=many", "=3", "web=0", "web=-1"])
def test_a_number_of_instances_that_is_none_is_explained(text):
    with pytest.raises(errors.UsageError, match="--scale"):
        arguments.scale([text])
