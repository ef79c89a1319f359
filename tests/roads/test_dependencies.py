"""Who needs whom: what starts when, what waits, what is never begun, and who goes on by himself."""

import pytest

LETTERS = "abcdefgh"
GRAPHS = {
    "an arrow": {"b": "a", "c": "b", "d": "c", "e": "d", "f": "e", "g": "f", "h": "g"},
    "rhombi": {"b": "a", "c": "a", "d": "bc", "e": "d", "f": "d", "g": "ef", "h": "g"},
    "one for many": dict.fromkeys("bcdefgh", "a"),
    "many for one": {"h": "abcdefg"},
    "odd, then even": dict.fromkeys("bdfh", "aceg"),
}


def services(needs, line):
    """The text of one service for each letter."""
    lines = [f"  {letter}: {{{line}, depends_on: [{', '.join(needs.get(letter, ''))}]}}" for letter in LETTERS]
    return "services:\n" + "\n".join(lines)


@pytest.mark.parametrize("needs", GRAPHS.values(), ids=GRAPHS.keys())
def test_each_service_starts_once_and_after_everything_it_needs(project, needs):
    road = project(services(needs, 'command: "echo $$NEXSOCK_SERVICE >> trace", oneshot: true'))
    road.up()
    order = road.words()
    assert sorted(order) == list(LETTERS)
    early = [(one, other) for one, others in needs.items() for other in others if order.index(one) < order.index(other)]
    assert early == []


def test_what_is_independent_starts_without_waiting_for_each_other(project):
    meet = (
        "touch began-$$NEXSOCK_SERVICE; for other in c e g; do while ! [ -e began-$$other ]; do sleep 0.01; done; done"
    )
    road = project(f"""
        defaults: {{oneshot: true}}
        services:
          a: {{command: "true"}}
          c: {{command: "{meet}", depends_on: [a]}}
          e: {{command: "{meet}", depends_on: [a]}}
          g: {{command: "{meet}"}}
    """)
    assert road.run("up", "-d", "--timeout", "50s").exit == 0


def test_a_service_starts_as_soon_as_its_own_needs_are_met(project):
    road = project("""
        defaults: {oneshot: true}
        services:
          quick: {command: "true"}
          slow: {command: "while ! [ -e trace ]; do sleep 0.01; done"}
          after_quick: {command: echo went >> trace, depends_on: [quick]}
          after_slow: {command: echo went >> trace, depends_on: [slow]}
    """)
    assert road.run("up", "-d", "--timeout", "50s").exit == 0
    assert road.words() == ["went", "went"]


def test_nothing_is_begun_whose_need_has_failed(project):
    road = project("""
        defaults: {restart: "no"}
        services:
          a: {command: "echo a >> trace; exit 42", oneshot: true}
          b: {command: echo b >> trace, depends_on: [a], oneshot: true}
          c: {command: echo c >> trace, depends_on: [b], oneshot: true}
          d: {command: exec sleep 1000, depends_on: [c]}
          other: {command: exec sleep 1000}
    """)
    outcome = road.json("up", "-d")
    assert {failure["service"] for failure in outcome["failed"]} == {"a", "b", "c", "d"}
    last = next(failure for failure in outcome["failed"] if failure["service"] == "d")
    assert [link["service"] for link in last["chain"]] == ["d", "c", "b", "a"]
    assert "42" in last["chain"][-1]["because"]
    assert road.words() == ["a"]
    assert road.phases() == {"a": "failed", "b": "blocked", "c": "blocked", "d": "blocked", "other": "running"}


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        ({"a": "a"}, ["a"]),
        ({"a": "b", "b": "a"}, ["a", "b"]),
        ({"a": "b", "b": "c", "c": "d", "d": "b"}, ["b", "c", "d"]),
    ],
)
def test_a_circle_is_refused_before_anything_starts(project, needs, words):
    road = project(services(needs, "command: touch trace"))
    ended = road.run("up", "-d")
    assert ended.exit == 2
    assert "nexsock.yaml:" in ended.err
    assert [word for word in words if f"'{word}'" not in ended.err and f" {word} " not in ended.err] == []
    assert not (road.folder / "trace").exists()


def test_a_rhombus_is_no_circle(project):
    road = project(services({"b": "a", "c": "a", "d": "abc"}, "command: [sleep, '1000']"))
    assert road.run("up", "-d").exit == 0


def test_a_need_that_does_not_exist_is_refused_with_the_nearest_name(project):
    road = project("""
        services:
          database: {command: touch trace}
          web: {command: touch trace, depends_on: [databse]}
    """)
    ended = road.run("up", "-d")
    assert ended.exit == 2
    assert "nexsock.yaml:3:" in ended.err
    assert "did you mean 'database'?" in ended.err
    assert not (road.folder / "trace").exists()


@pytest.mark.parametrize(
    ("condition", "frees"),
    [("started", "begin"), ("healthy", "ready"), ("completed", "end 3"), ("completed_successfully", "end 0")],
)
def test_each_condition_frees_the_dependent_at_its_moment(project, condition, frees):
    road = project(f"""
        services:
          db:
            command: |
              touch begun
              while ! [ -e end ]; do sleep 0.01; done
              exit $$(cat end)
            healthcheck: {{test: test -e ready, start_interval: 10ms}}
            restart: "no"
          web:
            command: touch web; exec sleep 1000
            depends_on: {{db: {{condition: {condition}}}}}
    """)
    up = road.begin("up", "-d")
    road.wait_until((road.folder / "begun").exists, "db has begun")
    if frees == "ready":
        road.wait_until(lambda: road.phase("web") == "blocked", "web waits")
        road.touch("ready")
    elif frees != "begin":
        road.touch("ready")
        road.wait_until(lambda: road.phase("db") == "ready", "db is ready")
        assert road.phase("web") == "blocked"
        road.edit(f"{frees.split()[1]}\n", file="end.new")
        (road.folder / "end.new").rename(road.folder / "end")
    road.wait_until((road.folder / "web").exists, "web has begun")
    road.touch("ready")
    road.wait_until(lambda: road.phase("web") == "running", "web runs")
    up.end()


def test_a_wrong_exit_code_fails_who_waits_for_success(project):
    road = project("""
        services:
          job: {command: exit 3, oneshot: true, restart: "no"}
          strict: {command: touch strict, depends_on: {job: {condition: completed_successfully}}}
          lax: {command: touch lax; exec sleep 1000, depends_on: {job: {condition: completed}}}
    """)
    outcome = road.json("up", "-d")
    assert {failure["service"] for failure in outcome["failed"]} == {"job", "strict"}
    assert (road.folder / "lax").exists()
    assert not (road.folder / "strict").exists()


def test_a_need_that_is_not_required_is_done_without(project):
    road = project("""
        services:
          cache: {command: exit 1, restart: "no", healthcheck: {test: "false"}}
          mail: {command: touch mail, profiles: [extra]}
          web:
            command: exec sleep 1000
            depends_on: {cache: {required: false}, mail: {required: false}}
    """)
    road.run("up", "-d")
    assert road.phase("web") == "running"
    assert not (road.folder / "mail").exists()


def test_a_need_that_runs_already_is_not_touched(project):
    road = project("""
        defaults: {command: exec sleep 1000}
        services: {a: {}, b: {depends_on: [a]}, c: {depends_on: [a]}, d: {depends_on: [b, c]}}
    """)
    road.up("b")
    before = road.pids()
    road.up("d")
    after = road.pids()
    assert {name: after[name] for name in "ab"} == {name: before[name] for name in "ab"}
    assert road.phase("d") == "running"


def test_force_restarts_the_named_service_and_no_other(project):
    road = project("""
        defaults: {command: exec sleep 1000, stop_grace_period: 300ms}
        services: {a: {}, b: {depends_on: [a]}, c: {depends_on: [b]}}
    """)
    road.up()
    before = road.pids()
    road.up("--force-restart", "b")
    after = road.pids()
    assert [name for name in "abc" if after[name] != before[name]] == ["b"]


def test_without_needs_only_the_named_service_starts(project):
    road = project("""
        defaults: {command: exec sleep 1000}
        services: {a: {}, b: {depends_on: [a]}}
    """)
    road.up("--no-deps", "b")
    assert road.processes("a") == []
    assert road.phase("b") == "running"


def test_a_dependent_is_kept_while_its_need_crashes_and_heals(project, end):
    road = project("""
        services:
          db: {command: exec sleep 1000, restart_policy: {delay: 10ms}}
          web: {command: exec sleep 1000, depends_on: [db]}
    """)
    road.up()
    db, web = road.pid("db"), road.pid("web")
    end(db)
    road.wait_until(lambda: road.service("db").get("pid") not in (None, db), "db runs again")
    assert road.pid("web") == web


def test_a_dependent_that_says_so_is_restarted_with_its_need_in_order(project):
    road = project("""
        defaults:
          command: |
            echo $$NEXSOCK_SERVICE begins >> trace
            trap "echo $$NEXSOCK_SERVICE ends >> trace; exit 0" TERM
            while :; do sleep 0.02; done
        services:
          db: {}
          web: {depends_on: {db: {restart: true}}}
          mail: {depends_on: [db]}
    """)
    road.up()
    road.wait_until(lambda: len(road.words()) == 6, "all have begun")
    mail = road.pid("mail")
    (road.folder / "trace").unlink()
    road.done("restart", "db")
    road.wait_until(lambda: len(road.words()) == 8, "web is back")
    assert road.words() == ["web", "ends", "db", "ends", "db", "begins", "web", "begins"]
    assert road.pid("mail") == mail


def test_a_dependent_goes_on_by_itself_when_its_need_has_healed(project):
    road = project("""
        services:
          db:
            command: "[ -e well ] || exit 1; exec sleep 1000"
            healthcheck: {test: test -e well}
            restart: "no"
          web: {command: exec sleep 1000, depends_on: [db]}
    """)
    assert road.run("up", "-d").exit == 1
    assert road.phases() == {"db": "failed", "web": "blocked"}
    road.touch("well")
    road.done("start", "db")
    road.wait_until(lambda: road.phase("web") == "running", "web goes on")


def test_a_need_that_is_ready_only_at_its_third_try_is_waited_for(project):
    road = project("""
        services:
          db:
            command: |
              echo run >> runs
              [ $$(wc -l < runs) -ge 3 ] || exit 1
              touch well
              exec sleep 1000
            healthcheck: {test: test -e well}
            restart_policy: {delay: 10ms, factor: 1}
          web: {command: exec sleep 1000, depends_on: [db]}
    """)
    assert road.run("up", "-d", "--timeout", "50s").exit == 0
    assert road.phases() == {"db": "ready", "web": "running"}
    assert len(road.words("runs")) == 3


def test_a_wait_ends_when_what_is_waited_for_hangs_on_a_stopped_need(project):
    road = project("""
        defaults: {command: exec sleep 1000}
        services: {db: {}, web: {depends_on: [db]}}
    """)
    road.up()
    road.done("down")
    road.done("stop", "db")
    up = road.begin("up", "-d", "web")
    assert up.end().exit == 1
    assert road.run("wait", "web", "--timeout", "50s").exit == 1
    assert "stopped by hand" in road.json("why", "web")["chain"][-1]["because"]


def test_a_wait_waits_for_a_job_that_runs(project):
    road = project("""
        services:
          job: {command: "touch begun; while ! [ -e end ]; do sleep 0.01; done; touch ended", oneshot: true}
    """)
    road.begin("up", "-d")
    road.wait_until((road.folder / "begun").exists, "the job has begun")
    waiting = road.begin("wait", "job:completed")
    road.touch("end")
    assert waiting.end().exit == 0
    assert (road.folder / "ended").exists()


def test_a_start_revives_crashed_needs_and_repeats_no_completed_job(project):
    road = project("""
        services:
          job: {command: echo job >> jobs, oneshot: true}
          db:
            command: if [ -e well ]; then exec sleep 1000; fi; touch well; exit 1
            restart: "no"
            depends_on: [job]
          web: {command: exec sleep 1000, depends_on: {db: {condition: started}}}
    """)
    road.run("up", "-d")
    road.wait_until(lambda: road.phase("db") == "failed", "db has failed")
    road.done("start", "web")
    road.wait_until(lambda: road.phases() == {"job": "completed", "db": "running", "web": "running"}, "all is well")
    assert road.words("jobs") == ["job"]


def test_a_restart_does_not_hang_while_its_need_is_pending(project):
    road = project("""
        services:
          db: {command: exec sleep 1000, healthcheck: {test: test -e well}}
          web: {command: exec sleep 1000, depends_on: [db]}
    """)
    up = road.begin("up", "-d")
    road.wait_until(lambda: road.services() and road.phase("web") == "blocked", "web waits")
    restart = road.begin("restart", "web")
    road.wait_until(lambda: road.json("daemon", "status")["clients"] == 3, "up and restart wait")
    road.done("stop", "web")
    assert restart.end().exit == 1
    road.touch("well")
    road.wait_until(lambda: road.phase("db") == "ready", "db is ready")
    assert road.phase("web") == "stopped"
    assert up.end().exit == 1


def test_who_needs_a_service_with_several_instances_waits_for_all_of_them(project):
    road = project("""
        services:
          job:
            command: until [ -e go-$$NEXSOCK_REPLICA ]; do sleep 0.01; done
            scale: 2
            oneshot: true
          server:
            command: exec sleep 1000
            scale: 2
            healthcheck: {test: "[ -e go-$$NEXSOCK_REPLICA ]", interval: 100ms}
          web: {command: exec sleep 1000, depends_on: [job, server]}
    """)
    up = road.begin("up", "-d")
    road.wait_until(lambda: road.phases().get("job-2") == "running", "the jobs run")
    road.touch("go-1")
    road.wait_until(lambda: (road.phase("job-1"), road.phase("server-1")) == ("completed", "ready"), "the first ones")
    assert road.phase("web") == "blocked"
    road.touch("go-2")
    assert up.end().exit == 0
    assert road.phase("web") == "running"
