import json
import os

import pytest

from nexsock import __version__
from nexsock.cli import doctor, machine
from nexsock.model.plugin import PluginStatus
from nexsock.model.status import DaemonStatus, Leftover
from nexsock.places import Places

DAEMON = DaemonStatus(pid=10, keeper_pid=9, version=__version__, protocol=1, started_at=0.0, socket="/run/n.sock")


def test_a_machine_without_a_daemon_is_healthy_and_none_is_started(shell):
    shell.daemon.runs = False
    ended = shell.run("doctor")
    assert ended.status == 0
    assert "daemon" in ended.out
    assert shell.daemon.asked == []


def test_every_setting_is_shown_with_its_origin(shell):
    shell.environ["NEXSOCK_PROFILES"] = "load"
    document = json.loads(shell.answers(system_status=DAEMON, leftovers=(), plugins=()).run("doctor", "--json").out)
    settings = {setting["name"]: setting for setting in document["settings"]}
    assert settings["state_dir"]["origin"] == "NEXSOCK_HOME"
    assert settings["NEXSOCK_PROFILES"] == {"name": "NEXSOCK_PROFILES", "value": "load", "origin": "environment"}


def test_a_setting_that_nobody_made_is_a_default(shell):
    del shell.environ["NEXSOCK_HOME"]
    document = json.loads(shell.answers(system_status=DAEMON, leftovers=(), plugins=()).run("doctor", "--json").out)
    assert document["settings"][0]["origin"] == "default"


def test_a_folder_that_is_open_to_others_is_a_problem_with_its_cure(shell, tmp_path):
    state = tmp_path / "home/state"
    state.mkdir(parents=True)
    state.chmod(0o755)
    ended = shell.answers(system_status=DAEMON, leftovers=(), plugins=()).run("doctor")
    assert ended.status == 1
    assert f"run 'chmod 700 {state}'" in ended.out


def test_a_folder_of_somebody_else_is_a_problem(tmp_path):
    found = doctor._folders(Places(str(tmp_path), str(tmp_path), str(tmp_path)), os.getuid() + 1)
    assert {finding.verdict for finding in found} == {"problem"}


def test_an_older_daemon_is_a_note(shell):
    from msgspec.structs import replace

    ended = shell.answers(system_status=replace(DAEMON, version="0.0.1")).run("doctor")
    assert "run 'nexsock daemon restart'" in ended.out
    assert ended.status == 0


@pytest.mark.parametrize(("delegated", "verdict"), [(True, "ok"), (False, "note")])
def test_a_cgroup_is_used_when_it_is_delegated(tmp_path, delegated, verdict):
    (tmp_path / "membership").write_text("1:cpu:/x\n0::/user.slice\n")
    (tmp_path / "user.slice").mkdir()
    if delegated:
        (tmp_path / "user.slice/cgroup.procs").write_text("")
    assert machine.cgroup(str(tmp_path / "membership"), str(tmp_path)).verdict == verdict


GONE = Leftover(id="shop-1", kind="project", text="its folder /shop is gone", paths=("/state/shop-1",), size_bytes=2048)
RUNS = Leftover(id="old-2", kind="processes", text="its folder /old is gone, and it runs", pids=(7,), advice="stop it")


def removing(request):
    return tuple(one for one in (GONE, RUNS) if one.id in request.remove) if request.remove else (GONE, RUNS)


def test_leftovers_are_listed_and_left_alone(shell):
    ended = shell.answers(system_status=DAEMON, leftovers=removing, plugins=()).run("doctor")
    assert ended.status == 0
    assert "shop-1" in ended.out
    assert "2.0KiB" in ended.out
    assert [request.remove for request in shell.daemon.requests("leftovers")] == [()]


def test_fix_asks_and_takes_away_what_needs_nothing_else_first(shell):
    ended = shell.answers(system_status=DAEMON, leftovers=removing, plugins=()).run("doctor", "--fix", typed="y\n")
    assert ended.status == 0
    assert "shop-1 is taken away" in ended.err
    assert [request.remove for request in shell.daemon.requests("leftovers")] == [(), ("shop-1",)]


def test_fix_takes_a_no(shell):
    ended = shell.answers(system_status=DAEMON, leftovers=removing, plugins=()).run("doctor", "--fix", typed="n\n")
    assert ended.status == 130
    assert len(shell.daemon.requests("leftovers")) == 1


def test_fix_never_waits_for_an_answer_where_nobody_is(shell):
    shell.answers(system_status=DAEMON, leftovers=removing, plugins=())
    ended = shell.run("doctor", "--fix")
    assert (ended.status, "say so with --yes" in ended.err) == (2, True)
    assert shell.run("doctor", "--fix", "--yes").status == 0
    assert shell.daemon.requests("leftovers")[-1].remove == ("shop-1",)


@pytest.mark.parametrize(("watches", "verdict"), [("8192", "note"), ("1048576", "ok"), ("", "note")])
def test_few_watches_are_a_note_with_the_command_that_gives_more(tmp_path, watches, verdict):
    (tmp_path / "max").write_text(watches)
    assert machine.inotify(str(tmp_path / "max")).verdict == verdict


@pytest.mark.parametrize(("hard", "verdict"), [(1024, "note"), (1_048_576, "ok"), (-1, "ok")])
def test_a_low_limit_of_open_files_is_a_note(hard, verdict):
    assert machine.descriptors(1024, hard).verdict == verdict


@pytest.fixture
def settings_file(shell):
    """Writes the file of settings."""

    def write(text):
        folder = shell.environ["NEXSOCK_HOME"] + "/config"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/config.yaml", "w") as file:
            file.write(text)
        return f"{folder}/config.yaml"

    return write


def test_a_setting_of_the_file_is_shown_with_its_place(shell, settings_file):
    path = settings_file("daemon:\n  idle_timeout: 30m\n")
    shell.daemon.runs = False
    settings = {one["name"]: one for one in json.loads(shell.run("doctor", "--json").out)["settings"]}
    assert settings["daemon.idle_timeout"] == {
        "name": "daemon.idle_timeout",
        "value": "30m",
        "origin": f"{path}:2:17",
    }
    assert settings["database.url"]["origin"] == "default"


def test_a_variable_of_a_setting_is_its_origin(shell):
    shell.daemon.runs = False
    shell.environ |= {"DATABASE_URL": "memory:", "PLUGINS_DIR": "/plugins"}
    settings = {one["name"]: one["origin"] for one in json.loads(shell.run("doctor", "--json").out)["settings"]}
    assert (settings["database.url"], settings["plugins.dir"]) == ("DATABASE_URL", "PLUGINS_DIR")


def test_a_broken_file_of_settings_is_a_problem_with_its_place(shell, settings_file):
    path = settings_file("deamon: {}\n")
    shell.daemon.runs = False
    ended = shell.run("doctor")
    assert ended.status == 1
    assert f"{path}:1:1: there is no section 'deamon'; did you mean 'daemon'?" in ended.out


def test_settings_that_were_changed_later_need_a_restart(shell, settings_file):
    settings_file("daemon: {}\n")
    shell.answers(system_status=DAEMON, leftovers=(), plugins=())
    assert "run 'nexsock daemon restart'" in shell.run("doctor").out


def test_plugins_that_are_not_used_are_problems_with_what_to_do(shell):
    plugins = (
        PluginStatus(name="good", kind="lua", path="/p", state="loaded"),
        PluginStatus(name="gate", kind="lua", path="/p", state="set_aside", reason="3 faults", hint="mend it"),
    )
    shell.answers(system_status=DAEMON, leftovers=(), plugins=plugins)
    found = [check for check in json.loads(shell.run("doctor", "--json").out)["checks"] if check["name"] == "plugins"]
    assert [(check["verdict"], check["text"], check["advice"]) for check in found] == [
        ("problem", "'gate' is set aside: 3 faults", "mend it")
    ]


def test_plugins_that_are_all_used_are_counted(shell):
    plugins = (PluginStatus(name="good", kind="lua", path="/p", state="loaded"),)
    shell.answers(system_status=DAEMON, leftovers=(), plugins=plugins)
    found = [check for check in json.loads(shell.run("doctor", "--json").out)["checks"] if check["name"] == "plugins"]
    assert [check["text"] for check in found] == ["1 plugin in use"]
