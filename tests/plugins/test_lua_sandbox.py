"""What a script is given and what becomes of what it gives; what hostile ones try is in test_lua_attacks.py."""

from typing import Any

import pytest

from nexsock.plugins.lua_sandbox import Answer, Given, Sandbox

ALL = Given(hooks=("pre_start",), capabilities=("services", "storage"), variables={"TOKEN": "t"})
EVENT = {"service": "web", "run": 3, "environment": {"PORT": "80"}, "command": ["serve", "-x"], "preview": False}


def asked(body: str, given: Given = ALL, event: dict[str, Any] = EVENT, **limits: int) -> Answer:
    sandbox = loaded(f"function pre_start(event)\n{body}\nend", given, **limits)
    return sandbox.ask("pre_start", event, [{"name": "db", "ports": {"sql": 5432}}])


def loaded(script: str, given: Given = ALL, **limits: int) -> Sandbox:
    sandbox = Sandbox(**limits)
    assert sandbox.load(script.encode(), "mine.lua", given).problem == ""
    return sandbox


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -1,
        -33,
        127,
        128,
        40_000,
        70_000,
        -70_000,
        2**40,
        2**63 - 1,
        -(2**63),
        0.5,
        -1e300,
        "",
        "text",
        "ä€😀\0\n",
        "x" * 300,
        "x" * 70_000,
        [1, "a", True],
        list(range(20)),
        list(range(70_000 // 10)),
        {"a": {"b": ["c", {"d": 1.5}]}},
        {f"k{number}": number for number in range(20)},
        {f"k{number}": number for number in range(5000)},
    ],
)
def test_plain_data_goes_in_and_comes_out_as_it_was(value):
    assert asked("return event.value", event={"value": value}) == Answer(value=value)


def test_nothing_in_a_table_is_not_there():
    assert asked("return event", event={"a": None, "b": [1]}).value == {"b": [1]}


def test_a_script_says_which_hooks_it_has():
    script = b"function pre_start() end\nlocal function on_exit() end\non_plan = 1"
    answer = Sandbox().load(script, "mine.lua", Given(hooks=("pre_start", "on_exit", "on_plan")))
    assert answer.value == ["pre_start"]


def test_what_a_script_keeps_in_variables_lasts_from_call_to_call():
    sandbox = loaded("local n = 0 function pre_start() n = n + 1 return n end")
    assert [sandbox.ask("pre_start", {}, []).value for _ in range(3)] == [1, 2, 3]


def test_a_mistake_is_told_with_its_line():
    assert asked("local x = nil\nreturn x.y").problem == "raised mine.lua:3: attempt to index a nil value (local 'x')"


def test_a_mistake_of_form_is_told_with_its_line():
    assert Sandbox().load(b"\nfunction (", "mine.lua", ALL).problem == "mine.lua:2: <name> expected near '('"


def test_after_a_mistake_the_script_can_be_asked_again():
    sandbox = loaded("function pre_start(event) if event.bad then error('no') end return 'fine' end")
    assert [sandbox.ask("pre_start", {"bad": bad}, []).value for bad in (True, False)] == [None, "fine"]


def test_what_is_caught_is_no_mistake():
    assert asked("return {pcall(error, 'a')}, 'ignored'").value == [False, "a"]


def test_the_handler_of_xpcall_answers():
    assert asked("return {xpcall(error, function(e) return e .. '!' end, 'a')}").value == [False, "a!"]


def test_coroutines_work():
    body = """
    local found = {}
    for value in coroutine.wrap(function() for n = 1, 3 do coroutine.yield(n) end end) do found[#found + 1] = value end
    local thread = coroutine.create(function(a) local b = coroutine.yield(a + 1) error(b) end)
    found[4] = select(2, coroutine.resume(thread, 1))
    found[5] = select(2, coroutine.resume(thread, 'end'))
    found[6] = coroutine.status(thread)
    found[7] = coroutine.close(coroutine.create(print))
    return found
    """
    assert asked(body).value == [1, 2, 3, 2, "mine.lua:5: end", "dead", True]


def test_a_mistake_in_a_wrapped_coroutine_is_its_callers():
    assert asked("coroutine.wrap(function() error('a', 0) end)()").problem == "raised a"


def test_lines_that_are_logged_come_with_the_answer():
    assert asked("nexsock.log('a', 1, nil, true) print('b\\nc')").log == ("a\t1\tnil\ttrue", "b", "c")


def test_lines_are_kept_when_the_hook_fails():
    assert asked("nexsock.log('a') error('b')").log == ("a",)


def test_more_than_a_hundred_lines_are_counted():
    assert asked("for n = 1, 130 do print(n) end").log[99:] == ("100", "(30 more lines)")


def test_what_is_logged_at_once_fits_into_a_pipe():
    log = asked("for n = 1, 50 do print(('x'):rep(5000)) end").log
    assert (len(log), len(log[0]), log[-1]) == (17, 2000, "(34 more lines)")


def test_a_script_sees_the_variables_that_it_was_given():
    assert asked("return {nexsock.env('TOKEN'), nexsock.env('HOME')}").value == ["t"]


def test_a_script_sees_the_services():
    assert asked("return nexsock.services()[1].ports.sql").value == 5432


@pytest.mark.parametrize(
    ("call", "capability"),
    [("services()", "services"), ("storage.get('a')", "storage"), ("storage.set('a', 1)", "storage")],
)
def test_without_the_capability_there_is_none(call, capability):
    problem = f"raised mine.lua:2: this needs the capability '{capability}' in the manifest"
    assert asked(f"nexsock.{call}", Given()).problem == problem


def test_what_is_stored_comes_with_the_answer():
    body = "nexsock.storage.set('a', {1}) nexsock.storage.set('b', false) nexsock.storage.set('c', nil)"
    assert asked(body).storage == {"a": [1], "b": False}


def test_an_answer_without_a_change_has_no_storage():
    assert asked("return nexsock.storage.get('a')").storage is None


def test_a_storage_begins_with_what_was_kept():
    given = Given(hooks=ALL.hooks, capabilities=("storage",), storage={"a": {"n": 1}, "b": 2})
    answer = asked("nexsock.storage.set('b', nil) return {nexsock.storage.get('a').n, nexsock.storage.keys()}", given)
    assert (answer.value, answer.storage) == ([1, ["a"]], {"a": {"n": 1}})


def test_a_storage_takes_64_kib():
    body = "for n = 1, 2000 do nexsock.storage.set('k' .. n, ('x'):rep(100)) end"
    answer = asked(body)
    assert answer.problem == "raised mine.lua:2: the storage is full: it takes 65536 bytes"
    assert 50_000 < sum(len(text) for text in (answer.storage or {}).values()) < 65_536


def test_a_limit_is_told_and_the_sandbox_is_spent():
    answer = asked("while true do end", instructions=100_000)
    assert (answer.problem, answer.spent) == ("ran for more than 100000 instructions", True)


def test_the_limit_of_instructions_is_one_calls():
    sandbox = loaded("function pre_start() for _ = 1, 20000 do end return 'fine' end", instructions=100_000)
    assert {sandbox.ask("pre_start", {}, []).value for _ in range(20)} == {"fine"}


def test_the_limit_of_memory_is_told():
    answer = asked("local t = {} for n = 1, 1e6 do t[n] = n end", memory_bytes=1024**2)
    assert (answer.problem, answer.spent) == ("needed more memory than a plugin may have", True)


def test_the_clock_can_be_read():
    assert asked("return os.time() > 1e9 and os.date('!%Y', 0)").value == "1970"
