"""What a plugin changes is made, told once with what was there before, and what is as it was is no change."""

import pytest

from nexsock.hooks import Changes, StartVerdict, StopVerdict
from nexsock.model.plugin import PluginChange
from nexsock.plugins import merge

BEFORE = StartVerdict(command=("web", "a b"), environment={"PORT": "1", "OLD": "x"})


def change(field, old, new):
    return PluginChange(plugin="p", field=field, old=old, new=new)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"environment": {"NEW": "y"}}, change("environment.NEW", None, "y")),
        ({"environment": {"PORT": "2"}}, change("environment.PORT", "1", "2")),
        ({"environment": {"OLD": None}}, change("environment.OLD", "x", None)),
        ({"command": ("web", "c")}, change("command", "web 'a b'", "web c")),
    ],
)
def test_a_change_of_a_start_is_told(changes, told):
    assert merge.start(BEFORE, "p", Changes(**changes)).changes == (told,)


@pytest.mark.parametrize(
    "changes", [{}, {"environment": {"PORT": "1"}}, {"environment": {"ABSENT": None}}, {"command": ("web", "a b")}]
)
def test_what_is_as_it_was_is_no_change(changes):
    assert merge.start(BEFORE, "p", Changes(**changes)) == BEFORE


def test_a_second_plugin_adds_to_what_the_first_has_changed():
    first = merge.start(BEFORE, "p", Changes(environment={"PORT": "2"}))
    second = merge.start(first, "q", Changes(environment={"PORT": "3"}))
    assert (second.environment["PORT"], [(one.plugin, one.old, one.new) for one in second.changes]) == (
        "3",
        [("p", "1", "2"), ("q", "2", "3")],
    )


def test_what_was_there_before_stays_as_it_is():
    merge.start(BEFORE, "p", Changes(environment={"OLD": None}))
    assert BEFORE.environment == {"PORT": "1", "OLD": "x"}


def test_a_stop_has_the_time_that_was_said_last():
    verdict = merge.stop(StopVerdict(grace_s=10.0), "p", Changes(grace_s=0.0))
    assert (verdict.grace_s, verdict.changes) == (0.0, (change("grace_s", "10", "0"),))
    assert merge.stop(verdict, "q", Changes()) == verdict
