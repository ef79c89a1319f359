"""What a plugin answers is taken word by word: the right type, for this hook, within what the plugin may."""

import pytest

from nexsock.hooks import CAPABILITIES, Allow, Changes, Deny, Modify
from nexsock.plugins import answers

ALL = tuple(CAPABILITIES)


@pytest.mark.parametrize("plain", [None, {}])
def test_nothing_allows(plain):
    assert answers.read("pre_start", plain, ALL) == Allow()


def test_a_reason_denies():
    assert answers.read("pre_command", {"deny": "not on a Friday"}, ALL) == Deny("not on a Friday")


def test_fields_modify():
    plain = {"environment": {"PORT": "1", "OLD": None}, "command": ["web"]}
    assert answers.read("pre_start", plain, ALL) == Modify(
        Changes(environment={"PORT": "1", "OLD": None}, command=("web",))
    )


@pytest.mark.parametrize(
    ("hook", "plain", "told"),
    [
        ("pre_start", True, "pre_start answered True; it can answer nothing or a table"),
        ("pre_start", ["deny"], "a list"),
        ("pre_start", {"environment": {"PORT": 1}}, "wrong type: Expected `str | null`, got `int`"),
        ("pre_start", {"command": "web --fast"}, "wrong type: Expected `array | null`, got `str`"),
        ("pre_start", {"command": []}, "a command without a program"),
        ("pre_start", {"command": ["we\0b"]}, "NUL"),
        ("pre_start", {"environment": {"A": "\0"}}, "NUL"),
        ("pre_start", {"environment": {"A=B": ""}}, "cannot set the variable 'A=B'"),
        ("pre_start", {"environment": {"NEXSOCK_INSTANCE": "x"}}, "cannot set the variable"),
        ("pre_start", {"grace_s": 1}, "'grace_s'; it can answer deny, command or environment"),
        ("pre_start", {1: "x"}, "answered 1; it can answer"),
        ("pre_start", {"deny": ""}, "needs the reason"),
        ("pre_start", {"deny": 3}, "needs the reason"),
        ("pre_start", {"deny": "no", "command": ["x"]}, "together with changes"),
        ("pre_command", {"command": ["x"]}, "it can answer deny"),
        ("pre_stop", {"grace_s": -1}, "grace_s of -1"),
        ("pre_stop", {"grace_s": float("nan")}, "grace_s of nan"),
        ("on_exit", {"deny": "no"}, "it can answer nothing"),
        ("on_plan", {"deny": "no"}, "it can answer notes"),
    ],
)
def test_whatever_a_hook_does_not_take_is_a_fault_that_says_so(hook, plain, told):
    with pytest.raises(answers.AnswerFault) as caught:
        answers.read(hook, plain, ALL)
    assert told in str(caught.value)


@pytest.mark.parametrize("plain", [{"deny": "no"}, {"environment": {}}])
def test_a_plugin_can_do_nothing_that_it_has_not_asked_for(plain):
    with pytest.raises(answers.AnswerFault, match="without the capability"):
        answers.read("pre_start", plain, ("command",))


def test_a_long_reason_is_cut():
    assert len(answers.read("pre_stop", {"deny": "x" * 10_000}, ALL).reason) == answers.TEXT_LIMIT


def test_more_notes_than_anybody_reads_are_left_out():
    answer = answers.read("on_plan", {"notes": ["mind the gap"] * 100}, ALL)
    assert answer.changes.notes == ("mind the gap",) * answers.NOTES_LIMIT
