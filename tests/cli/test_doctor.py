import json
import os

import pytest

from nexsock import __version__
from nexsock.cli import doctor
from nexsock.model.status import DaemonStatus
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
    document = json.loads(shell.answers(system_status=DAEMON).run("doctor", "--json").out)
    settings = {setting["name"]: setting for setting in document["settings"]}
    assert settings["state_dir"]["origin"] == "NEXSOCK_HOME"
    assert settings["NEXSOCK_PROFILES"] == {"name": "NEXSOCK_PROFILES", "value": "load", "origin": "environment"}


def test_a_setting_that_nobody_made_is_a_default(shell):
    del shell.environ["NEXSOCK_HOME"]
    document = json.loads(shell.answers(system_status=DAEMON).run("doctor", "--json").out)
    assert document["settings"][0]["origin"] == "default"


def test_a_folder_that_is_open_to_others_is_a_problem_with_its_cure(shell, tmp_path):
    state = tmp_path / "home/state"
    state.mkdir(parents=True)
    state.chmod(0o755)
    ended = shell.answers(system_status=DAEMON).run("doctor")
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
    assert doctor._cgroup(str(tmp_path / "membership"), str(tmp_path)).verdict == verdict
