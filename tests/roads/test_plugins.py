"""Plugins for real: asked by the daemon before it acts, in processes of their own, whatever becomes of them."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

STACK = """
    services:
      db:
        command: exec sleep 1000
      web:
        command: echo "url is $$DATABASE_URL, port $$PORT"; exec sleep 1000
        depends_on: [db]
        environment: {PORT: "3000"}
"""


class Shelf:
    """The user's plugins; those that a test writes are gone with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "native").mkdir(parents=True, exist_ok=True)
        for one in (folder.parent, folder, folder / "native"):
            one.chmod(0o700)
        self._written: list[Path] = []

    def write(self, name: str, body: str, **said: object) -> None:
        """A native plugin with this body below its manifest, in the place of an earlier one of this name."""
        self._put(f"native/{name}.py", f"NEXSOCK_PLUGIN = { {'name': name, 'abi': '1.0', **said}!r}\n{body}\n")

    def write_lua(self, name: str, script: str) -> None:
        self._put(f"lua/{name}.lua", dedent(script))

    def _put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(text)
        unfinished.chmod(0o600)
        unfinished.replace(path)
        self._written.append(path)

    def clear(self) -> None:
        for path in self._written:
            path.unlink(missing_ok=True)


@pytest.fixture
def shelf(home) -> Iterator[Shelf]:
    made = Shelf(home.folder / "config" / "plugins")
    yield made
    made.clear()


@pytest.fixture
def said(home) -> Callable[[str], list[str]]:
    """The lines that a plugin has printed."""

    def lines(name: str) -> list[str]:
        path = home.folder / "state" / "plugins" / f"{name}.log"
        return path.read_text().splitlines() if path.exists() else []

    return lines


GATE = "def pre_start(service):\n    return {'deny': '.env lacks KEY'} if service == 'db' else None"


def test_a_start_that_a_plugin_refuses_ends_the_command_with_its_name_and_reason(project, shelf):
    shelf.write("gate", GATE, capabilities=["deny"])
    shop = project(STACK)
    ended = shop.run("up", "-d")
    assert (ended.exit, "plugin 'gate' says no: .env lacks KEY" in ended.err) == (4, True)
    failed = shop.json("up", "-d")["failed"]
    denied = {"plugin": "gate", "reason": ".env lacks KEY", "fault": False}
    assert {one["service"]: one["denied"] for one in failed} == {"db": denied, "web": denied}
    assert (shop.phases(), shop.processes()) == ({"db": "failed", "web": "blocked"}, [])
    assert shop.history("db")[0]["denied"] == denied
    shelf.write("gate", "def pre_start(): return None", capabilities=["deny"])
    shop.up()
    assert shop.phases() == {"db": "running", "web": "running"}


def test_what_a_plugin_changes_reaches_the_process_and_is_shown_wherever_one_looks(project, shelf):
    shelf.write(
        "url",
        "def pre_start(service, environment):\n"
        "    if service == 'web':\n"
        "        return {'environment': {'DATABASE_URL': 'postgres://me:hush@db/shop', 'PORT': '4000'}}\n"
        "def on_plan(steps):\n"
        "    return {'notes': [f'{len(steps)} to go']}",
        capabilities=["environment", "notes"],
    )
    shop = project(STACK)
    plan = shop.json("plan")
    shop.up()
    shop.wait_until(lambda: shop.log("web"), "web says what it was given")
    url = {"plugin": "url", "field": "environment.DATABASE_URL", "new": "postgres://me:••••••@db/shop"}
    port = {"plugin": "url", "field": "environment.PORT", "old": "3000", "new": "4000"}
    assert (plan["plugins"], plan["notes"]) == (
        [{"service": "web", "changes": [url, port]}],
        [{"plugin": "url", "text": "1 to go"}],
    )
    assert b"url is postgres://me:hush@db/shop, port 4000" in shop.log("web")
    assert (shop.history("web")[0]["altered"], shop.json("why", "web")["run"]["altered"]) == ([url, port], [url, port])
    assert "hush" not in shop.done("why", "web") + shop.done("history", "web") + shop.done("logs", "web")
    before = shop.pids()
    assert "nothing had to be done" in shop.up()
    assert shop.pids() == before
    assert not shop.service("web")["stale"]


def test_a_command_and_an_end_that_a_plugin_refuses_leave_the_world_as_it_was(project, shelf):
    shop = project(STACK)
    shop.up()
    before = shop.pids()
    shelf.write(
        "gate",
        "def pre_command(command): return {'deny': 'not on a friday'} if command == 'kill' else None\n"
        "def pre_stop(service): return {'deny': 'it is busy'} if service == 'web' else None",
        capabilities=["deny"],
    )
    refused = shop.run("kill", "web")
    assert (refused.exit, refused.err) == (4, "error: plugin 'gate' says no: not on a friday\n")
    for command in (("stop", "web"), ("restart", "web"), ("down",), ("up", "-d", "--force-restart")):
        ended = shop.run(*command)
        assert (ended.exit, ended.err) == (4, "error: plugin 'gate' says no: web: it is busy\n"), command
    assert shop.pids() == before
    assert shop.json("stop", "web")["error"]["code"] == "refused"


def test_plugins_are_told_of_a_life_in_order(project, shelf, said):
    shelf.write(
        "diary",
        "def post_start(service, run): print('post_start', service, run, flush=True)\n"
        "def on_ready(service, run): print('on_ready', service, run, flush=True)\n"
        "def on_exit(service, run, expected): print('on_exit', service, run, expected, flush=True)\n"
        "def post_stop(service, run): print('post_stop', service, run, flush=True)\n",
    )
    shop = project(STACK)
    shop.up("db")
    shop.done("stop", "db")
    expected = ["post_start db 1", "on_ready db 1", "on_exit db 1 True", "post_stop db 1"]
    shop.wait_until(lambda: len(said("diary")) >= len(expected), "it has written four lines")
    assert said("diary") == expected


def test_a_plugin_that_hangs_is_given_up_in_time_and_set_aside_and_others_start_meanwhile(project, shelf):
    shelf.write(
        "slow",
        "import time\ndef pre_start(service):\n    if service == 'db': time.sleep(60)",
        timeout=0.3,
    )
    shop = project(STACK.replace("depends_on: [db]", ""))
    for _ in range(3):
        assert shop.run("restart", "db").exit == 0
    told = shop.json("why", "db")["plugins"]
    assert [sentence.split(":")[0] for sentence in told] == ["plugin 'slow' is set aside"]
    assert "plugin 'slow' is set aside" in shop.done("why", "db")
    shop.up()
    assert shop.phases() == {"db": "running", "web": "running"}


def test_a_gate_that_dies_is_closed_and_services_do_not_notice(project, shelf):
    shop = project(STACK)
    shop.up()
    before = shop.pids()
    shelf.write("gate", "import os\ndef pre_stop(service): os._exit(1)", capabilities=["deny"])
    ended = shop.run("stop", "web")
    assert (ended.exit, "plugin 'gate' has no answer: web: it " in ended.err) == (4, True)
    assert shop.pids() == before


def test_a_gate_that_no_longer_exists_is_open(project, shelf):
    shop = project(STACK)
    shelf.write("gate", GATE, capabilities=["deny"])
    assert shop.run("up", "-d").exit == 4
    shelf.clear()
    shop.up()


def test_a_killed_daemon_leaves_no_process_of_a_plugin_and_the_next_knows_what_was_changed(project, shelf, home, end):
    shelf.write(
        "url",
        "import os\n"
        "def pre_start(service, environment):\n"
        "    print(os.getpid(), flush=True)\n"
        "    return {'environment': {'SECRET_KEY': 'abc123def456'}}",
        capabilities=["environment"],
    )
    shop = project(STACK + '        healthcheck: {test: test "$$SECRET_KEY" = abc123def456, interval: 200ms}\n')
    shop.up()
    log = home.folder / "state" / "plugins" / "url.log"
    worker = int(log.read_text().split()[-1])
    pids, brain = shop.pids(), shop.json("daemon", "status")["pid"]
    end(brain, signal.SIGKILL)
    shop.wait_until(lambda: shop.run("ps").exit == 0 and shop.json("daemon", "status")["pid"] != brain, "a next brain")
    shop.wait_until(lambda: not Path(f"/proc/{worker}").exists(), "the plugin's process is gone")
    shop.wait_until(lambda: shop.phase("web") == "ready", "it is healthy by the variable that only it has")
    assert shop.pids() == pids
    assert shop.history("web")[0]["altered"][0]["new"] == "••••••"


def test_a_change_on_disk_ends_nothing_that_a_plugin_keeps(project, shelf):
    shop = project(STACK.replace("depends_on: [db]", "watch: [{path: src}]"))
    (shop.folder / "src").mkdir()
    shop.up("--watch")
    before = shop.pids()
    shelf.write("gate", "def pre_stop(): return {'deny': 'it is busy'}", capabilities=["deny"])
    (shop.folder / "src" / "app.py").write_text("1")
    shop.wait_until(
        lambda: any("and it is not restarted" in event["reason"] for event in shop.events("warning")), "it is told"
    )
    shop.edit(STACK.replace("3000", "3001"))
    shop.wait_until(
        lambda: any("the newer version of the file is not applied" in event["reason"] for event in shop.events()),
        "it is told",
    )
    ended = shop.run("config", "update", "web", "environment.PORT=3002")
    assert (ended.exit, "is changed, and not applied: plugin 'gate' says no: web: it is busy" in ended.err) == (4, True)
    assert shop.pids() == before
    shelf.clear()
    shop.up()
    assert shop.pids()["web"] != before["web"]


def test_a_plugin_in_lua_has_the_same_say(project, shelf):
    script = """
    NEXSOCK_PLUGIN = { name = "friday", abi = "1.0", capabilities = { "deny", "environment" } }
    function pre_command(event) if event.command == "down" then return { deny = "not on a friday" } end end
    function pre_start(event) return { environment = { DATABASE_URL = "lua://" .. event.service } } end
    """
    shelf.write_lua("friday", script)
    shop = project(STACK)
    shop.up()
    shop.wait_until(lambda: b"url is lua://web" in shop.log("web"), "the variable has come")
    ended = shop.run("down")
    assert (ended.exit, ended.err) == (4, "error: plugin 'friday' says no: not on a friday\n")


def test_what_runs_is_not_given_up_for_a_start_that_a_plugin_refuses(project, shelf):
    shop = project(STACK)
    shop.up()
    before = shop.pids()
    shelf.write("gate", GATE, capabilities=["deny"])
    refused = "error: plugin 'gate' says no: db: .env lacks KEY\n"
    for command in (("restart", "db"), ("up", "-d", "--force-restart")):
        ended = shop.run(*command)
        assert (ended.exit, ended.err) == (4, refused), command
    assert shop.pids() == before
