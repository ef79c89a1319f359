import typing

import pytest

from nexsock.lifecycle import phase
from nexsock.model.state import ALIVE, Phase

PHASES: frozenset[Phase] = frozenset(typing.get_args(Phase))
HAPPENINGS: frozenset[phase.Happening] = frozenset(typing.get_args(phase.Happening))
AT_REST = PHASES - ALIVE
UP = ALIVE - {"stopping"}

ROWS: dict[phase.Happening, tuple[set[str], str]] = {
    "hold": ({"stopped", "blocked", "backoff", "completed", "failed"}, "blocked"),
    "start": ({"stopped", "blocked", "backoff", "completed", "failed"}, "starting"),
    "adopt": ({"stopped", "blocked", "backoff", "completed", "failed"}, "starting"),
    "release": ({"blocked", "backoff", "failed"}, "stopped"),
    "running": ({"starting", "ready", "unhealthy"}, "running"),
    "ready": ({"starting", "running", "unhealthy"}, "ready"),
    "unhealthy": ({"starting", "running", "ready"}, "unhealthy"),
    "exited": ({"starting", "running", "ready", "unhealthy"}, "stopping"),
    "stop": ({"starting", "running", "ready", "unhealthy"}, "stopping"),
    "gone": ({"stopping"}, "stopped"),
    "done": ({"stopping"}, "completed"),
    "retry": ({"starting", "stopping"}, "backoff"),
    "give_up": ({"starting", "stopping"}, "failed"),
}
"""The table once more, by hand: a change of it is a change of the contract and has to be made twice."""


def test_the_table_has_exactly_these_rows():
    expected = {(before, happening): after for happening, (befores, after) in ROWS.items() for before in befores}
    assert expected == phase.TABLE


def test_the_table_has_41_rows():
    assert len(phase.TABLE) == 41


@pytest.mark.parametrize(("before", "happening"), sorted(phase.TABLE))
def test_each_row_is_what_after_gives(before, happening):
    assert phase.after(before, happening) == phase.TABLE[before, happening]


@pytest.mark.parametrize(
    ("before", "happening"),
    sorted(
        (before, happening) for before in PHASES for happening in HAPPENINGS if (before, happening) not in phase.TABLE
    ),
)
def test_everything_else_is_a_wrong_turn(before, happening):
    with pytest.raises(phase.WrongTurn, match=f"a service that is {before} cannot {happening}"):
        phase.after(before, happening)


def test_every_happening_has_a_row():
    assert {happening for _, happening in phase.TABLE} == HAPPENINGS


def test_every_phase_is_reached_from_stopped():
    reached: set[Phase] = {"stopped"}
    while found := {after for (before, _), after in phase.TABLE.items() if before in reached} - reached:
        reached |= found
    assert reached == PHASES


def test_every_phase_has_a_way_back_to_stopped():
    returning: set[Phase] = {"stopped"}
    while found := {before for (before, _), after in phase.TABLE.items() if after in returning} - returning:
        returning |= found
    assert returning == PHASES


def test_a_start_only_leaves_phases_in_which_nothing_lives():
    starters = {before for before, happening in phase.TABLE if happening in ("start", "adopt")}
    assert starters == AT_REST


def test_what_has_been_executed_ends_only_through_stopping():
    leaving = {before for (before, _), after in phase.TABLE.items() if before in ALIVE and after in AT_REST}
    assert leaving == {"stopping", "starting"}, "a failed launch leaves starting: nothing was executed"


def test_every_living_phase_can_be_stopped_and_can_exit():
    for happening in ("stop", "exited"):
        assert {before for before, what in phase.TABLE if what == happening} == UP
