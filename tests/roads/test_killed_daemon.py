"""The daemon may die in any way at any time: services, their output and their exit codes do not notice."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from nexsock.store import store
from nexsock.store.writer import Writer

TICKING = "n=0; while :; do n=$$((n+1)); echo $$n; sleep 0.002; done"
"""Writes 1, 2, 3, ..."""

HALVES = [("pid",), ("keeper_pid",), ("keeper_pid", "pid")]
IDS = ["the brain", "the keeper", "both"]


@pytest.fixture
def home(fresh_home):
    return fresh_home


def halves(road):
    """The pids of brain and keeper, by the names that `daemon status` has for them."""
    status = road.json("daemon", "status")
    return {"pid": status["pid"], "keeper_pid": status["keeper_pid"]}


def kill_daemon(road, lives, end, which=("keeper_pid", "pid")):
    """Kill these halves of the daemon, and wait until they are gone.

    They are stopped first: while one is killed, the other would start it anew.
    """
    found = halves(road)
    for half in which:
        end(found[half], signal.SIGSTOP)
    for half in which:
        end(found[half])
    road.wait_until(lambda: not any(lives(found[half]) for half in which), "they are dead")


def remember(road, change):
    """Change what is remembered of each service, while no daemon runs."""
    writer = Writer()
    path = str(road.state / "state.json")
    opened = store.open_store(path, writer, print)
    for record in opened.load().records.values():
        opened.put(change(record))
    opened.close()
    writer.close()


@pytest.mark.parametrize("which", HALVES, ids=IDS)
def test_services_live_on_and_are_shown_as_before_when_this_is_killed(project, lives, end, which):
    road = project("""
        services:
          db: {command: exec sleep 1000, healthcheck: {test: "true"}}
          web: {command: exec sleep 1000, depends_on: [db]}
          job: {command: "true", oneshot: true}
    """)
    road.up()
    pids = road.pids()
    kill_daemon(road, lives, end, which)
    road.wait_until(
        lambda: road.phases() == {"db": "ready", "web": "running", "job": "completed"}, "all is shown as it is"
    )
    assert road.pids() == pids
    assert road.json("plan")["changes"] == 0
    assert road.json("up", "-d")["changes"] == 0
    assert road.pids() == pids


@pytest.mark.parametrize("command", ["env -i sleep 1000", "env -i sleep 1000 > /dev/null 2>&1"])
def test_a_service_that_hides_from_its_environment_and_its_log_is_adopted_when_both_were_killed(
    project, lives, end, command
):
    road = project(f"""
        services:
          web: {{command: "exec {command}"}}
    """)
    road.up()
    pids = road.pids()
    kill_daemon(road, lives, end)
    road.wait_until(lambda: road.phase("web") == "running", "it is shown as it is")
    assert road.pids() == pids


def test_what_a_service_left_behind_while_both_were_dead_is_ended_before_it_starts_anew(project, lives, end):
    road = project("""
        services:
          web:
            command: "setsid sleep 1000 & echo $$! > child; exec sleep 1000"
            restart_policy: {delay: 10ms}
            stop_grace_period: 300ms
    """)
    road.up()
    first = road.pid("web")
    road.wait_until(lambda: road.words("child"), "its child stands")
    (child,) = road.words("child")
    kill_daemon(road, lives, end)
    end(first)
    road.wait_until(lambda: road.service("web").get("pid") not in (None, first, int(child)), "it runs again")
    assert not lives(int(child))


@pytest.mark.parametrize("which", HALVES, ids=IDS)
def test_no_line_is_lost_when_this_is_killed(project, lives, end, which):
    road = project(f"""
        services:
          web: {{command: "{TICKING}"}}
    """)
    road.up()
    for _ in range(2):
        before = len(road.log("web"))
        kill_daemon(road, lives, end, which)
        road.done("ps")
        road.wait_until(lambda before=before: len(road.log("web")) > before + 100, "its output goes on")
    road.done("down")
    numbers = [int(word) for word in road.log("web").split()]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("which", HALVES, ids=IDS)
def test_a_service_can_be_stopped_and_its_hooks_run_after_this_was_killed(project, lives, end, which):
    road = project("""
        services:
          web:
            command: (trap '' TERM; touch up; while :; do sleep 0.05; done) & exec sleep 1000
            stop_grace_period: 200ms
            hooks: {post_stop: [{command: touch stopped}]}
    """)
    road.up()
    road.wait_until((road.folder / "up").exists, "all of it stands")
    kill_daemon(road, lives, end, which)
    road.done("stop", "web")
    assert road.processes("web") == []
    assert (road.folder / "stopped").exists()


@pytest.mark.parametrize("which", HALVES, ids=IDS)
def test_an_exit_is_noticed_after_this_was_killed(project, lives, end, which):
    road = project("""
        services:
          web: {command: exec sleep 1000, restart_policy: {delay: 10ms}}
    """)
    road.up()
    first = road.pid("web")
    kill_daemon(road, lives, end, which)
    road.wait_until(lambda: road.phase("web") == "running", "the next daemon has it")
    end(first)
    road.wait_until(lambda: road.service("web").get("pid") not in (None, first), "it runs again")
    assert road.processes("web") == [road.pid("web")]


def test_an_exit_while_the_brain_is_dead_is_known_with_its_code(project, lives, end):
    road = project("""
        services:
          web: {command: "while ! [ -e end ]; do sleep 0.005; done; exit 7", restart: "no"}
    """)
    road.up()
    kill_daemon(road, lives, end, ["pid"])
    road.touch("end")
    road.wait_until(lambda: road.phase("web") == "failed", "its end is known")
    assert road.service("web")["exit_code"] == 7


@pytest.mark.parametrize(("policy", "phase", "runs"), [("on-failure", "running", 2), ("no", "failed", 1)])
def test_what_died_while_no_daemon_ran_is_treated_as_its_policy_says(project, lives, end, policy, phase, runs):
    road = project(f"""
        services:
          web: {{command: echo run >> runs; exec sleep 1000, restart: "{policy}", restart_policy: {{delay: 10ms}}}}
    """)
    road.up()
    pid = road.pid("web")
    kill_daemon(road, lives, end)
    end(pid)
    road.wait_until(lambda: road.phase("web") == phase, f"it is {phase}")
    road.wait_until(lambda: len(road.words("runs")) >= runs, "the last run has begun")
    assert len(road.words("runs")) == runs


def test_a_oneshot_whose_end_nobody_saw_has_failed_and_is_not_run_again_by_itself(project, lives, end):
    road = project("""
        services:
          job: {command: "echo run >> runs; while ! [ -e end ]; do sleep 0.005; done", oneshot: true}
    """)
    road.begin("up", "-d")
    road.wait_until(lambda: road.words("runs"), "it runs")
    (pid,) = [pid for pid in road.processes("job") if os.getsid(pid) == pid]
    kill_daemon(road, lives, end)
    road.touch("end")
    road.wait_until(lambda: not lives(pid), "it has ended")
    road.wait_until(lambda: road.phase("job") == "failed", "it counts as failed")
    assert road.words("runs") == ["run"]


def test_a_stranger_with_the_remembered_pid_is_left_alone(project, lives, end):
    road = project("""
        services:
          web: {command: exec sleep 1000, restart_policy: {delay: 10ms}}
    """)
    road.up()
    pid = road.pid("web")
    kill_daemon(road, lives, end)
    end(pid)
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        remember(road, lambda record: replace(record, run=replace(record.run, pid=stranger.pid)))
        road.wait_until(lambda: road.phase("web") == "running", "it runs anew")
        assert road.pid("web") not in (pid, stranger.pid)
        road.done("down", "-t", "0")
        assert lives(stranger.pid)
        stranger.kill()


def test_what_another_boot_remembers_runs_no_more_and_is_not_tried_again(project, lives, end):
    road = project("""
        services:
          web: {command: echo run >> runs; exec sleep 1000, restart_policy: {delay: 10ms}}
    """)
    road.up()
    pid = road.pid("web")
    kill_daemon(road, lives, end)
    end(pid)
    (road.home.folder / "run" / "projects" / road.id / "project.msgpack").unlink()
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        boot = "00000000-0000-0000-0000-000000000000"
        remember(road, lambda record: replace(record, run=replace(record.run, pid=stranger.pid, boot_id=boot)))
        assert road.phase("web") == "stopped"
        road.done("down", "-t", "0")
        assert lives(stranger.pid)
        stranger.kill()
    assert road.words("runs") == ["run"]


TORN = {
    "torn": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "emptied": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(os.urandom(500)),
    "lost": lambda path: path.unlink(),
}


@pytest.mark.parametrize("harm", TORN.values(), ids=TORN.keys())
def test_a_daemon_whose_memory_is_harmed_takes_up_what_runs(project, lives, end, harm):
    road = project("""
        services:
          web: {command: exec sleep 1000}
          mail: {command: exec sleep 1000}
    """)
    road.up()
    pids = road.pids()
    kill_daemon(road, lives, end)
    harm(road.state / "state.json")
    road.wait_until(lambda: set(road.phases().values()) == {"running"}, "all is taken up")
    assert road.pids() == pids
    road.up()
    assert road.pids() == pids


def test_a_memory_of_a_newer_version_is_refused_and_left_as_it_is(project, lives, end):
    road = project("services: {web: {command: exec sleep 1000}}")
    other = project("services: {web: {command: exec sleep 1000}}", name="other")
    road.up()
    other.up()
    pids, others = road.pids(), other.pids()
    kill_daemon(road, lives, end)
    path = road.state / "state.json"
    ours = path.read_bytes()
    newer = ours.replace(b"nexsock-state 1 ", b"nexsock-state 99 ", 1)
    path.write_bytes(newer)
    refused = road.run("up", "-d")
    assert refused.exit == 1
    assert "written by a newer nexsock" in refused.err
    assert path.read_bytes() == newer
    assert other.pids() == others
    assert road.processes("web") == list(pids.values())
    path.write_bytes(ours)
    road.up()
    assert road.pids() == pids


def test_of_many_that_start_a_daemon_at_once_all_find_the_same(project):
    road = project("services: {web: {command: echo run >> runs; exec sleep 1000}}")
    ups = [road.begin("up", "-d") for _ in range(6)]
    assert [one.end().exit for one in ups] == [0] * 6
    road.wait_until(lambda: road.words("runs"), "it has begun")
    assert road.words("runs") == ["run"]
    keepers = [pid for pid in road.home.daemons() if b"keeper" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert keepers == [halves(road)["keeper_pid"]]


def test_a_second_daemon_ends_and_leaves_the_first_alone(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    before, pids = halves(road), road.pids()
    second = subprocess.run(
        [sys.executable, "-m", "nexsock.nexsockd"],
        env=road.home.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "already running" in second.stderr
    assert halves(road) == before
    assert road.pids() == pids


def test_the_socket_of_a_dead_daemon_is_in_nobodys_way(project, lives, end):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    pid = road.pid("web")
    kill_daemon(road, lives, end)
    assert (road.home.folder / "run" / "nexsockd.sock").exists()
    assert road.pid("web") == pid


def test_a_daemon_whose_folders_were_deleted_goes_on_and_no_second_one_begins(project):
    road = project("services: {web: {command: exec sleep 1000}, job: {command: while :; do echo x; sleep 0.01; done}}")
    road.up()
    pids, daemons = road.pids(), road.home.daemons()
    for folder in ("state", "run"):
        shutil.rmtree(road.home.folder / folder, ignore_errors=True)
    assert road.pids() == pids
    road.wait_until(lambda: b"x" in road.log("job"), "its output is kept again")
    road.done("restart", "web")
    assert road.home.daemons() == daemons
    assert len(road.processes("web")) == 1
    folders = [road.home.folder / "state", road.state, road.state / "logs", road.home.folder / "run"]
    assert [oct(folder.stat().st_mode & 0o777) for folder in folders] == ["0o700"] * 4


def test_a_daemon_is_found_whatever_tmpdir_says(project, tmp_path):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    before = halves(road)
    road.environ["TMPDIR"] = str(tmp_path)
    assert halves(road) == before


@pytest.mark.parametrize("which", HALVES, ids=IDS)
def test_a_file_that_changed_while_this_was_dead_replaces_what_runs(project, lives, end, which):
    text = """
        services:
          web: {command: exec sleep 1000, environment: {A: b}, stop_grace_period: 300ms}
          mail: {command: exec sleep 1000}
    """
    road = project(text)
    road.up()
    pids = road.pids()
    kill_daemon(road, lives, end, which)
    road.edit(text.replace("A: b", "A: c"))
    road.up()
    assert road.pids()["mail"] == pids["mail"]
    assert road.processes("web") == [road.pid("web")] != [pids["web"]]


def test_a_broken_file_is_no_trouble_for_a_new_daemon(project, lives, end):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    pid = road.pid("web")
    kill_daemon(road, lives, end)
    road.edit("services: {web: {comand: ")
    assert road.pid("web") == pid
    assert road.run("up", "-d").exit == 2
    assert road.pid("web") == pid


def test_what_was_selected_and_stopped_by_hand_outlives_the_daemon(project, lives, end):
    road = project("""
        defaults: {command: exec sleep 1000}
        services: {a: {}, b: {}, c: {}}
    """)
    road.up("a", "b")
    road.done("stop", "b")
    kill_daemon(road, lives, end)
    road.wait_until(lambda: road.phase("a") == "running", "a is taken up")
    assert road.phases() == {"a": "running", "b": "stopped", "c": "stopped"}
    assert road.json("plan", "a")["changes"] == 0


@pytest.mark.parametrize("which", HALVES, ids=IDS)
def test_a_stop_goes_on_when_this_is_killed_in_its_middle(project, lives, end, which):
    road = project("""
        services:
          web: {command: "trap '' TERM; touch up; while :; do sleep 0.05; done", stop_grace_period: 4s}
    """)
    road.up()
    road.wait_until((road.folder / "up").exists, "it stands")
    stop = road.begin("stop", "web")
    remembered = road.state / "state.json"
    road.wait_until(lambda: b'"status":"stopping"' in remembered.read_bytes(), "the stop is remembered")
    kill_daemon(road, lives, end, which)
    stop.end()
    road.done("ps")
    road.wait_until(lambda: road.processes("web") == [], "it is ended all the same")
    road.wait_until(lambda: road.phase("web") == "stopped", "it is stopped")


@pytest.mark.parametrize("which", HALVES, ids=IDS)
def test_a_start_that_waits_goes_on_when_this_is_killed_in_its_middle(project, lives, end, which):
    road = project("""
        services:
          db: {command: exec sleep 1000, healthcheck: {test: test -e well}}
          web: {command: echo run >> runs; exec sleep 1000, depends_on: [db]}
    """)
    up = road.begin("up", "-d")
    road.wait_until(lambda: road.services() and road.phases() == {"db": "starting", "web": "blocked"}, "web waits")
    kill_daemon(road, lives, end, which)
    road.touch("well")
    up.end()
    road.wait_until(lambda: road.phases() == {"db": "ready", "web": "running"}, "both stand")
    road.wait_until(lambda: road.words("runs"), "web has begun")
    assert road.words("runs") == ["run"]


@pytest.mark.parametrize("which", HALVES, ids=IDS)
def test_an_up_goes_on_when_this_is_killed_as_soon_as_its_first_service_is_there(project, lives, end, which):
    road = project("""
        services:
          db: {command: exec sleep 1000, healthcheck: {test: test -e well}}
          web: {command: exec sleep 1000, depends_on: [db]}
          mail: {command: exec sleep 1000, depends_on: [web]}
    """)
    road.done("daemon", "start")
    up = road.begin("up", "-d")
    road.wait_until(lambda: road.processes("db"), "db is there")
    kill_daemon(road, lives, end, which)
    road.touch("well")
    up.end()
    road.wait_until(lambda: road.phases() == {"db": "ready", "web": "running", "mail": "running"}, "all stand")
    assert [len(road.processes(name)) for name in ("db", "web", "mail")] == [1, 1, 1]


def test_a_daemon_that_is_stopped_leaves_services_and_the_next_one_takes_them_up(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    pid = road.pid("web")
    road.done("daemon", "stop")
    road.wait_until(lambda: road.home.daemons() == [], "the daemon has ended")
    assert road.processes("web") == [pid]
    assert road.pid("web") == pid
    assert road.json("up", "-d")["changes"] == 0


def test_a_daemon_that_is_stopped_in_the_middle_of_a_restart_starts_nothing_any_more(project):
    road = project("""
        services:
          web:
            command: echo run >> runs; trap '' TERM; touch up; while :; do sleep 0.05; done
            stop_grace_period: 1h
    """)
    road.up()
    road.wait_until((road.folder / "up").exists, "it stands")
    restart = road.begin("restart", "web")
    road.wait_until(lambda: road.phase("web") == "stopping", "the restart has begun")
    road.done("daemon", "stop")
    road.wait_until(lambda: road.home.daemons() == [], "the daemon has ended")
    restart.end()
    assert road.words("runs") == ["run"]
    road.done("stop", "-t", "0", "web")
    assert road.words("runs") == ["run"]
    assert road.processes("web") == []


def test_a_restarted_daemon_is_a_new_brain_for_the_same_services(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    pid, before = road.pid("web"), halves(road)
    road.done("daemon", "restart")
    after = halves(road)
    assert after["pid"] != before["pid"]
    assert road.pid("web") == pid
    assert json.loads(road.run("--json", "up", "-d").out)["changes"] == 0


def test_an_exit_is_noticed_after_the_memory_was_migrated(project, end):
    road = project("services: {web: {command: exec sleep 1000, restart_policy: {delay: 10ms}}}")
    road.up()
    pid = road.pid("web")
    road.done("db", "migrate")
    assert road.pid("web") == pid
    end(pid)
    road.wait_until(lambda: road.service("web").get("pid") not in (None, pid), "it runs again")
    assert road.processes("web") == [road.pid("web")]


def test_the_next_daemon_knows_the_secrets_of_what_lives_on(project, lives, end):
    road = project("""
        secrets: {key: {command: "echo run >> runs; echo value-of-key"}}
        services:
          web:
            command: "echo $$KEY; exec sleep 1000"
            secrets: [{source: key, env: KEY}]
            stop_grace_period: 300ms
            healthcheck: {test: '[ "$$KEY" = value-of-key ] && ! [ -e sick ]', interval: 50ms, retries: 1}
    """)
    road.up()
    pid = road.pid("web")
    kill_daemon(road, lives, end)
    assert "value-of-key" not in road.done("logs")
    road.touch("sick")
    road.wait_until(lambda: road.phase("web") == "unhealthy", "the next daemon probes it")
    (road.folder / "sick").unlink()
    road.wait_until(lambda: road.phase("web") == "ready", "its probe has the secret")
    assert (road.pid("web"), road.words("runs")) == (pid, ["run"])
