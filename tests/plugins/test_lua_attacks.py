"""Hostile scripts in the process that a real one runs in: each is answered or ended, and reaches nothing."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.canaries import SECRET, Canaries
from tests.plugins.lua_attacks import ATTACKS, Attack
from tests.plugins.lua_process import LuaProcess

SERVICES = ({"name": "db", "phase": "ready", "ports": {"sql": 5432}},)


@pytest.fixture
def canaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canaries]:
    monkeypatch.setenv("NEXSOCK_CANARY", SECRET)
    made = Canaries(tmp_path / "canaries")
    yield made
    made.close()


@pytest.fixture
def process() -> Iterator[LuaProcess]:
    begun = LuaProcess()
    yield begun
    begun.end()


def what_came_of(attack: Attack, process: LuaProcess, canaries: Canaries) -> str:
    ready = process.load(
        canaries.aimed_at(attack.script).encode(),
        capabilities=("services", "storage"),
        hooks=("pre_start",),
        variables={"TOKEN": "t"},
    )
    if ready is None or ready.fault:
        return ready.fault if ready else "ended"
    returned = process.ask("pre_start", {"service": "web", "environment": {"A": "b"}}, SERVICES)
    if returned is None:
        return "ended"
    return returned.fault or f"answered {returned.answer!r}"


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_answered_or_ended_and_touches_nothing(name, process, canaries):
    came = what_came_of(ATTACKS[name], process, canaries)
    ended = process.end()
    assert ATTACKS[name].comes in came
    assert canaries.touched(came + process.log) == []
    assert ended in (0, 1, -signal.SIGPROF)
    assert len(process.log) < 64 * 1024


def test_there_are_more_than_sixty_attacks():
    assert len(ATTACKS) > 60


def test_a_script_that_reached_a_limit_is_asked_in_a_new_interpreter(process):
    script = (
        b"local n = 0 function pre_start(event) n = n + 1 if event.bad then while true do end end return {n = n} end"
    )
    process.load(script, hooks=("pre_start",))
    answers = [process.ask("pre_start", {"bad": bad}) for bad in (False, True, False)]
    assert [answer.answer for answer in answers if answer] == [{"n": 1}, None, {"n": 1}]


def test_false_takes_a_variable_away_and_an_empty_list_is_one(process):
    process.load(b"function pre_start() return {environment = {A = false, B = 'b'}, command = {}} end")
    returned = process.ask("pre_start", {})
    assert returned is not None
    assert returned.answer == {"environment": {"A": None, "B": "b"}, "command": []}


def test_what_a_script_stores_is_handed_over(process):
    script = b"function on_ready() nexsock.storage.set('n', nexsock.storage.get('n') + 1) end"
    process.load(script, capabilities=("storage",), storage={"n": 4})
    returned = process.ask("on_ready", {})
    assert returned is not None
    assert returned.storage == {"n": 5}


def test_the_log_has_what_is_logged_and_what_went_wrong(process):
    process.load(b"function on_ready() print('here') error('there') end")
    process.ask("on_ready", {})
    process.end()
    assert process.log == "here\nraised bad.lua:1: there\n"
