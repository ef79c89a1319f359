"""An end is an end: everything of a service is gone when a stop or a down returns, in order and in time."""

import time

import pytest

STUBBORN = "trap '' TERM; while :; do sleep 0.05; done"
"""A program that ignores SIGTERM."""


def begun(road, *files):
    """Wait until programs have said that they stand, by files they make."""
    road.wait_until(lambda: all((road.folder / file).exists() for file in files), f"{', '.join(files)} stand there")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(f"touch up; {STUBBORN}", id="the service ignores SIGTERM"),
        pytest.param(f"({STUBBORN}) & touch up; exec sleep 1000", id="a child ignores SIGTERM"),
        pytest.param(f'sh -c "sh -c \\"touch up; {STUBBORN}\\" & wait" & wait', id="a grandchild ignores SIGTERM"),
        pytest.param(f"({STUBBORN}) & touch up; exit 0", id="its main process has ended"),
        pytest.param("setsid sh -c 'touch up; exec sleep 1000' & exec sleep 1000", id="a child has its own session"),
        pytest.param(
            "setsid sh -c 'touch up; exec sleep 1000' & while ! [ -e up ]; do sleep 0.01; done; exit 0",
            id="a child with its own session holds stdout and its main process has ended",
        ),
        pytest.param(
            "setsid env -i sh -c 'touch up; while :; do /bin/sleep 0.05; done' & exec sleep 1000",
            id="a child has cleared its environment",
        ),
        pytest.param("set -m; sleep 1000 & touch up; wait", id="a child has its own group"),
        pytest.param("touch up; kill -STOP $$$$; exec sleep 1000", id="the service is suspended"),
    ],
)
def test_nothing_of_a_service_is_left_when_its_stop_returns(project, lives, command):
    road = project("""
        services:
          web:
            command: sh ./web
            restart: "no"
            stop_grace_period: 300ms
    """)
    road.edit(command.replace("$$$$", "$$"), file="web")
    road.begin("up", "-d")
    begun(road, "up")
    everything = road.processes("web")
    road.done("stop", "web")
    assert [pid for pid in everything if lives(pid)] == []
    assert road.processes("web") == []


def test_the_configured_signal_reaches_the_whole_group(project):
    road = project("""
        services:
          web:
            command: |
              trap 'echo parent >> trace; exit 0' HUP
              sh -c "trap 'echo child >> trace; exit 0' HUP; touch up; while :; do sleep 0.05; done" &
              while :; do sleep 0.05; done
            stop_signal: SIGHUP
    """)
    road.up()
    begun(road, "up")
    road.done("stop", "web")
    assert sorted(road.words()) == ["child", "parent"]


def test_a_service_has_its_grace_period_to_end_well(project):
    road = project("""
        services:
          web:
            command: |
              trap 'sleep 0.3; echo saved > trace; exit 0' TERM
              touch up
              while :; do sleep 0.05; done
            stop_grace_period: 1h
    """)
    road.up()
    begun(road, "up")
    road.done("down")
    assert road.words() == ["saved"]
    assert road.service("web")["exit_code"] == 0


def test_a_second_stop_kills_at_once(project):
    road = project(f"""
        services:
          web:
            command: touch up; {STUBBORN}
            stop_grace_period: 1h
    """)
    road.up()
    begun(road, "up")
    first = road.begin("stop", "web")
    road.wait_until(lambda: road.phase("web") == "stopping", "the first stop has begun")
    road.done("stop", "web")
    assert road.processes("web") == []
    assert first.end().exit == 0


def test_a_restart_kills_as_soon_as_it_was_told_to(project):
    road = project(f"""
        services:
          web:
            command: touch up; {STUBBORN}
            stop_grace_period: 1h
    """)
    road.up()
    begun(road, "up")
    first = road.pid("web")
    road.done("restart", "-t", "0", "web")
    assert road.history("web")[1]["exit_code"] == 137
    assert road.processes("web")
    assert first not in road.processes("web")
    road.done("stop", "-t", "0", "web")


def test_one_grace_period_is_shared_by_everything_of_a_service(project):
    road = project(f"""
        services:
          web:
            command: |
              ({STUBBORN}) &
              setsid sh -c "{STUBBORN}" &
              setsid sh -c "{STUBBORN}" &
              touch up
              {STUBBORN}
            stop_grace_period: 3s
    """)
    road.up()
    begun(road, "up")
    before = time.monotonic()
    road.done("stop", "web")
    assert 3 <= time.monotonic() - before < 4 * 3
    assert road.processes("web") == []


def test_a_start_during_a_slow_stop_waits_for_its_end(project, lives):
    road = project("""
        services:
          web:
            command: |
              for pid in $$(cat pids); do kill -0 $$pid && echo two at once > trace; done
              echo $$$$ >> pids
              trap 'until [ -e leave ]; do sleep 0.02; done; exit 0' TERM
              touch up
              while :; do sleep 0.05; done
            stop_grace_period: 1h
    """)
    road.up()
    begun(road, "up")
    stop = road.begin("stop", "web")
    road.wait_until(lambda: road.phase("web") == "stopping", "the stop has begun")
    start = road.begin("start", "web")
    road.touch("leave")
    assert start.end().exit == 0
    stop.end()
    assert road.phase("web") == "running"
    road.wait_until(lambda: len(road.words("pids")) == 2, "the second run stands")
    assert road.words() == []
    assert [int(pid) for pid in road.words("pids") if lives(int(pid))] == [road.pid("web")]


@pytest.mark.parametrize("verb", ["stop", "down"])
def test_what_does_not_run_can_be_stopped_again_and_again(project, verb):
    services = ("web", "dead", "never")
    road = project("""
        services:
          web: {command: exec sleep 1000}
          dead: {command: "exit 1", restart: "no"}
          never: {command: exec sleep 1000, profiles: [extra]}
    """)
    road.done(verb, *services)
    road.run("up", "-d")
    road.done(verb, *services)
    road.done(verb, *services)
    assert road.processes() == []


def test_a_stop_of_what_was_killed_behind_our_back_is_well(project, end):
    road = project("""
        services:
          web: {command: exec sleep 1000, restart: "no"}
    """)
    road.up()
    end(road.pid("web"))
    road.done("stop", "web")
    assert road.processes() == []


def test_a_service_whose_child_holds_its_output_has_still_ended(project):
    road = project("""
        services:
          job:
            command: (trap '' TERM; while :; do sleep 0.05; done) & exit 0
            oneshot: true
            stop_grace_period: 200ms
    """)
    road.up()
    assert road.phase("job") == "completed"
    assert road.processes("job") == []


def test_dependents_end_first_and_in_reverse_order(project):
    road = project("""
        defaults:
          command: |
            trap "echo $$NEXSOCK_SERVICE >> trace; exit 0" TERM
            touch up-$$NEXSOCK_SERVICE
            while :; do sleep 0.02; done
        services:
          a: {}
          b: {}
          c: {depends_on: [a]}
          d: {depends_on: [b]}
          e: {depends_on: [c, d]}
    """)
    road.up()
    begun(road, *(f"up-{name}" for name in "abcde"))
    road.done("down")
    order = {name: place for place, name in enumerate(road.words())}
    assert sorted(order) == ["a", "b", "c", "d", "e"]
    assert order["e"] < order["c"] < order["a"]
    assert order["e"] < order["d"] < order["b"]


def test_a_dependency_ends_only_when_its_dependent_is_gone(project):
    road = project("""
        services:
          db:
            command: trap "echo db >> trace; exit 0" TERM; while :; do sleep 0.02; done
          web:
            command: trap "sleep 0.3; echo web >> trace; exit 0" TERM; touch up; while :; do sleep 0.02; done
            depends_on: [db]
    """)
    road.up()
    begun(road, "up")
    road.done("down")
    assert road.words() == ["web", "db"]


def test_independent_branches_end_at_the_same_time(project):
    road = project("""
        defaults:
          command: |
            trap "touch ending-$$NEXSOCK_SERVICE; while ! [ -e ending-$$OTHER ]; do sleep 0.01; done; exit 0" TERM
            touch up-$$NEXSOCK_SERVICE
            while :; do sleep 0.02; done
          stop_grace_period: 50s
        services:
          a: {environment: {OTHER: b}}
          b: {environment: {OTHER: a}}
    """)
    road.up()
    begun(road, "up-a", "up-b")
    road.done("down")
    assert [road.service(name)["exit_code"] for name in "ab"] == [0, 0]


def test_each_service_has_its_own_grace_period(project):
    road = project(f"""
        services:
          hasty: {{command: "touch up-hasty; {STUBBORN}", stop_grace_period: 100ms}}
          patient:
            command: trap "sleep 0.6; echo well > trace; exit 0" TERM; touch up-patient; while :; do sleep 0.02; done
            stop_grace_period: 1h
    """)
    road.up()
    begun(road, "up-hasty", "up-patient")
    road.done("down")
    assert road.words() == ["well"]
    assert road.service("hasty")["exit_code"] == 137


def test_a_tree_of_three_levels_ends_at_once(project):
    road = project("""
        services:
          web:
            command: |
              for i in 1 2 3; do
                sh -c 'for j in 1 2 3; do sh -c "sleep 1000 & sleep 1000 & wait" & done; touch up-$$0; wait' $$i &
              done
              wait
            stop_grace_period: 1h
    """)
    road.up()
    begun(road, "up-1", "up-2", "up-3")
    road.wait_until(lambda: len(road.processes("web")) == 1 + 3 + 9 + 18, "the whole tree stands")
    road.done("stop", "web")
    assert road.processes("web") == []


def test_a_service_that_forks_without_end_is_ended_all_the_same(project):
    road = project("""
        services:
          web:
            command: touch up; while :; do (trap '' TERM; sleep 0.4) & sleep 0.005; done
            stop_grace_period: 100ms
    """)
    road.up()
    begun(road, "up")
    road.done("stop", "web")
    assert road.processes("web") == []


WAITS_FOR_A_FILE = "touch up; while ! [ -e please-end ]; do sleep 0.02; done; echo well >> trace"


def test_a_stop_command_ends_it_in_its_own_way_and_without_the_signal(project):
    road = project(f"""
        services:
          web:
            command: trap 'echo signalled > trace' TERM; {WAITS_FOR_A_FILE}
            stop_command: touch please-end
            stop_grace_period: 1h
    """)
    road.up()
    begun(road, "up")
    road.done("stop", "web")
    assert road.words() == ["well"]


def test_where_the_stop_command_fails_the_signal_does_its_work(project):
    road = project(f"""
        services:
          web:
            command: trap 'touch please-end' TERM; {WAITS_FOR_A_FILE}
            stop_command: echo no; exit 3
            stop_grace_period: 20s
    """)
    road.up()
    begun(road, "up")
    road.done("stop", "web")
    assert road.words() == ["well"]
    assert [event["reason"] for event in road.events("output")] == [
        "stop_command hook 'echo no; exit 3' exited with 3:\nno"
    ]


def test_a_down_while_a_dependency_is_pending_ends_what_was_begun(project):
    road = project("""
        services:
          db:
            command: echo db >> trace; exec sleep 1000
            healthcheck: {test: "false"}
          web: {command: echo web >> trace, depends_on: [db]}
    """)
    up = road.begin("up", "-d")
    road.wait_until(lambda: road.words() and road.phase("web") == "blocked", "web waits for db")
    road.done("down")
    assert road.processes() == []
    assert up.end().exit == 1
    assert road.words() == ["db"]


def test_a_down_from_a_folder_below_finds_the_project(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    below = road.folder / "src" / "deep"
    below.mkdir(parents=True)
    assert road.run("up", "-d", cwd=below).exit == 0
    assert road.processes("web") == [road.pid("web")]
    assert road.run("down", cwd=below).exit == 0
    assert road.processes() == []


def test_a_down_of_one_service_takes_its_dependents_and_nothing_else(project):
    road = project("""
        defaults: {command: exec sleep 1000}
        services:
          db: {}
          web: {depends_on: [db]}
          mail: {}
    """)
    road.up()
    mail = road.pid("mail")
    road.done("down", "db")
    assert road.processes() == [mail]
    assert road.phases() == {"db": "stopped", "web": "stopped", "mail": "running"}


def test_what_was_stopped_by_hand_stays_so_until_it_is_named(project):
    road = project("""
        defaults: {command: exec sleep 1000}
        services: {web: {}, mail: {}}
    """)
    road.up()
    road.done("stop", "web")
    road.up()
    assert road.phase("web") == "stopped"
    road.up("web")
    assert road.phase("web") == "running"


def test_projects_side_by_side_do_not_meet(project):
    text = "services: {web: {command: exec sleep 1000}}"
    one, other = project(text, name="one"), project(text, name="other")
    one.up()
    other.up()
    one.done("down")
    assert one.processes() == []
    assert other.processes("web") == [other.pid("web")]
