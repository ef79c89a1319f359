"""`plugin`: what there is, whether a file can be used, and a new one."""

import json
import os

import pytest

from nexsock.model.plugin import PluginStatus
from nexsock.plugins import check as checking
from tests.cli.test_documents import keys

WHOLE = PluginStatus(
    name="gate",
    kind="native",
    path="/p",
    state="set_aside",
    reason="3 faults",
    hint="mend it",
    project="/shop",
    description="a gate",
    abi="1.0",
    last_fault="hung",
    last_fault_at=0.0,
    log="/l",
)


@pytest.fixture
def plugins(shell):
    """The folder of plugins of the shell's user."""
    return f"{shell.folder}/home/config/plugins"


def test_the_list_is_about_the_project_of_the_folder(shell):
    shell.answers(plugins=(WHOLE,)).run("plugin", "list")
    shell.run("plugin", "list", "--all")
    asked = [request.project and request.project.directory for request in shell.daemon.requests("plugins")]
    assert asked == [shell.folder, None]


def test_without_a_project_the_list_is_about_all(shell):
    os.unlink(f"{shell.folder}/nexsock.yaml")
    ended = shell.answers(plugins=()).run("plugin", "list")
    assert (ended.status, shell.daemon.requests("plugins")[0].project) == (0, None)


def test_the_list_in_json_has_the_documented_keys(shell):
    told = json.loads(shell.answers(plugins=(WHOLE,)).run("plugin", "list", "--json").out)
    assert [set(one) for one in told["plugins"]] == [keys("plugin")]


@pytest.mark.parametrize(("options", "path"), [((), "native/gate.py"), (("--lua",), "lua/gate.lua")])
def test_a_new_plugin_can_be_used_as_it_is(options, path, shell, plugins):
    made = shell.run("plugin", "new", "gate", *options)
    checked = shell.run("plugin", "check", f"{plugins}/{path}")
    assert (made.status, checked.status, checked.err) == (0, 0, "")
    assert checked.out.startswith("gate can be used: ")


def test_a_new_plugin_goes_where_the_settings_say(shell):
    shell.environ["PLUGINS_DIR"] = f"{shell.folder}/mine"
    assert shell.run("plugin", "new", "gate").status == 0
    assert os.path.exists(f"{shell.folder}/mine/native/gate.py")


def test_a_new_plugin_of_a_project_says_how_to_list_it(shell):
    assert "'plugins: [gate.lua]'" in shell.run("plugin", "new", "gate", "--lua", "--here").out


def test_an_existing_plugin_is_not_touched(shell, plugins):
    shell.run("plugin", "new", "gate")
    with open(f"{plugins}/native/gate.py", "a") as file:
        file.write("# mine\n")
    ended = shell.run("plugin", "new", "gate")
    with open(f"{plugins}/native/gate.py") as file:
        assert (ended.status, "exists already" in ended.err, file.read().endswith("# mine\n")) == (2, True, True)


@pytest.mark.parametrize("name", ["Gate", "../gate", "", "a b", "x" * 65])
def test_a_name_that_a_plugin_cannot_have_is_refused(name, shell):
    assert shell.run("plugin", "new", name).status == 2


def test_a_file_that_is_not_there_is_not_found(shell):
    assert shell.run("plugin", "check", "gate.py").status == 1


NATIVE = 'NEXSOCK_PLUGIN = {"name": "gate", "abi": "1.0"}\n'
LUA = 'NEXSOCK_PLUGIN = { name = "gate", abi = "1.0" }\n'


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "gate.py",
            NATIVE + "def on_exit(servce): pass",
            "gate.py:2: on_exit is not told 'servce'; it is told project,",
        ),
        ("gate.py", NATIVE + "async def on_exit(): pass", "gate.py:2: on_exit is async"),
        ("gate.py", NATIVE + "def on_exit(run, /): pass", "gate.py:2: on_exit is called with keywords only"),
        ("gate.py", NATIVE + "def on_exit(*all): pass", "gate.py:2: on_exit is called with keywords only"),
        ("gate.py", NATIVE + "def on_exit(", "gate.py: line 2 is not Python"),
        ("gate.py", NATIVE.replace("1.0", "9.0") + "def on_exit(): pass", "gate.py: it was made for plugin ABI 9.0"),
        ("gate.lua", LUA + "function on_exit(call)\n  if then\nend", "gate.lua:3: it is not Lua: unexpected symbol"),
        ("gate.lua", "\x1bLua", "gate.lua: it has no NEXSOCK_PLUGIN"),
        ("gate.txt", "hello you", "gate.txt: line 1 is not Python"),
    ],
)
def test_everything_that_is_wrong_is_told_with_its_place(name, text, told, shell):
    with open(f"{shell.folder}/{name}", "w") as file:
        file.write(text)
    ended = shell.run("plugin", "check", name)
    assert ended.status == 2
    assert told in ended.out


def test_several_problems_are_told_at_once_in_order(shell):
    with open(f"{shell.folder}/gate.py", "w") as file:
        file.write(NATIVE + "async def on_ready(): pass\ndef on_exit(servce, runn): pass\n")
    told = json.loads(shell.run("plugin", "check", "gate.py", "--json").out)
    assert set(told) == {"version", *keys("plugin check")}
    assert [problem["line"] for problem in told["problems"]] == [2, 3, 3]


def test_a_file_that_others_can_write_is_a_problem_of_its_own(shell):
    with open(f"{shell.folder}/gate.py", "w") as file:
        os.fchmod(file.fileno(), 0o666)
        file.write(NATIVE + "def on_exit(): pass\n")
    assert "run 'chmod go-w " in shell.run("plugin", "check", "gate.py").out


def test_a_check_runs_nothing_of_the_plugin(tmp_path):
    canary = tmp_path / "canary"
    for name, text in (
        ("a.py", f"{NATIVE}open({str(canary)!r}, 'w')\ndef on_exit(): pass"),
        ("b.py", "open('canary')"),
    ):
        (tmp_path / name).write_text(text)
        checking.check(str(tmp_path / name), os.getuid())
    assert not canary.exists()
