"""When a service that ended is started again, and when it is not."""

from itertools import pairwise

import pytest

QUICK = "{delay: 10ms, factor: 1}"


def counting(road, name, count):
    """Wait until a service has begun `count` times, by what it wrote itself."""
    road.wait_until(lambda: len(road.words(name)) >= count, f"{name} has begun {count} times")


def test_a_quick_end_counts_as_a_failure_even_with_code_0_where_a_service_should_stay(project):
    road = project("""
        services:
          brief:
            command: echo run >> runs
            restart: always
            restart_policy: {delay: 10ms, max_in_window: 3}
          job:
            command: echo job >> jobs
            oneshot: true
    """)
    assert road.run("up", "-d").exit == 1
    road.wait_until(lambda: road.phase("brief") == "failed", "it is given up")
    assert len(road.words("runs")) == 3
    assert road.phase("job") == "completed"
    assert road.words("jobs") == ["job"]


def test_the_pause_between_tries_grows_and_a_start_by_hand_begins_anew(project):
    road = project("""
        services:
          web:
            command: date +%s%N >> runs; exit 3
            restart: on-failure:3
            restart_policy: {delay: 40ms, factor: 3}
    """)
    road.run("up", "-d")
    road.wait_until(lambda: road.phase("web") == "failed", "it is given up")
    at = [int(word) / 1e9 for word in road.words("runs")]
    pauses = [after - before for before, after in pairwise(at)]
    assert len(pauses) == 3
    assert [pause >= due for pause, due in zip(pauses, (0.04, 0.12, 0.36), strict=True)] == [True, True, True]
    road.run("start", "web")
    road.wait_until(lambda: road.phase("web") == "failed", "it is given up again")
    assert len(road.words("runs")) == 8


def test_a_limit_of_restarts_holds_for_what_dies_at_once(project):
    road = project(f"""
        services:
          web:
            command: echo run >> runs; exit 1
            restart: on-failure:4
            restart_policy: {QUICK}
    """)
    assert road.run("up", "-d").exit == 1
    assert road.phase("web") == "failed"
    assert "given up after 4 restarts" in road.service("web")["reason"]
    assert len(road.words("runs")) == 5


@pytest.mark.parametrize(
    ("policy", "code", "runs"),
    [("no", 1, 1), ("no", 0, 1), ("on-failure", 0, 1), ("on-failure", 7, 3), ("always", 0, 3), ("always", 7, 3)],
)
def test_the_policy_and_the_exit_code_decide_about_another_run(project, policy, code, runs):
    road = project(f"""
        services:
          web:
            command: echo run >> runs; exit {code}
            restart: "{policy}"
            restart_policy: {{delay: 10ms, factor: 1, max_in_window: 3}}
    """)
    road.run("up", "-d")
    road.wait_until(lambda: road.phase("web") in ("completed", "failed"), "it has ended for good")
    assert len(road.words("runs")) == runs
    assert road.service("web")["exit_code"] == code


def test_a_declared_code_of_success_is_no_failure(project):
    road = project("""
        services:
          web:
            command: echo run >> runs; exit 130
            success_exit_codes: [0, 130]
    """)
    assert road.run("up", "-d").exit == 0
    road.wait_until(lambda: road.phase("web") == "completed", "130 is a success")
    assert road.words("runs") == ["run"]


def test_a_run_that_served_long_enough_gives_a_fresh_budget(project):
    road = project("""
        services:
          web:
            command: echo run >> runs; sleep 0.4; exit 1
            restart: on-failure:1
            restart_policy: {delay: 10ms, factor: 1, reset_after: 300ms}
    """)
    road.run("up", "-d")
    counting(road, "runs", 4)


def test_an_up_does_not_wait_for_ever_for_what_fails_again_and_again(project):
    road = project("""
        services:
          db:
            command: echo run >> runs; exit 4
            healthcheck: {test: "false"}
            restart_policy: {delay: 20ms, factor: 3, max_in_window: 0}
          web:
            command: sleep 1000
            depends_on: [db]
    """)
    outcome = road.json("up", "-d")
    assert {failure["service"] for failure in outcome["failed"]} == {"db", "web"}
    assert len(road.words("runs")) >= 5
    assert road.phase("db") == "backoff"


def test_a_stop_takes_back_the_pending_try(project):
    road = project("""
        services:
          web:
            command: echo run >> runs; exit 1
            restart_policy: {delay: 300ms, factor: 1}
          clock:
            command: sleep 0.7
            oneshot: true
    """)
    road.begin("up", "-d", "web")
    road.wait_until(lambda: road.words("runs") and road.phase("web") == "backoff", "it waits for its next try")
    road.done("stop", "web")
    runs = len(road.words("runs"))
    road.up("clock")
    assert len(road.words("runs")) == runs
    assert road.phase("web") == "stopped"


def test_a_stop_while_the_rest_of_a_crash_is_cleared_wins_over_the_restart(project):
    road = project("""
        services:
          web:
            command: |
              echo run >> runs
              (trap '' TERM; touch child; while :; do sleep 0.05; done) &
              while ! [ -e child ]; do sleep 0.01; done
              exit 1
            stop_grace_period: 1h
            restart_policy: {delay: 10ms}
          clock:
            command: sleep 0.7
            oneshot: true
    """)
    road.begin("up", "-d", "web")
    road.wait_until(lambda: road.words("runs") and road.phase("web") == "stopping", "what it left behind is ended")
    road.done("stop", "-t", "0", "web")
    assert road.processes("web") == []
    road.up("clock")
    assert road.words("runs") == ["run"]
    assert road.phase("web") == "stopped"


def test_a_restarted_service_is_never_shown_with_the_exit_of_its_last_run(project):
    road = project("""
        services:
          web:
            command: if [ -e again ]; then exec sleep 1000; fi; touch again; exit 9
            restart: "no"
    """)
    assert road.run("up", "-d").exit == 1
    assert road.service("web")["exit_code"] == 9
    road.done("restart", "web")
    shown = road.service("web")
    assert (shown["phase"], shown.get("exit_code"), shown["reason"]) == ("running", None, "")


def test_a_storm_of_restarts_ends_with_one_process(project, lives):
    road = project("""
        services:
          web:
            command: echo $$$$ >> runs; exec sleep 1000
            stop_grace_period: 300ms
    """)
    road.up()
    storm = [road.begin("restart", "web") for _ in range(8)]
    assert [one.end().exit for one in storm] == [0] * 8
    road.wait_until(lambda: str(road.pid("web")) in road.words("runs"), "the last run has begun")
    assert [int(pid) for pid in road.words("runs") if lives(int(pid))] == [road.pid("web")]
    assert road.processes("web") == [road.pid("web")]


def test_a_stop_in_a_storm_of_restarts_is_the_last_word(project):
    text = """
        services:
          web:
            command: trap '' TERM; while :; do sleep 0.1; done
            stop_grace_period: 300ms
    """
    road = project(text)
    road.up()
    storm = [road.begin("restart", "web") for _ in range(2)]
    for one in storm:
        one.end()
    road.edit(text.replace("300ms", "1h"))
    road.up()
    restarting = road.begin("restart", "web")
    road.wait_until(lambda: road.phase("web") == "stopping", "the restart has begun")
    road.done("stop", "-t", "0", "web")
    assert restarting.end().exit == 1
    assert road.phase("web") == "stopped"
    assert road.processes("web") == []


def test_what_a_service_writes_before_each_of_many_ends_is_kept(project):
    road = project("""
        services:
          web:
            command: printf "%03d" $$(wc -l < count); echo >> count
            restart: always
            restart_policy: {delay: 1ms, factor: 1, max_in_window: 60}
    """)
    road.edit("", file="count")
    road.run("up", "-d")
    road.wait_until(lambda: road.phase("web") == "failed", "it is given up", limit_s=300)
    assert road.log("web") == b"".join(b"%03d" % number for number in range(60))
