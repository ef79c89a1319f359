"""Changed files act by themselves: the project's own with the smallest plan, sources as their rules say.

"Nothing happened" is proved by a canary: a file of the same folder is changed afterwards, and what it causes is
awaited. Bursts are told in their order.
"""

import os
import shutil
import subprocess

import pytest

SERVING = "echo $$ >> {0}; exec sleep 1000"
"""writes down each run and stays"""

WATCHING = """
    services:
      web:
        command: echo web >> runs; exec sleep 1000
        watch: [{path: src, ignore: [canary, notes/]}]
      bird:
        command: echo bird >> canaries; exec sleep 1000
        watch: [{path: src, include: [canary]}]
"""

PATIENT = WATCHING.replace("watch: [{", "watch: [{debounce: 500ms, ")


@pytest.fixture
def sources(project):
    """A watched project; `web` is restarted by src, `bird` by src/canary alone."""
    road = project(WATCHING)
    road.edit("one", "src/app.py")
    road.edit("one", "src/canary")
    road.up("--watch")
    return road


@pytest.fixture
def patient(project):
    """As `sources`, and a burst may pause for half a second: who writes may have to wait for a processor."""
    road = project(PATIENT)
    road.edit("one", "src/app.py")
    road.edit("one", "src/canary")
    road.up("--watch")
    return road


def counted(road, file, count):
    road.wait_until(lambda: len(road.words(file)) >= count, f"{count} runs are written to {file}")
    return len(road.words(file))


def runs_after_a_canary(road, file="runs"):
    """The number of runs when a change that came later has been acted on."""
    seen = len(road.words("canaries"))
    road.edit(f"after {seen}", "src/canary")
    counted(road, "canaries", seen + 1)
    road.wait_until(lambda: {"running"} == set(road.phases().values()), "all of them run")
    return len(road.words(file))


def brain(road):
    return road.json("daemon", "status")["pid"]


# -- the project's own files


def test_an_edited_file_is_applied_by_itself_with_the_smallest_plan(project):
    road = project("""
        services:
          api: {command: exec sleep 1000, environment: {LEVEL: low}}
          db: {command: exec sleep 1001}
          web: {command: exec sleep 1002, depends_on: {api: {condition: started, restart: true}}}
    """)
    road.up("--watch")
    before = road.pids()
    road.edit("""
        services:
          api: {command: exec sleep 1000, environment: {LEVEL: high}}
          db: {command: exec sleep 1001}
          web: {command: exec sleep 1002, depends_on: {api: {condition: started, restart: true}}}
    """)
    road.wait_until(lambda: len(road.history("web")) == 2 and road.phase("web") == "running", "web runs anew")
    after = road.pids()
    assert {name: before[name] == after[name] for name in before} == {"api": False, "db": True, "web": False}


def test_a_service_that_joins_or_leaves_the_file_starts_or_stops(project):
    road = project("services: {old: {command: exec sleep 1000}, same: {command: exec sleep 1001}}")
    road.up("-w")
    same = road.pid("same")
    road.edit("services: {new: {command: exec sleep 1002}, same: {command: exec sleep 1001}}")
    road.wait_until(lambda: road.phases() == {"new": "running", "same": "running"}, "new runs and old is gone")
    assert road.processes("old") == []
    assert road.pid("same") == same


def test_a_changed_healthcheck_takes_effect_in_the_process_that_runs(project):
    road = project("services: {web: {command: exec sleep 1000, healthcheck: {test: 'true', interval: 1h}}}")
    road.up("--watch")
    pid = road.pid("web")
    road.edit("services: {web: {command: exec sleep 1000, healthcheck: {test: echo p >> probed, interval: 1h}}}")
    road.wait_until(lambda: road.words("probed"), "the new probe asks")
    assert road.pid("web") == pid


def test_an_override_file_that_appears_changes_and_goes_is_applied(project):
    road = project("services: {web: {command: 'echo $$LEVEL >> levels; exec sleep 1000', environment: {LEVEL: a}}}")
    road.up("--watch")
    counted(road, "levels", 1)
    road.edit("services: {web: {environment: {LEVEL: b}}}", "nexsock.override.yaml")
    counted(road, "levels", 2)
    road.edit("services: {web: {environment: {LEVEL: c}}}", "nexsock.override.yaml")
    counted(road, "levels", 3)
    (road.folder / "nexsock.override.yaml").unlink()
    counted(road, "levels", 4)
    assert road.words("levels") == ["a", "b", "c", "a"]


def test_an_included_file_that_changes_is_applied(project):
    road = project("include: [parts/db.yaml]\nservices: {web: {command: exec sleep 1000}}")
    road.edit("services: {db: {command: exec sleep 1001}}", "parts/db.yaml")
    road.up("--watch")
    web = road.pid("web")
    road.edit("services: {db: {command: echo new >> told; exec sleep 1001}}", "parts/db.yaml")
    road.wait_until(lambda: road.words("parts/told"), "db runs anew")
    assert road.pid("web") == web


def test_an_env_file_restarts_by_content_and_not_by_touch(project):
    road = project("""
        services:
          web:
            command: echo $$MODE >> modes; exec sleep 1000
            env_file: settings/web.env
          other: {command: exec sleep 1001}
    """)
    road.edit("MODE=one", "settings/web.env")
    road.up("--watch")
    counted(road, "modes", 1)
    road.touch("settings/web.env")
    road.edit("MODE=two", "settings/web.env")
    counted(road, "modes", 2)
    road.wait_until(lambda: road.phase("web") == "running", "it runs")
    assert road.words("modes") == ["one", "two"]
    assert len(road.history("other")) == 1


def test_a_touched_file_restarts_nothing(project):
    road = project("services: {web: {command: echo run >> runs; exec sleep 1000, env_file: web.env}}")
    road.edit("A=1", "web.env")
    road.up("--watch")
    road.touch("web.env")
    road.touch("nexsock.yaml")
    road.edit("""
        services:
          web: {command: echo run >> runs; exec sleep 1000, env_file: web.env}
          canary: {command: touch sung, oneshot: true}
    """)
    road.wait_until((road.folder / "sung").exists, "a change is applied")
    assert road.words("runs") == ["run"]


def test_a_broken_file_keeps_what_runs_and_says_where(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up("--watch")
    pid = road.pid("web")
    road.edit("services:\n  web:\n    comand: exec sleep 1001\n")
    road.wait_until(lambda: "config_error" in road.json("ps")["project"], "the mistake is announced")
    (mistake,) = road.json("ps")["project"]["config_error"]["problems"]
    assert (mistake["file"], mistake["line"], mistake["column"]) == ("nexsock.yaml", 3, 5)
    assert "nexsock.yaml:3:5" in road.done("ps")
    assert "nexsock.yaml:3:5" in road.done("why", "web")
    assert road.pid("web") == pid


def test_a_mistake_that_is_taken_back_is_forgotten_without_another_change(project):
    text = "services: {web: {command: echo run >> runs; exec sleep 1000}}\n"
    road = project(text)
    road.up("--watch")
    road.edit("services: [")
    road.wait_until(lambda: "config_error" in road.json("ps")["project"], "the mistake is announced")
    road.edit(text)
    road.wait_until(lambda: "config_error" not in road.json("ps")["project"], "the mistake is forgotten")
    assert road.words("runs") == ["run"]


def test_a_fixed_file_is_applied_with_what_else_it_changed(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up("--watch")
    road.edit("services: {web: {command: 7: 8}}")
    road.wait_until(lambda: "config_error" in road.json("ps")["project"], "the mistake is announced")
    road.edit("services: {web: {command: touch fixed; exec sleep 1000}}")
    road.wait_until((road.folder / "fixed").exists, "the newer version is live")


def test_a_broken_env_file_keeps_what_runs(project):
    road = project("services: {web: {command: echo run >> runs; exec sleep 1000, env_file: web.env}}")
    road.edit("A=1", "web.env")
    road.up("--watch")
    (road.folder / "web.env").unlink()
    road.wait_until(lambda: "config_error" in road.json("ps")["project"], "the missing file is announced")
    road.edit("A=1", "web.env")
    road.wait_until(lambda: "config_error" not in road.json("ps")["project"], "all is well")
    assert road.words("runs") == ["run"]


def test_an_edit_during_an_apply_is_applied_afterwards_once(project):
    road = project("services: {web: {command: 'echo $$V >> seen; exec sleep 1000', environment: {V: '0'}}}")
    road.up("--watch")
    for version in range(1, 6):
        road.edit(
            f"services: {{web: {{command: 'echo $$V >> seen; exec sleep 1000', environment: {{V: '{version}'}}}}}}"
        )
    road.wait_until(lambda: road.words("seen")[-1:] == ["5"], "the last version runs")
    road.wait_until(lambda: not road.json("plan")["changes"] and road.phase("web") == "running", "it is at rest")
    assert road.words("seen").count("5") == 1


def test_a_change_of_the_file_in_the_moment_that_up_returns_is_not_missed(project):
    road = project("services: {web: {command: echo first >> told; exec sleep 1000}}")
    road.begin("up", "-d", "--watch")
    road.wait_until(lambda: road.words("told"), "the first version runs")
    road.edit("services: {web: {command: echo second >> told; exec sleep 1000}}")
    road.wait_until(lambda: "second" in road.words("told"), "the second version runs")


def test_without_watching_a_changed_file_waits_for_the_next_up(project):
    road = project("services: {web: {command: echo $$$$ >> runs; exec sleep 1000, watch: [src]}}")
    road.edit("one", "src/app.py")
    road.up()
    road.edit("two", "src/app.py")
    road.edit("services: {web: {command: echo $$$$ >> runs; exec sleep 1001, watch: [src]}}")
    other = road.folder / "elsewhere"
    other.mkdir()
    assert road.json("plan")["changes"] == 1
    road.up("--watch")
    assert counted(road, "runs", 2) == 2


# -- sources


def test_a_changed_source_restarts_its_service_and_no_other(sources):
    bird = sources.pid("bird")
    sources.edit("two", "src/app.py")
    assert counted(sources, "runs", 2) == 2
    assert "src/app.py changed" in sources.history("web")[0]["cause"]
    assert sources.pid("bird") == bird


def test_two_hundred_writes_are_one_restart(patient):
    for number in range(200):
        (patient.folder / "src/app.py").write_text(str(number))
    counted(patient, "runs", 2)
    assert runs_after_a_canary(patient) == 2


def test_reading_and_modes_and_listing_restart_nothing(sources):
    (sources.folder / "src/app.py").read_text()
    (sources.folder / "src/app.py").chmod(0o600)
    os.listdir(sources.folder / "src")
    assert runs_after_a_canary(sources) == 1


def test_what_is_ignored_restarts_nothing(sources):
    for path in ("src/notes/a.txt", "src/.git/index", "src/app.pyc", "src/node_modules/a/index.js", "src/app.py~"):
        sources.edit("new", path)
    assert runs_after_a_canary(sources) == 1


def test_two_edits_one_after_the_other_both_count(sources):
    sources.edit("two", "src/app.py")
    counted(sources, "runs", 2)
    sources.edit("three", "src/app.py")
    counted(sources, "runs", 3)
    assert runs_after_a_canary(sources) == 3


def test_a_change_during_a_restart_causes_one_more(project):
    road = project("""
        services:
          web:
            command: |
              trap 'touch asked; while ! [ -e leave ]; do sleep 0.01; done; exit 0' TERM
              echo run >> runs
              while :; do sleep 0.01; done
            watch: [src]
    """)
    road.edit("one", "src/app.py")
    road.up("--watch")
    counted(road, "runs", 1)
    road.edit("two", "src/app.py")
    road.wait_until((road.folder / "asked").exists, "the restart has begun")
    road.edit("three", "src/app.py")
    road.wait_until(lambda: len(road.events("watch")) == 2, "the second change is heard")
    road.touch("leave")
    road.wait_until(lambda: road.phase("web") == "running" and len(road.words("runs")) > 1, "it runs again")
    road.wait_until(lambda: not road.json("plan")["changes"], "it is at rest")
    assert len(road.words("runs")) in (2, 3)


def test_an_editor_that_saves_by_renaming_is_heard_each_time(sources):
    for number, text in enumerate(("two", "three"), 2):
        sources.edit(text, "src/app.py.swp")
        os.replace(sources.folder / "src/app.py.swp", sources.folder / "src/app.py")
        counted(sources, "runs", number)
    assert runs_after_a_canary(sources) == 3


@pytest.mark.skipif(shutil.which("vim") is None, reason="there is no vim")
def test_vim_with_a_backup_is_one_restart(patient):
    saving = ("set backup backupcopy=no backupskip=", "%s/one/two/", "wq")
    commands = [word for command in saving for word in ("-c", command)]
    vim = ["vim", "-es", "-N", "-u", "NONE", *commands, "src/app.py"]
    subprocess.run(vim, cwd=patient.folder, check=True, stdin=subprocess.DEVNULL)
    counted(patient, "runs", 2)
    assert (patient.folder / "src/app.py~").exists()
    assert runs_after_a_canary(patient) == 2


def test_a_new_folder_is_watched_at_once(sources):
    (sources.folder / "src/fresh/deep").mkdir(parents=True)
    sources.edit("new", "src/fresh/deep/mod.py")
    counted(sources, "runs", 2)
    sources.edit("newer", "src/fresh/deep/mod.py")
    counted(sources, "runs", 3)


def test_a_checkout_of_a_hundred_files_is_one_restart(project):
    road = project(PATIENT)
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")

    def git(*arguments):
        subprocess.run(["git", *who, *arguments], cwd=road.folder / "src", env=quiet, check=True, capture_output=True)

    (road.folder / "src").mkdir()
    git("init", "-q", "-b", "one")
    for branch in ("one", "two"):
        for number in range(100):
            road.edit(branch, f"src/part{number % 7}/mod{number}.py")
        git("checkout", "-q", "-B", branch)
        git("add", ".")
        git("commit", "-qm", branch)
    road.up("--watch")
    git("checkout", "-q", "one")
    counted(road, "runs", 2)
    assert runs_after_a_canary(road) == 2


def test_a_deleted_source_restarts(sources):
    (sources.folder / "src/app.py").unlink()
    counted(sources, "runs", 2)
    assert runs_after_a_canary(sources) == 2


def test_a_change_can_send_a_signal_instead(project):
    road = project("""
        services:
          web:
            command: trap 'echo again >> told' USR1; echo run >> runs; while :; do sleep 0.02; done
            watch: [{path: routes.conf, action: signal, signal: SIGUSR1}]
    """)
    road.edit("one", "routes.conf")
    road.up("--watch")
    counted(road, "runs", 1)
    pid = road.pid("web")
    road.edit("two", "routes.conf")
    road.wait_until(lambda: road.words("told") == ["again"], "the signal has come")
    assert road.pid("web") == pid


def test_a_change_can_run_a_command_in_the_place_of_the_service(project):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            working_dir: place
            environment: {LEVEL: high}
            watch: [{path: styles, action: exec, command: 'echo "$$LEVEL $$PWD" > ../made'}]
    """)
    (road.folder / "place").mkdir()
    road.edit("one", "styles/main.css")
    road.up("--watch")
    pid = road.pid("web")
    road.edit("two", "styles/main.css")
    road.wait_until(lambda: road.words("made"), "the command has run")
    assert road.words("made") == ["high", str(road.folder / "place")]
    assert road.pid("web") == pid


def test_a_command_of_a_rule_that_fails_is_told_with_its_words(project):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            watch: [{path: styles, action: exec, command: echo no such colour; exit 3}]
    """)
    road.edit("one", "styles/main.css")
    road.up("--watch")
    road.edit("two", "styles/main.css")
    road.wait_until(lambda: road.events("warning"), "the failure is told")
    (told,) = road.events("warning")
    assert told["service"] == "web"
    assert "styles/main.css" in told["reason"]
    assert "exited with 3: no such colour" in told["reason"]


@pytest.mark.parametrize(("cascade", "replaced"), [("true", {"api", "web"}), ("false", {"api"})])
def test_a_restart_by_a_source_reaches_dependents_only_where_it_cascades(project, cascade, replaced):
    road = project(f"""
        services:
          api: {{command: exec sleep 1000, watch: [{{path: src, cascade: {cascade}}}]}}
          web: {{command: exec sleep 1001, depends_on: [api]}}
          other: {{command: exec sleep 1002}}
          bird: {{command: exec sleep 1003, watch: [{{path: src, include: [canary]}}]}}
    """)
    road.edit("one", "src/app.py")
    road.up("--watch")
    before = road.pids()
    road.edit("two", "src/app.py")
    road.wait_until(lambda: len(road.history("api")) == 2, "api is replaced")
    road.edit("two", "src/canary")
    road.wait_until(
        lambda: len(road.history("bird")) == 2 and set(road.phases().values()) == {"running"}, "all is at rest"
    )
    after = road.pids()
    assert {name for name in ("api", "web", "other") if before[name] != after[name]} == replaced


def test_only_included_files_count(project):
    road = project("""
        services:
          web: {command: echo run >> runs; exec sleep 1000, watch: [{path: ., include: ['*.py']}]}
    """)
    road.up("--watch")
    road.edit("no", "readme.md")
    road.edit("no", "docs/guide.txt")
    road.edit("yes", "deep/app.py")
    counted(road, "runs", 2)
    assert "deep/app.py changed" in road.history("web")[0]["cause"]


def test_a_stopped_service_ignores_edits_and_watches_again_after_its_start(sources):
    sources.done("stop", "web")
    sources.edit("two", "src/app.py")
    assert sources_at_rest(sources) == 1
    assert sources.phase("web") == "stopped"
    sources.done("start", "web")
    counted(sources, "runs", 2)
    sources.edit("three", "src/app.py")
    counted(sources, "runs", 3)


def sources_at_rest(road):
    seen = len(road.words("canaries"))
    road.edit(f"after {seen}", "src/canary")
    counted(road, "canaries", seen + 1)
    return len(road.words("runs"))


def test_a_oneshot_runs_again_when_its_source_changes(project):
    road = project("""
        services:
          build: {command: cat src/app >> built, oneshot: true, watch: [src]}
    """)
    road.edit("one\n", "src/app")
    road.up("--watch")
    road.edit("two\n", "src/app")
    road.wait_until(lambda: road.words("built") == ["one", "two"], "it has run again")
    road.wait_until(lambda: road.phase("build") == "completed", "it is done")


def test_a_change_revives_a_service_that_was_given_up(project):
    road = project("""
        services:
          web:
            command: if grep -q bug src/app.py; then exit 1; fi; exec sleep 1000
            restart_policy: {delay: 10ms, max_in_window: 2}
            watch: [src]
    """)
    road.edit("bug", "src/app.py")
    assert road.run("up", "-d", "--watch").exit == 1
    assert road.phase("web") == "failed"
    road.edit("good", "src/app.py")
    road.wait_until(lambda: road.phase("web") == "running", "the repaired service runs")


def test_a_restart_by_a_source_does_not_spend_the_budget_of_restarts(project):
    road = project("""
        services:
          web: {command: echo run >> runs; exec sleep 1000, watch: [src], restart: 'on-failure:1'}
    """)
    road.edit("0", "src/app.py")
    road.up("--watch")
    for number in range(2, 5):
        road.edit(str(number), "src/app.py")
        counted(road, "runs", number)
    road.wait_until(lambda: road.phase("web") == "running", "it runs")
    assert road.service("web")["restarts"] == 0


def test_a_service_that_writes_its_own_sources_is_suspended_by_the_tenth_restart(project):
    road = project("""
        services:
          web:
            command: echo run >> runs; echo $$$$ > src/generated.py; exec sleep 1000
            watch: [{path: src, debounce: 10ms}]
    """)
    (road.folder / "src").mkdir()
    road.up("--watch")
    road.wait_until(lambda: road.events("warning"), "its watch is suspended")
    (told,) = road.events("warning")
    assert told["service"] == "web"
    assert "src/generated.py caused 10 restarts within a minute" in told["reason"]
    road.wait_until(lambda: road.phase("web") == "running", "it runs")
    assert len(road.words("runs")) == 11


def test_watching_survives_a_kill_of_the_daemon(sources, end):
    before = brain(sources)
    end(before)
    sources.wait_until(lambda: brain(sources) != before, "another one has taken over")
    sources.edit("two", "src/app.py")
    counted(sources, "runs", 2)
    sources.edit(WATCHING.replace("sleep 1000", "sleep 1001"))
    counted(sources, "runs", 3)


# -- the command


def test_watch_acts_until_it_is_interrupted(project, following, end):
    road = project("services: {web: {command: echo run >> runs; exec sleep 1000, watch: [src]}}")
    road.edit("one", "src/app.py")
    road.up()
    watching = following(road, "watch")
    road.wait_until(lambda: road.json("ps")["project"]["watching"], "it watches")
    road.edit("two", "src/app.py")
    counted(road, "runs", 2)
    watching.until("src/app.py changed", anywhere=True)
    end(watching.process.pid, 2)
    assert watching.process.wait(60) == 130
    assert not road.json("ps")["project"]["watching"]


def test_down_ends_watching(sources):
    sources.done("down")
    sources.edit("two", "src/app.py")
    assert not sources.json("ps")["project"]["watching"]
    sources.up()
    assert counted(sources, "runs", 2) == 2
