"""Plugins in Lua as the daemon has them: through the host, each in a process of its own."""

import pytest

from nexsock.hooks import OnPlan
from nexsock.model.plugin import Denial, PluginChange
from tests.plugins.conftest import EXIT, SHOP, START, UP

KEEPING = "on_exit = function() nexsock.storage.set('n', (nexsock.storage.get('n') or 0) + 1) end\n"
KEPT = 'function on_plan() return { notes = { tostring(nexsock.storage.get("n")) } } end'
STORAGE = 'capabilities = { "storage", "notes" }'


async def noted(host) -> dict[str, str]:
    """The notes of plugins below a plan, by plugin."""
    return {note.plugin: note.text for note in await host.on_plan(OnPlan(**SHOP))}


async def test_a_plugin_in_lua_changes_a_start(folder, host):
    body = "function pre_start(event) return { environment = { AT = event.service .. event.environment.PORT } } end"
    folder.lua("adder", body, 'capabilities = { "environment" }')
    verdict = await host.pre_start(START)
    assert verdict.changes == (PluginChange(plugin="adder", field="environment.AT", old=None, new="web3000"),)


async def test_a_plugin_in_lua_says_no(folder, host):
    body = 'function pre_command(event) return { deny = "no " .. event.command } end'
    folder.lua("gate", body, 'capabilities = { "deny" }')
    assert await host.pre_command(UP) == Denial(plugin="gate", reason="no up")


async def test_a_plugin_sees_the_variables_that_its_manifest_names_and_no_others(folder, make_host, monkeypatch):
    monkeypatch.setenv("TOKEN", "t")
    monkeypatch.setenv("SECRET", "s")
    body = "function on_plan() return { notes = { (nexsock.env('TOKEN') or '') .. (nexsock.env('SECRET') or '') } } end"
    folder.lua("asking", body, 'capabilities = { "notes" }, variables = { "TOKEN" }')
    assert await noted(make_host()) == {"asking": "t"}


async def test_a_plugin_sees_services_only_with_the_capability(folder, make_host):
    body = "function on_plan() return { notes = { nexsock.services()[1].name } } end"
    folder.lua("seeing", body, 'capabilities = { "notes", "services" }')
    folder.lua("blind", body, 'capabilities = { "notes" }')
    assert await noted(make_host(survey=lambda _directory: [{"name": "db"}])) == {"seeing": "db"}


async def test_what_a_plugin_stores_is_there_after_a_restart_and_is_its_own(folder, make_host):
    folder.lua("one", KEEPING + KEPT, STORAGE)
    folder.lua("two", KEPT, STORAGE)
    first = make_host()
    first.tell(EXIT)
    first.tell(EXIT)
    await first.settled()
    await first.close()
    assert await noted(make_host()) == {"one": "2", "two": "nil"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("local x = nil; return x.y", "raised gate.lua:2: attempt to index a nil value (local 'x')"),
        ("while true do end", "ran for more than 10000000 instructions"),
        ("return ('a'):rep(40):find(('a*'):rep(20) .. 'b')", "ended for computing too long instead of answering"),
        ("local s = 'x' while true do s = s .. s end", "needed more memory than a plugin may have"),
        ("return { environment = {} }", "pre_command answered 'environment'; it can answer deny"),
        ("return print", "answered with a function"),
    ],
)
async def test_a_fault_is_told_of_the_plugin_and_the_next_is_asked(body, told, folder, host):
    folder.lua("gate", f"function pre_command(event) {body} end", "priority = 1")
    folder.lua("other", "function pre_command() return { deny = 'no' } end", 'capabilities = { "deny" }')
    assert await host.pre_command(UP) == Denial(plugin="other", reason="no")
    assert {status.name: status.last_fault for status in host.statuses()} == {"gate": told, "other": ""}


async def test_a_script_that_hangs_again_and_again_is_set_aside(folder, host):
    folder.lua("bomb", "function pre_command() while true do end end")
    assert [await host.pre_command(UP) for _ in range(4)] == [None] * 4
    assert [(status.state, status.calls) for status in host.statuses()] == [("set_aside", 3)]


async def test_a_script_that_cannot_be_loaded_is_told_with_its_line(folder, host):
    folder.lua("broken", "function pre_command() retrun 1 end")
    await host.pre_command(UP)
    assert host.statuses()[0].last_fault.startswith("cannot be loaded: broken.lua:2: syntax error near '1'")
