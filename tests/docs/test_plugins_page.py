"""The page on plugins: its tables are the contract, and its plugins do what it says."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from nexsock import hooks
from nexsock.hooks import OnPlan, OnReady
from nexsock.model.plugin import Denial
from nexsock.plugins.lua_sandbox import Given, Sandbox
from tests.docs.pages import DOCS, files_of
from tests.plugins.conftest import EXIT, SHOP, START, UP, Folder, folder, host, make_host

__all__ = ["folder", "host", "make_host"]

PAGE = (DOCS / "plugins.md").read_text()
SHOWN = {name: text for files in files_of("plugins.md").values() for name, text in files.items()}
PLUGINS = [name for name in SHOWN if name.endswith((".py", ".lua"))]


def table(title: str) -> list[list[str]]:
    """The rows of the first table whose first column is called so."""
    rows = re.search(rf"^\| {re.escape(title)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert rows, title
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1].splitlines()]


def words(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


def write(folder: Folder, name: str) -> None:
    folder.write(name, SHOWN[name])


def test_the_table_of_moments_is_the_contract():
    told = {row[0].strip("`"): (words(row[2]), words(row[3])) for row in table("hook")}
    common = {"project", "directory"}
    assert told == {
        name: (
            set(event.__struct_fields__) - common,
            hooks.MAY_CHANGE.get(name, frozenset()) | ({"deny"} if name in hooks.MAY_DENY else set()),
        )
        for name, event in hooks.EVENTS.items()
    }


def test_the_table_of_what_a_plugin_says_is_the_manifest():
    assert [row[0].strip("`") for row in table("in `NEXSOCK_PLUGIN`")] == list(hooks.Manifest.__struct_fields__)


def test_the_table_of_capabilities_is_complete():
    assert {row[0].strip("`") for row in table("capability")} == set(hooks.CAPABILITIES)


def test_the_table_of_what_lua_has_is_complete():
    script = b"""
    names = {}
    for name, value in pairs(nexsock) do
      if type(value) == "function" then names[#names + 1] = "nexsock." .. name
      else for below in pairs(value) do names[#names + 1] = "nexsock." .. name .. "." .. below end end
    end
    function on_plan() return names end
    """
    sandbox = Sandbox()
    sandbox.load(script, "names.lua", Given())
    described = re.findall(r"^\| `(nexsock\.[\w.]+)\(", PAGE, re.MULTILINE)
    assert sorted(described) == sorted(sandbox.ask("on_plan", {}, []).value)


@pytest.mark.parametrize("name", PLUGINS)
async def test_a_plugin_of_the_page_can_be_used(name, folder, host):
    write(folder, name)
    assert [(status.state, status.reason) for status in host.statuses()] == [("loaded", "")]


async def test_keep_up_says_no_to_down_while_the_file_is_there(folder, host, tmp_path: Path):
    write(folder, "native/keep_up.py")
    down = replace(UP, command="down", directory=str(tmp_path))
    before = await host.pre_command(down)
    (tmp_path / ".keep-up").touch()
    denied = await host.pre_command(down)
    assert (before, denied) == (None, Denial(plugin="keep-up", reason="the demo is on: remove .keep-up first"))
    assert f"error: {denied}\n" in PAGE


@pytest.mark.parametrize(
    ("variable", "environment", "level"),
    [(None, {}, "debug"), ("info", {}, "info"), ("info", {"LOG_LEVEL": "warn"}, "warn")],
)
async def test_log_level_sets_it_where_there_is_none(variable, environment, level, folder, make_host, monkeypatch):
    if variable:
        monkeypatch.setenv("NEXSOCK_LOG_LEVEL", variable)
    write(folder, "lua/log_level.lua")
    verdict = await make_host().pre_start(replace(START, environment=environment))
    assert verdict.environment == {"LOG_LEVEL": level}


async def test_crashes_are_counted(folder, host):
    write(folder, "lua/crashes.lua")
    for expected in (False, True, False):
        host.tell(replace(EXIT, reason="exited with 1", expected=expected))
    await host.settled()
    assert [note.text for note in await host.on_plan(OnPlan(**SHOP))] == ["web has crashed 2 times"]


async def test_the_slowest_is_remembered(folder, host):
    write(folder, "native/slowest.py")
    for service, took_s in (("web", 1.0), ("db", 2.5), ("api", 2.0)):
        host.tell(OnReady(**SHOP, service=service, run=1, took_s=took_s))
    await host.settled()
    assert [note.text for note in await host.on_plan(OnPlan(**SHOP))] == ["slowest so far: db, 2.5s"]
