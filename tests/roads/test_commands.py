"""What the commands say and how they end, as programs, scripts and people without a terminal meet them."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

STACK = """
    services:
      db:
        command: exec sleep 1000
        ports: {main: 5999, admin: {port: 5998, env: ADMIN}}
        environment: {NAME: base, PASSWORD: hidden}
      job:
        command: echo done
        oneshot: true
      web:
        command: exec sleep 1001
        depends_on: [db, job]
"""


@pytest.fixture
def stack(project):
    """A running stack: db, the oneshot job, and web that needs both."""
    road = project(STACK)
    road.up()
    return road


EVERY_QUESTION = [
    ("ps", "-a"),
    ("status", "web"),
    ("why", "web"),
    ("history", "web"),
    ("events",),
    ("logs", "job"),
    ("plan",),
    ("graph",),
    ("port", "db"),
    ("url", "db", "admin"),
    ("env", "db"),
    ("ls",),
    ("up", "-d"),
    ("start", "web"),
    ("stop", "web"),
    ("restart", "web"),
    ("wait", "web"),
    ("kill", "-s", "CONT", "web"),
    ("validate",),
    ("config", "--origins"),
    ("schema",),
    ("daemon", "status"),
    ("db", "status"),
    ("doctor",),
    ("version",),
    ("down",),
]

DRAWN = [("ps", "-a"), ("status", "web"), ("why", "web"), ("events",), ("plan",), ("graph",), ("up", "-d"), ("doctor",)]
"""commands whose output is drawn on a terminal"""

EVERY_MISTAKE = [
    ("status", "nobody"),
    ("why", "nobody"),
    ("logs", "nobody"),
    ("start", "nobody"),
    ("up", "-d", "nobody"),
    ("port", "web"),
    ("wait", "web:soon"),
    ("kill", "-s", "LOUD", "web"),
    ("logs", "--since", "whenever"),
    ("ps", "--nonsense"),
    ("status",),
    ("fly",),
]


def documents(text):
    """The JSON documents of a text: one, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


# -- for programs


def test_json_is_all_that_any_command_prints(stack):
    for command in EVERY_QUESTION:
        ended = stack.run("--json", *command)
        assert ended.exit in (0, 1), command
        found = documents(ended.out)
        assert command == ("schema",) or all(document["version"] == 1 for document in found), command


def test_json_is_all_that_any_mistake_prints(stack):
    for command in EVERY_MISTAKE:
        ended = stack.run("--json", *command)
        (found,) = documents(ended.out)
        assert (found["version"], bool(found["error"]["code"]), bool(found["error"]["message"])) == (1, True, True)
        assert ended.exit in (1, 2), command
        assert found["error"]["message"] in ended.err, command


def test_nothing_moves_or_is_coloured_in_a_pipe(stack):
    for command in (*DRAWN, *EVERY_MISTAKE[:2]):
        ended = stack.run(*command)
        assert "\x1b" not in ended.out + ended.err, command


def test_the_short_way_and_the_long_way_say_the_same(stack):
    """The launcher copies what the daemon rendered; `-v` is left to the full command line, which renders itself."""
    ends_alike = [
        (("status", "nobody"), ("-v", "status", "nobody")),
        (("logs", "job"), ("-v", "logs", "job")),
        (("--json", "logs", "job"), ("-v", "--json", "logs", "job")),
    ]
    for short, long in ends_alike:
        assert stack.run(*short) == stack.run(*long)
    for command in (("ps",), ("ps", "-a"), ("--json", "ps"), ("status", "web"), ("--json", "status", "db")):
        short, long = stack.run(*command), stack.run("-v", *command)
        assert without_time(short.out) == without_time(long.out), command
        assert (short.exit, short.err) == (long.exit, long.err)


def without_time(text):
    """How long something has run differs from one moment to the next."""
    try:
        found = json.loads(text)
    except ValueError:
        return [
            [word for word in line.split() if not word[0].isdigit() or word.isdigit()] for line in text.splitlines()
        ]
    for service in found.get("services", [found]):
        service.pop("uptime_s", None)
    return found


# -- mistakes


@pytest.mark.parametrize("command", ["status", "start", "stop", "restart", "logs", "why", "history", "env", "up -d"])
def test_an_unknown_service_ends_with_1_and_the_nearest_name(stack, command):
    ended = stack.run(*command.split(), "wbe")
    assert (ended.exit, ended.out) == (1, "")
    assert "'wbe'" in ended.err
    assert "did you mean 'web'?" in ended.err


@pytest.mark.parametrize(
    ("line", "hint"), [("strat web", "did you mean 'start'?"), ("ps --wide", "--wide"), ("start", "SERVICE")]
)
def test_a_line_that_makes_no_sense_ends_with_2(stack, line, hint):
    ended = stack.run(*line.split())
    assert (ended.exit, ended.out) == (2, "")
    assert hint in ended.err


def test_a_broken_file_ends_up_with_2_and_an_unchanged_world(stack):
    before = stack.pids()
    stack.edit("services:\n  web:\n    comand: exec sleep 7\n")
    for command in (("up", "-d"), ("plan",), ("validate",), ("config",)):
        ended = stack.run(*command)
        assert ended.exit == 2, command
        assert "nexsock.yaml:3:5" in ended.out + ended.err, command
        assert "did you mean 'command'?" in ended.out + ended.err, command
    assert stack.pids() == before


def test_every_problem_is_told_at_once(project):
    road = project(
        "services:\n  web:\n    comand: x\n  api:\n    command: y\n    depends_on: [bd]\n    restart: maybe\n"
    )
    places = [(problem["line"], problem["column"]) for problem in road.json("validate")["problems"]]
    assert [line for line, _ in places] == sorted(line for line, _ in places)
    assert {3, 6, 7} <= {line for line, _ in places}


def test_without_a_file_it_is_said_how_to_get_one(project):
    road = project(STACK)
    (road.folder / "nexsock.yaml").unlink()
    for command in (("up", "-d"), ("ps",), ("validate",)):
        ended = road.run(*command)
        assert ended.exit in (1, 2)
        assert "nexsock init" in ended.err
    road.edit(STACK)


# -- the daemon


def test_commands_about_the_daemon_start_none(fresh_home):
    for command, exit_status in ((("daemon", "status"), 3), (("daemon", "stop"), 0), (("doctor",), None)):
        ended = fresh_home.begin(*command, cwd=fresh_home.folder).end()
        assert exit_status is None or ended.exit == exit_status, command
    assert fresh_home.daemons() == []


def test_commands_about_the_file_need_no_daemon(fresh_home, tmp_path):
    (tmp_path / "nexsock.yaml").write_text("services: {web: {command: sleep 1}}")
    for command in (("validate",), ("config",), ("schema",), ("version",), ("completion", "bash"), ("--help",)):
        assert fresh_home.begin(*command, cwd=tmp_path).end().exit == 0, command
    assert fresh_home.daemons() == []


def test_a_daemon_elsewhere_that_is_not_there_ends_with_3(stack, free_port):
    (stack.folder / "token").write_text("0" * 64)
    (stack.folder / "token").chmod(0o600)
    stack.environ["NEXSOCK_TOKEN_FILE"] = str(stack.folder / "token")
    ended = stack.run("--host", f"tcp://127.0.0.1:{free_port}", "ps")
    assert (ended.exit, ended.out) == (3, "")
    assert str(free_port) in ended.err


def test_the_services_outlive_a_daemon_that_is_stopped_or_replaced(stack, lives):
    before = stack.pids()
    stack.done("daemon", "stop")
    assert all(lives(pid) for pid in before.values() if pid)
    assert stack.pids() == before
    stack.done("daemon", "restart")
    assert stack.pids() == before


# -- the plan


def test_a_plan_says_with_its_exit_code_whether_there_is_something_to_do(project):
    road = project(STACK)
    assert road.run("plan", "--detailed-exitcode").exit == 5
    road.up()
    assert road.run("plan", "--detailed-exitcode").exit == 0
    road.edit(STACK.replace("NAME: base", "NAME: other"))
    ended = road.run("plan", "--detailed-exitcode")
    assert ended.exit == 5
    assert "environment.NAME" in ended.out
    assert road.run("plan").exit == 0


def test_a_plan_changes_nothing(stack):
    stack.edit(STACK.replace("sleep 1001", "sleep 1002").replace("PASSWORD: hidden", "PASSWORD: secret"))
    before = stack.pids(), times(stack.state), times(stack.folder)
    (step, *_) = stack.json("plan")["steps"]
    assert step["action"] == "restart"
    assert (stack.pids(), times(stack.state), times(stack.folder)) == before


def times(folder):
    """When each file below a folder was last written."""
    return {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_plan_masks_secrets(stack):
    stack.edit(STACK.replace("PASSWORD: hidden", "PASSWORD: newer"))
    ended = stack.run("plan")
    assert "environment.PASSWORD" in ended.out
    assert ("hidden" in ended.out, "newer" in ended.out) == (False, False)


def test_a_second_up_does_nothing(stack):
    before = stack.pids(), times(stack.state / "logs")
    assert stack.json("up", "-d")["changes"] == 0
    assert (stack.pids(), times(stack.state / "logs")) == before


# -- waiting


def test_wait_returns_when_the_condition_holds(project):
    road = project("""
        services:
          slow:
            command: until [ -e go ]; do sleep 0.01; done; touch well; exec sleep 1000
            healthcheck: {test: test -e well, start_interval: 20ms}
    """)
    road.begin("up", "-d")
    road.wait_until(lambda: road.processes("slow"), "it was started")
    road.done("wait", "slow:started")
    waiting = road.begin("wait", "slow")
    assert road.run("wait", "slow:healthy", "--timeout", "200ms").exit == 124
    road.touch("go")
    assert waiting.end().exit == 0
    road.done("wait", "slow:service_healthy")


def test_wait_knows_completion_and_stopping(project):
    road = project("""
        services:
          good: {command: "true", oneshot: true}
          bad: {command: exit 3, oneshot: true}
          web: {command: exec sleep 1000}
    """)
    road.run("up", "-d")
    assert road.run("wait", "good", "bad:completed").exit == 0
    ended = road.run("wait", "bad:completed_successfully")
    assert (ended.exit, "exit" in ended.out + ended.err) == (1, True)
    waiting = road.begin("wait", "web:stopped")
    road.done("stop", "web")
    assert waiting.end().exit == 0


def test_an_up_gives_up_at_its_time_limit_and_leaves_things_as_they_are(project):
    road = project("""
        services:
          web: {command: exec sleep 1000, healthcheck: {log: never}}
    """)
    ended = road.run("up", "--wait", "--timeout", "300ms")
    assert ended.exit == 124
    road.wait_until(
        lambda: road.phase("web") == "starting" and road.processes("web") == [road.pid("web")], "it goes on"
    )
    assert road.json("up", "-d", "--timeout", "100ms")["timed_out"]


# -- run, exec, env, port, url


@pytest.mark.parametrize("code", [0, 1, 42])
def test_exec_gives_the_exit_code_of_its_command(stack, code):
    assert stack.run("exec", "web", "--", "sh", "-c", f"exit {code}").exit == code


def test_exec_sees_what_the_service_sees(project):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            working_dir: place
            environment: {LEVEL: high}
            ports: {main: 5997}
    """)
    (road.folder / "place").mkdir()
    said = road.done("exec", "web", "--", "sh", "-c", "echo $LEVEL $PORT $PWD")
    assert said.split() == ["high", "5997", str(road.folder / "place")]


def test_exec_passes_its_standard_input_and_output_through(stack):
    ran = subprocess.run(
        [f"{os.path.dirname(sys.executable)}/nexsock", "exec", "web", "--", "tr", "a-z", "A-Z"],
        cwd=stack.folder, env=stack.home.environ, input="shout", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout == "SHOUT"


def test_run_brings_up_what_is_needed_and_adds_arguments(project):
    road = project("""
        services:
          db: {command: exec sleep 1000}
          tool: {command: 'printf "<%s>"', depends_on: [db], profiles: [tools]}
    """)
    ended = road.run("run", "tool", "--", "one two", "three")
    assert (ended.exit, ended.out) == (0, "<one two><three>")
    assert road.phase("db") == "running"


def test_run_gives_the_exit_code_of_its_command(project):
    road = project("services: {tool: {command: exit 7, profiles: [tools]}}")
    assert road.run("run", "tool").exit == 7


def test_run_does_not_begin_when_a_need_has_failed(project):
    road = project("""
        services:
          db: {command: exit 9, restart: "no"}
          tool: {command: touch ran, depends_on: [db], profiles: [tools]}
    """)
    assert road.run("run", "tool").exit == 1
    assert not (road.folder / "ran").exists()


def test_env_prints_what_a_shell_can_read_and_masks_secrets(stack):
    printed = dict(line.split("=", 1) for line in stack.done("env", "db").splitlines())
    assert {"NAME": "base", "PORT": "5999", "PORT_MAIN": "5999", "PORT_ADMIN": "5998", "ADMIN": "5998"}.items() <= (
        printed.items()
    )
    assert "hidden" not in printed["PASSWORD"]


def test_ports_and_urls_are_found_by_name(stack):
    assert [stack.done("port", "db").strip(), stack.done("port", "db", "admin").strip()] == ["5999", "5998"]
    assert stack.done("url", "db", "admin").strip() == "http://127.0.0.1:5998"
    ended = stack.run("port", "db", "mian")
    assert (ended.exit, "main, admin" in ended.err) == (1, True)


# -- looking


def test_the_graph_can_be_drawn_in_every_format(stack):
    drawn = {form: stack.done("graph", "--format", form) for form in ("text", "dot", "mermaid", "svg", "json")}
    assert drawn["dot"].startswith("digraph")
    assert "flowchart" in drawn["mermaid"] or "graph" in drawn["mermaid"]
    assert drawn["svg"].lstrip().startswith("<svg")
    found = json.loads(drawn["json"])
    assert [(edge["from"], edge["to"], edge["condition"]) for edge in found["edges"]] == [
        ("web", "db", "started"),
        ("web", "job", "completed_successfully"),
    ]
    assert found["order"][-1] == ["web"]
    assert all("web" in picture for picture in drawn.values())


def test_ls_names_every_project_with_its_folder(project):
    one, two = project("services: {a: {command: exec sleep 1000}}", "one"), project("services: {}", "two")
    one.up()
    two.run("ps")
    found = {entry["dir"]: entry for entry in one.json("ls")["projects"]}
    assert found[str(one.folder)]["running"] == 1
    assert (found[str(two.folder)]["name"], found[str(two.folder)]["running"]) == ("two", 0)


def test_a_project_can_be_asked_by_its_name_from_anywhere(project):
    road = project("name: far\nservices: {web: {command: exec sleep 1000}}", "elsewhere")
    road.up()
    ended = road.run("-p", "far", "ps", cwd=road.home.folder)
    assert (ended.exit, "web" in ended.out) == (0, True)


@pytest.mark.parametrize("command", [("up", "-d"), ("plan",), ("graph",)], ids=" ".join)
def test_a_project_is_read_again_by_its_name_from_anywhere(project, command):
    road = project("services: {web: {command: exec sleep 1000}}", "elsewhere")
    road.up()
    road.edit("services: {web: {command: exec sleep 1000}, worker: {command: exec sleep 1000}}")
    ended = road.run("-p", road.id, *command, cwd=road.home.folder)
    assert (ended.exit, "worker" in ended.out) == (0, True)


def test_a_project_is_found_from_the_folders_below_it(stack):
    below = stack.folder / "a/b"
    below.mkdir(parents=True)
    ended = stack.run("ps", cwd=below)
    assert (ended.exit, "web" in ended.out) == (0, True)


def test_events_can_begin_at_a_time(stack):
    before = [json.loads(line)["at"] for line in stack.done("--json", "events").splitlines()]
    stack.done("restart", "web")
    later = [json.loads(line) for line in stack.done("--json", "events", "--since", before[-1]).splitlines()]
    assert {event["service"] for event in later if event["kind"] == "exit"} == {"web"}
    assert stack.done("--json", "events", "--since", "2126-01-01") == ""


def test_events_of_one_service_are_of_no_other(stack):
    told = [json.loads(line) for line in stack.done("--json", "events", "job").splitlines()]
    assert {event["service"] for event in told} == {"job"}
    assert [event["phase"] for event in told if event["kind"] == "phase"][-1] == "completed"


def test_history_tells_each_run_with_its_cause_and_its_end(stack):
    stack.done("restart", "web")
    newest, oldest = stack.history("web")
    assert (newest["run"], oldest["run"]) == (2, 1)
    assert "restart was asked for" in newest["cause"]
    assert oldest["exit_code"] == 128 + signal.SIGTERM
    assert (newest["pid"], "exit_code" in newest) == (stack.pid("web"), False)


def test_kill_sends_the_signal_that_is_named(project):
    road = project("""
        services:
          web: {command: "trap 'echo heard >> told' USR1; touch up; while :; do sleep 0.02; done"}
    """)
    road.up()
    road.wait_until((road.folder / "up").exists, "it listens")
    pid = road.pid("web")
    for name in ("USR1", "SIGUSR1", str(int(signal.SIGUSR1))):
        before = len(road.words("told"))
        road.done("kill", "-s", name, "web")
        road.wait_until(lambda before=before: len(road.words("told")) == before + 1, f"it has heard {name}")
    assert road.pid("web") == pid


def test_a_killed_service_follows_its_restart_policy(stack):
    before = stack.pid("web")
    stack.done("kill", "web")
    stack.wait_until(lambda: stack.pids()["web"] not in (None, before), "it runs again")
    assert stack.history("web")[1]["exit_code"] == 128 + signal.SIGKILL


# -- the memory


def test_the_memory_can_be_looked_at_taken_back_and_brought_forward(stack):
    before = stack.pids()
    now = stack.json("db", "status")
    assert (now["schema"], now["pending"]) == (now["newest"], [])
    assert os.path.isfile(now["path"])
    older = stack.json("db", "rollback")
    assert (older["schema"], len(older["pending"])) == (now["newest"] - 1, 1)
    assert stack.json("db", "migrate") == now
    assert stack.pids() == before


# -- the first file, and the shell


def test_what_init_writes_is_good_and_comes_up(project):
    road = project("")
    (road.folder / "nexsock.yaml").unlink()
    road.done("init")
    road.done("validate")
    road.done("plan")
    text = (road.folder / "nexsock.yaml").read_text()
    assert road.run("init").exit == 2
    assert (road.folder / "nexsock.yaml").read_text() == text
    road.up()
    assert set(road.phases().values()) <= {"running", "ready", "completed"}


def test_what_init_finds_in_a_procfile_comes_up(project):
    road = project("")
    (road.folder / "nexsock.yaml").unlink()
    road.edit("web: exec sleep 1000\nclock: exec sleep 1001\n", "Procfile")
    road.done("init")
    road.up()
    assert road.phases() == {"web": "running", "clock": "running"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_accept_the_completion_script(stack, shell):
    script = stack.done("completion", shell)
    assert "__complete services" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_bash_completes_commands_and_services(stack):
    script = stack.done("completion", "bash")
    asked = f"""
        PATH={os.path.dirname(sys.executable)}:$PATH
        {script}
        COMP_WORDS=(nexsock sta); COMP_CWORD=1; _nexsock; echo ${{COMPREPLY[@]}}
        COMP_WORDS=(nexsock logs w); COMP_CWORD=2; _nexsock; echo ${{COMPREPLY[@]}}
    """
    ran = subprocess.run(
        ["bash", "-c", asked], cwd=stack.folder, env=stack.home.environ, capture_output=True, text=True, check=True
    )
    assert [line.split() for line in ran.stdout.splitlines()] == [["status", "start"], ["web"]]


def test_a_reader_that_leaves_ends_the_command_quietly(stack):
    ran = subprocess.run(
        f"{os.path.dirname(sys.executable)}/nexsock schema | head -n 1",
        shell=True, cwd=stack.folder, env=stack.home.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (ran.stdout.strip(), ran.stderr) == ("{", "")
