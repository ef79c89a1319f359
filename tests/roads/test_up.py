"""What `up` waits for, what it takes along, what it returns; and the hooks around a start and an end."""

import pytest


def test_an_up_returns_when_everything_is_ready(project):
    road = project("""
        services:
          db:
            command: sleep 0.3; touch well; exec sleep 1000
            healthcheck: {test: test -e well}
          job: {command: sleep 0.3; touch job, oneshot: true}
          web: {command: exec sleep 1000, depends_on: [db]}
    """)
    road.up("--wait")
    assert (road.folder / "well").exists()
    assert (road.folder / "job").exists()
    assert road.phases() == {"db": "ready", "job": "completed", "web": "running"}


def test_a_time_limit_ends_the_waiting_and_not_the_services(project):
    road = project('services: {web: {command: exec sleep 1000, healthcheck: {test: "false"}}}')
    ended = road.run("up", "-d", "--timeout", "300ms")
    assert ended.exit == 124
    assert "web" in ended.err
    road.wait_until(lambda: road.processes("web"), "it was started all the same")


def test_a_failure_tells_the_chain_of_causes_and_the_last_words(project):
    road = project("""
        services:
          db: {command: echo disk is full; exit 28, restart: "no", healthcheck: {test: "false"}}
          web: {command: exec sleep 1000, depends_on: [db]}
          mail: {command: exec sleep 1000}
    """)
    ended = road.run("up", "-d")
    assert ended.exit == 1
    assert "disk is full" in ended.err
    assert "exited with 28" in ended.err
    assert "web" in ended.err
    assert road.phase("mail") == "running"


def test_a_program_that_does_not_exist_fails_by_name(project):
    road = project("services: {web: {command: [./no-such-program]}}")
    ended = road.run("up", "-d")
    assert ended.exit == 1
    assert "./no-such-program" in ended.err
    assert road.phase("web") == "failed"


def test_a_folder_that_does_not_exist_fails_by_name(project):
    road = project("services: {web: {command: exec sleep 1000, working_dir: nowhere}}")
    ended = road.run("up", "-d")
    assert ended.exit in (1, 2)
    assert "nowhere" in ended.err
    assert road.processes() == []


def test_what_runs_is_not_started_again(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    pid = road.pid("web")
    road.done("start", "web")
    road.up("web")
    assert road.pid("web") == pid


def test_a_named_service_comes_with_its_needs_and_nothing_else(project):
    road = project("""
        defaults: {command: exec sleep 1000}
        services: {db: {}, web: {depends_on: [db]}, mail: {}}
    """)
    told = road.up("web")
    assert {name for name, pid in road.pids().items() if pid} == {"db", "web"}
    assert [line.split()[0] for line in told.splitlines()] == ["db", "web", "2"]
    assert [line.split()[0] for line in road.done("down", "web").splitlines()] == ["web", "1"]


PROFILES = """
    defaults: {command: exec sleep 1000}
    services:
      web: {}
      load: {profiles: [bench]}
      report: {profiles: [bench, docs]}
"""


@pytest.mark.parametrize(
    ("arguments", "environ", "dotenv", "running"),
    [
        pytest.param([], {}, "", {"web"}, id="none"),
        pytest.param(["--profile", "bench"], {}, "", {"web", "load", "report"}, id="an option"),
        pytest.param([], {"NEXSOCK_PROFILES": "docs"}, "", {"web", "report"}, id="a variable"),
        pytest.param([], {}, "NEXSOCK_PROFILES=docs\n", {"web", "report"}, id="a variable in .env"),
        pytest.param(["load"], {}, "", {"load"}, id="by name"),
    ],
)
def test_a_profile_is_chosen_by(project, arguments, environ, dotenv, running):
    road = project(PROFILES)
    road.edit(dotenv, file=".env")
    road.environ.update(environ)
    road.up(*arguments)
    assert {name for name, pid in road.pids().items() if pid} == running


def test_a_project_whose_services_are_all_in_profiles_goes_up_with_none(project):
    road = project("services: {load: {command: exec sleep 1000, profiles: [bench]}}")
    assert road.run("up", "-d").exit == 0
    assert road.processes() == []


def test_what_was_named_is_joined_by_what_is_named_next(project):
    road = project("defaults: {command: exec sleep 1000}\nservices: {a: {}, b: {}, c: {}}")
    road.up("a")
    road.up("b")
    assert {name for name, pid in road.pids().items() if pid} == {"a", "b"}
    road.up()
    assert {name for name, pid in road.pids().items() if pid} == {"a", "b", "c"}


def test_hooks_run_in_order_around_start_and_end(project):
    road = project("""
        services:
          web:
            command: |
              echo begins >> trace
              trap "echo ends >> trace; exit 0" TERM
              touch up
              while :; do sleep 0.02; done
            hooks:
              pre_start: [{command: echo pre-1 >> trace}, {command: echo pre-2 >> trace}]
              post_start: [{command: 'while ! [ -e up ]; do sleep 0.01; done; echo post >> trace'}]
              pre_stop: [{command: echo pre-stop >> trace}]
              post_stop: [{command: echo post-stop >> trace}]
    """)
    road.up()
    road.wait_until(lambda: "post" in road.words(), "the hook after the start has run")
    road.done("down")
    assert road.words() == ["pre-1", "pre-2", "begins", "post", "pre-stop", "ends", "post-stop"]


def test_a_hook_that_fails_stops_the_start_and_its_last_words_are_told(project):
    road = project("""
        services:
          web:
            command: touch web
            restart: "no"
            hooks: {pre_start: [{command: echo no migrations found; exit 4}, {command: touch second}]}
    """)
    ended = road.run("up", "-d")
    assert ended.exit == 1
    assert "no migrations found" in ended.err
    assert "exited with 4" in ended.err
    assert not (road.folder / "web").exists()
    assert not (road.folder / "second").exists()


def test_a_hook_that_takes_too_long_stops_the_start(project):
    road = project("""
        services:
          web:
            command: touch web
            restart: "no"
            hooks: {pre_start: [{command: sleep 1000, timeout: 200ms}]}
    """)
    ended = road.run("up", "-d")
    assert ended.exit == 1
    assert "took longer than 0.2s" in ended.err
    assert not (road.folder / "web").exists()


def test_a_hook_after_the_start_that_fails_is_told_and_nothing_more(project):
    road = project("""
        services:
          web: {command: exec sleep 1000, hooks: {post_start: [{command: echo no bell; exit 1}]}}
    """)
    road.up()
    road.wait_until(lambda: any("no bell" in event["reason"] for event in road.events("output")), "it is told")
    assert road.phase("web") == "running"


def test_a_hook_has_a_place_and_an_environment_of_its_own(project):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            environment: {A: service, B: service}
            hooks:
              pre_start: [{command: 'echo $$PWD $$A $$B > ../trace', working_dir: inner, environment: {B: hook}}]
    """)
    (road.folder / "inner").mkdir()
    road.up()
    assert road.words() == [str(road.folder / "inner"), "service", "hook"]


def test_a_stop_during_a_hook_before_the_start_starts_nothing(project):
    road = project("""
        services:
          web:
            command: touch web
            hooks: {pre_start: [{command: 'touch begun; sleep 1000'}]}
            stop_grace_period: 300ms
    """)
    up = road.begin("up", "-d")
    road.wait_until((road.folder / "begun").exists, "the hook has begun")
    road.done("stop", "web")
    assert up.end().exit == 1
    assert not (road.folder / "web").exists()
    assert road.processes() == []


def test_a_hook_before_the_start_runs_before_every_start(project, end):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            hooks: {pre_start: [{command: echo pre >> trace}]}
            restart_policy: {delay: 10ms}
    """)
    road.up()
    end(road.pid("web"))
    road.wait_until(lambda: len(road.words()) == 2, "it has run again")


def test_a_link_to_the_project_is_the_project(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    link = road.folder.parent / "link"
    link.symlink_to(road.folder)
    road.up()
    pid = road.pid("web")
    assert road.run("up", "-d", cwd=link).exit == 0
    assert road.processes("web") == [pid]


def test_a_service_inherits_what_it_says_and_never_our_own_marks(project):
    road = project("""
        services:
          all: {command: env > all, oneshot: true}
          none: {command: env > none, oneshot: true, inherit_env: false}
          some: {command: env > some, oneshot: true, inherit_env: [CHOSEN]}
    """)
    road.environ |= {"CHOSEN": "yes", "OTHER": "yes", "NEXSOCK_INSTANCE": "forged"}
    road.up()
    seen = {name: set(road.words(name)) for name in ("all", "none", "some")}
    assert {name: {"CHOSEN=yes", "OTHER=yes"} & found for name, found in seen.items()} == {
        "all": {"CHOSEN=yes", "OTHER=yes"},
        "none": set(),
        "some": {"CHOSEN=yes"},
    }
    assert not any("NEXSOCK_INSTANCE=forged" in found for found in seen.values())
