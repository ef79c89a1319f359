"""An edited file changes what it has to, and nothing else."""

import os

import pytest

SHOP = """
    defaults: {stop_grace_period: 300ms}
    services:
      db: {command: exec sleep 1000}
      web: {command: exec sleep 1000, environment: {PORT: "3000"}, depends_on: [db]}
      mail: {command: exec sleep 1000}
"""


def changed(before, after):
    """The services whose process is another one, or is new or gone."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def test_the_same_file_again_does_nothing_and_writes_nothing(project):
    road = project(SHOP)
    road.up()
    road.touch("nexsock.yaml")
    road.wait_until(lambda: "ready_at" in road.history("mail")[0], "all is remembered")
    before = {
        file: os.stat(road.state / file) for file in ("state.json", "state.json.bak") if (road.state / file).exists()
    }
    pids, events = road.pids(), len(road.events())
    outcome = road.json("up", "-d")
    assert (outcome["ok"], outcome["changes"]) == (True, 0)
    assert road.pids() == pids
    assert len(road.events()) == events
    assert {file: os.stat(road.state / file).st_mtime_ns for file in before} == {
        file: found.st_mtime_ns for file, found in before.items()
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("services:", "# a remark\nservices:", id="a comment"),
        pytest.param('PORT: "3000"', "PORT: 3000", id="another way to write a value"),
        pytest.param("  web: {command: exec sleep 1000, ", '  web: {command: "exec sleep 1000", ', id="quotes"),
    ],
)
def test_an_edit_without_a_meaning_does_nothing(project, old, new):
    road = project(SHOP)
    road.up()
    pids = road.pids()
    road.edit(SHOP.replace(old, new.replace("\n", "\n    ")))
    assert road.json("up", "-d")["changes"] == 0
    assert road.pids() == pids


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('PORT: "3000"', 'PORT: "3001"', id="environment"),
        pytest.param("web: {command: exec sleep 1000", "web: {command: exec sleep 1001", id="command"),
        pytest.param("web: {", "web: {working_dir: /, ", id="working_dir"),
        pytest.param("web: {", "web: {inherit_env: false, ", id="inherit_env"),
        pytest.param("web: {", "web: {limits: {nofile: 100}, ", id="limits"),
    ],
)
def test_a_changed_launch_restarts_that_service_alone(project, old, new):
    road = project(SHOP)
    road.up()
    pids = road.pids()
    road.edit(SHOP.replace(old, new))
    road.up()
    assert changed(pids, road.pids()) == ["web"]
    assert road.processes("web") == [road.pid("web")]


@pytest.mark.parametrize(
    "fields",
    [
        "labels: {team: shop}",
        "description: The front",
        "restart: always",
        "restart_policy: {delay: 5s}",
        "stop_signal: SIGINT",
        "logging: {max_size: 1MiB}",
        'healthcheck: {test: "true"}',
        "watch: [{path: src}]",
    ],
)
def test_a_field_that_concerns_only_the_care_of_a_service_is_applied_in_place(project, fields):
    road = project(SHOP)
    road.up()
    pids = road.pids()
    road.edit(SHOP.replace("web: {", f"web: {{{fields}, "))
    (step,) = road.json("plan")["steps"]
    assert (step["action"], step["service"], step["class"]) == ("update", "web", "live")
    road.up()
    assert road.pids() == pids
    assert road.json("plan")["changes"] == 0


def test_a_changed_probe_takes_effect_on_what_runs(project):
    text = """
        services:
          web: {command: exec sleep 1000, healthcheck: {test: "true", interval: 1h}}
    """
    road = project(text)
    road.up()
    pid = road.pid("web")
    road.edit(text.replace('test: "true", interval: 1h', "test: echo probe >> probes, interval: 10ms"))
    road.up()
    road.wait_until(lambda: len(road.words("probes")) > 3, "the new probe is made at its new pace")
    assert road.pid("web") == pid


def test_a_changed_policy_takes_effect_on_what_runs(project, end):
    text = 'services: {web: {command: "echo run >> runs; exec sleep 1000", restart: "no"}}'
    road = project(text)
    road.up()
    road.edit(text.replace('"no"', "always, restart_policy: {delay: 10ms}"))
    road.up()
    end(road.pid("web"))
    road.wait_until(lambda: len(road.words("runs")) == 2, "it runs again")


def test_a_changed_stop_signal_takes_effect_on_what_runs(project):
    text = """
        services:
          web:
            command: |
              trap 'echo hup > trace; exit 0' HUP
              trap 'echo term > trace; exit 0' TERM
              touch up
              while :; do sleep 0.02; done
            stop_signal: SIGTERM
    """
    road = project(text)
    road.up()
    road.wait_until((road.folder / "up").exists, "it stands")
    road.edit(text.replace("stop_signal: SIGTERM", "stop_signal: SIGHUP"))
    road.up()
    road.done("stop", "web")
    assert road.words() == ["hup"]


def test_a_service_that_left_the_file_is_stopped_and_a_new_one_started(project):
    road = project(SHOP)
    road.up()
    pids = road.pids()
    road.edit("""
        defaults: {stop_grace_period: 300ms}
        services:
          db: {command: exec sleep 1000}
          front: {command: exec sleep 1000, depends_on: [db]}
          mail: {command: exec sleep 1000}
    """)
    road.up()
    assert changed(pids, road.pids()) == ["front", "web"]
    assert road.processes("web") == []
    assert road.phase("front") == "running"


def test_everything_may_change_at_once(project):
    road = project("""
        defaults: {command: exec sleep 1000, stop_grace_period: 300ms}
        services:
          kept: {}
          edited: {}
          gone: {}
    """)
    road.up()
    pids = road.pids()
    road.edit("""
        defaults: {command: exec sleep 1000, stop_grace_period: 300ms}
        services:
          kept: {}
          edited: {environment: {A: b}}
          fresh: {depends_on: [kept]}
    """)
    road.up()
    assert changed(pids, road.pids()) == ["edited", "fresh", "gone"]


def test_a_variable_for_all_restarts_all(project):
    road = project(SHOP)
    road.up()
    pids = road.pids()
    road.edit(SHOP.replace("services:", "environment: {LEVEL: debug}\n    services:"))
    road.up()
    assert changed(pids, road.pids()) == ["db", "mail", "web"]


def test_a_dependent_is_restarted_after_the_one_it_needs(project):
    road = project("""
        defaults:
          command: |
            echo $$NEXSOCK_SERVICE begins >> trace
            trap "echo $$NEXSOCK_SERVICE ends >> trace; exit 0" TERM
            while :; do sleep 0.02; done
        services:
          db: {environment: {A: b}, healthcheck: {test: grep -q "db begins" trace}}
          web: {depends_on: {db: {condition: healthy}}, environment: {A: b}}
    """)
    road.up()
    road.wait_until(lambda: len(road.words()) == 4, "both have begun")
    road.edit((road.folder / "nexsock.yaml").read_text().replace("A: b", "A: c"))
    (road.folder / "trace").unlink()
    road.up()
    road.wait_until(lambda: len(road.words()) == 8, "both are back")
    assert road.words() == ["web", "ends", "db", "ends", "db", "begins", "web", "begins"]


def test_a_broken_file_changes_nothing_and_says_where(project):
    road = project(SHOP)
    road.up()
    pids = road.pids()
    road.edit(SHOP.replace("web: {command", "web: {comand"))
    ended = road.run("up", "-d")
    assert ended.exit == 2
    assert "nexsock.yaml:4:9: " in ended.err
    assert "'command'" in ended.err
    assert road.pids() == pids
    road.edit(SHOP)
    assert road.json("up", "-d")["changes"] == 0
    assert road.pids() == pids


def test_the_content_of_an_env_file_decides_and_its_time_does_not(project):
    road = project("""
        services:
          web: {command: exec sleep 1000, env_file: web.env, stop_grace_period: 300ms}
          mail: {command: exec sleep 1000}
    """)
    road.edit("A=1\n", file="web.env")
    road.up()
    pids = road.pids()
    os.utime(road.folder / "web.env", (1, 1))
    road.up()
    assert changed(pids, road.pids()) == []
    road.edit("A=2\n", file="web.env")
    road.up()
    assert changed(pids, road.pids()) == ["web"]


def test_the_callers_own_environment_restarts_nothing(project):
    road = project(SHOP)
    road.up()
    pids = road.pids()
    road.environ["SOMETHING"] = "else"
    assert road.json("up", "-d")["changes"] == 0
    assert road.pids() == pids


def test_a_variable_of_the_file_restarts_what_uses_it(project):
    road = project(SHOP.replace("3000", "${PORT:-3000}"))
    road.up()
    pids = road.pids()
    road.environ["PORT"] = "3001"
    road.up()
    assert changed(pids, road.pids()) == ["web"]


def test_a_changed_config_restarts_who_reads_it(project):
    text = """
        configs:
          web: {target: web.properties, format: properties, values: {level: info}}
        services:
          web: {command: exec sleep 1000, configs: [web]}
          mail: {command: exec sleep 1000}
    """
    road = project(text)
    road.up()
    pids = road.pids()
    assert "info" in (road.folder / "web.properties").read_text()
    road.edit(text.replace("info", "debug"))
    road.up()
    assert changed(pids, road.pids()) == ["web"]
    assert "debug" in (road.folder / "web.properties").read_text()


def test_an_up_does_what_its_plan_said(project):
    road = project(SHOP)
    road.up()
    road.edit("""
        defaults: {stop_grace_period: 300ms}
        services:
          db: {command: exec sleep 1000, labels: {a: b}}
          web: {command: exec sleep 1001, depends_on: [db]}
          front: {command: exec sleep 1000}
    """)
    assert road.run("plan", "--detailed-exitcode").exit == 5
    said = {(step["action"], step["service"]) for step in road.json("plan")["steps"]}
    before = len(road.events("plan"))
    road.up()
    took = {(event["action"], event["service"]) for event in road.events("plan")[before:]}
    assert said == {("update", "db"), ("restart", "web"), ("start", "front"), ("stop", "mail")}
    assert took == said | {("start", "web"), ("forget", "mail")}
    assert road.run("plan", "--detailed-exitcode").exit == 0


def test_a_plan_changes_nothing(project):
    road = project(SHOP)
    assert road.json("plan")["changes"] == 2
    assert road.processes() == []
    road.up()
    pids = road.pids()
    road.edit(SHOP.replace("3000", "3001"))
    assert road.json("plan")["steps"][0]["fields"][0]["path"] == "environment.PORT"
    assert road.pids() == pids


def test_an_edit_during_an_up_is_applied_after_it_and_once(project):
    text = """
        services:
          web:
            command: |
              echo $$LEVEL >> runs
              trap "until [ -e leave ]; do sleep 0.02; done; exit 0" TERM
              while :; do sleep 0.02; done
            environment: {LEVEL: first}
            stop_grace_period: 1h
    """
    road = project(text)
    road.up()
    road.wait_until(lambda: road.words("runs"), "it stands")
    road.edit(text.replace("first", "second"))
    first = road.begin("up", "-d")
    road.wait_until(lambda: road.phase("web") == "stopping", "the first edit is being applied")
    road.edit(text.replace("first", "third"))
    second = road.begin("up", "-d")
    road.touch("leave")
    assert (first.end().exit, second.end().exit) == (0, 0)
    road.wait_until(lambda: road.words("runs")[-1] == "third", "the last edit is applied")
    assert road.words("runs") in (["first", "third"], ["first", "second", "third"])
    assert len(road.processes("web")) <= 2
    assert road.json("plan")["changes"] == 0


def test_a_job_runs_again_only_when_it_or_its_inputs_change(project):
    text = """
        services:
          job: {command: echo job >> jobs, oneshot: true, inputs: ["*.sql"]}
    """
    road = project(text)
    road.edit("one", file="a.sql")
    for _ in range(2):
        road.up()
    os.utime(road.folder / "a.sql", (1, 1))
    road.up()
    assert len(road.words("jobs")) == 1
    road.edit("two", file="a.sql")
    road.up()
    assert len(road.words("jobs")) == 2
    road.edit(text.replace("echo job", "echo new"))
    road.up()
    assert road.words("jobs") == ["job", "job", "new"]
    road.done("restart", "job")
    assert len(road.words("jobs")) == 4


def test_an_edit_revives_what_was_given_up(project):
    road = project('services: {web: {command: "exit 1", restart: "no"}}')
    assert road.run("up", "-d").exit == 1
    road.edit('services: {web: {command: exec sleep 1000, restart: "no"}}')
    road.up()
    assert road.phase("web") == "running"


def test_two_ups_at_once_start_one_process(project, lives):
    road = project('services: {web: {command: "echo $$$$ >> runs; exec sleep 1000"}}')
    ups = [road.begin("up", "-d") for _ in range(6)]
    assert [one.end().exit for one in ups] == [0] * 6
    road.wait_until(lambda: road.words("runs"), "it has begun")
    assert len(road.words("runs")) == 1
    assert road.processes("web") == [road.pid("web")]


def test_an_up_and_a_down_at_once_end_in_one_of_both(project):
    road = project(SHOP)
    road.up()
    crowd = [road.begin(*verb) for verb in (("down",), ("up", "-d")) * 3]
    for one in crowd:
        one.end()
    running = {name for name, phase in road.phases().items() if phase == "running"}
    assert running in (set(), {"db", "web", "mail"})
    assert len(road.processes()) == len(running)
    road.done("down")
    assert road.processes() == []


def test_a_down_that_an_up_overtakes_ends_and_says_so(project):
    """While web takes its time, db runs on; wanted again, it is never told to stop."""
    road = project("""
        services:
          db: {command: exec sleep 1000}
          web:
            command: "trap 'until [ -e go ]; do sleep 0.02; done; exit 0' TERM; while :; do sleep 0.02; done"
            depends_on: [db]
    """)
    road.up()
    before = road.pid("db")
    down = road.begin("down")
    road.wait_until(lambda: road.phase("web") == "stopping", "its turn comes first")
    up = road.begin("up", "-d", "db")
    road.wait_until(lambda: road.events("wanted")[-1]["reason"] == "1 of 2 services", "db is wanted again")
    road.touch("go")
    assert down.end().exit == 1
    assert "db: is running; another command overtook this one" in down.end().err
    assert (up.end().exit, road.pid("db")) == (0, before)
