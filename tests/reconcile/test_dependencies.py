"""Starts in order, waits that are data, and failures that reach exactly those that they concern."""

import pytest

from nexsock.model.probe import Healthcheck
from nexsock.model.service import Dependency, Restart

ONCE = Restart(mode="no")


def test_a_chain_starts_link_by_link(stage, make, checked):
    world = stage(make("a", healthcheck=checked), make("b", {"a": "healthy"}), make("c", {"b": "started"}))
    world.up()
    assert world.take_orders() == ["launch a"]
    world.launched("a")
    assert world.take_orders() == []
    world.probed("a", True)
    assert world.take_orders() == ["launch b"]
    world.launched("b")
    assert world.take_orders() == ["launch c"]


def test_independent_services_start_at_once(stage, make):
    world = stage(*(make(name) for name in "abcdefgh"))
    world.up()
    assert world.take_orders() == [f"launch {name}" for name in "abcdefgh"]


def test_a_diamond_starts_each_node_once(stage, make):
    world = stage(
        make("top"), make("left", {"top": "started"}), make("right", {"top": "started"}),
        make("bottom", {"left": "started", "right": "started"}),
    )  # fmt: skip
    world.up()
    world.launched("top")
    world.launched("left")
    world.launched("right")
    world.launched("bottom")
    assert world.take_orders() == ["launch top", "launch left", "launch right", "launch bottom"]


def test_many_may_need_one_and_one_may_need_many(stage, make):
    world = stage(
        make("root"), *(make(f"m{n}", {"root": "started"}) for n in range(6)),
        make("last", {f"m{n}": "started" for n in range(6)}),
    )  # fmt: skip
    world.up()
    world.launched("root")
    world.launched(*(f"m{n}" for n in range(6)))
    assert world.take_orders()[-1] == "launch last"


def test_a_leaf_that_fails_for_good_starts_none_of_its_dependents(stage, make):
    """process-compose#111: the exit of a leaf reached the end of the chain, no command of theirs ever ran."""
    world = stage(make("leaf", restart=ONCE), make("mid", {"leaf": "healthy"}), make("end", {"mid": "started"}))
    world.up()
    world.launch_failed("leaf", "exited with 42")
    assert world.take_orders() == ["launch leaf"]
    assert world.record("end").reason == "leaf failed: exited with 42"


def test_a_failed_oneshot_blocks_with_its_code_and_heals(stage, make):
    need = {"migrate": "completed_successfully"}
    world = stage(make("migrate", oneshot=True, restart=ONCE), make("api", need))
    world.up()
    world.launched("migrate")
    world.ended("migrate", 3)
    assert world.record("api").reason == "migrate failed: exited with 3"
    world.reconciler.restart(["migrate"])
    assert world.record("api").reason == "waits for migrate to complete"
    world.launched("migrate")
    world.ended("migrate", 0)
    assert world.take_orders()[-1] == "launch api"


def test_a_dependency_that_needs_two_restarts_still_starts_its_dependent(stage, make, checked):
    """process-compose#189."""
    world = stage(make("db", healthcheck=checked), make("api", {"db": "healthy"}))
    world.up()
    for _ in range(2):
        world.launched("db")
        world.ended("db", 1)
        world.wait(1)
    world.launched("db")
    world.probed("db", True)
    assert world.take_orders()[-1] == "launch api"


@pytest.mark.parametrize(
    ("condition", "freed_by"),
    [("started", "launched"), ("completed", "failed"), ("completed_successfully", "completed")],
)
def test_each_condition_frees_its_dependents_at_its_moment(stage, make, condition, freed_by):
    world = stage(make("job", oneshot=True, restart=ONCE), make("api", {"job": condition}))
    world.up()
    world.launched("job")
    assert ("launch api" in world.orders) == (freed_by == "launched")
    world.ended("job", 0 if freed_by == "completed" else 1)
    assert "launch api" in world.orders


def test_a_wrong_exit_code_does_not_free_who_needs_success(stage, make):
    world = stage(make("job", oneshot=True, restart=ONCE), make("api", {"job": "completed_successfully"}))
    world.up()
    world.launched("job")
    world.ended("job", 1)
    assert world.take_orders() == ["launch job", "clear job"]


def test_declared_success_codes_free_who_needs_success(stage, make):
    job = make("job", oneshot=True, success_exit_codes=(0, 130))
    world = stage(job, make("api", {"job": "completed_successfully"}))
    world.up()
    world.launched("job")
    world.ended("job", 130)
    assert world.take_orders()[-1] == "launch api"


def test_a_dependency_that_runs_already_is_left_alone(stage, make):
    world = stage(make("db"), make("api", {"db": "started"}))
    world.up("db")
    world.launched("db")
    world.take_orders()
    world.up("db", "api")
    assert world.take_orders() == ["launch api"]


def test_force_touches_only_what_is_named(stage, make):
    world = stage(make("db"), make("api", {"db": "started"}))
    world.up()
    world.launched("db", "api")
    world.take_orders()
    world.up("api", force=True)
    assert world.take_orders() == ["end api"]


def test_a_crash_of_a_dependency_keeps_who_needs_it_running(stage, make):
    world = stage(make("db"), make("api", {"db": "started"}))
    world.up()
    world.launched("db", "api")
    world.ended("db", 1)
    assert (world.phase("db"), world.phase("api")) == ("backoff", "running")


def test_after_a_crash_of_both_they_come_back_in_order_by_themselves(stage, make, checked):
    world = stage(make("db", healthcheck=checked), make("api", {"db": "healthy"}))
    world.up()
    world.launched("db")
    world.probed("db", True)
    world.launched("api")
    world.take_orders()
    world.ended("db", 1)
    world.ended("api", 1)
    world.wait(1)
    assert world.take_orders() == ["clear db", "clear api", "launch db"]
    assert world.record("api").reason == "waits for db to be healthy"
    world.launched("db")
    world.probed("db", True)
    assert world.take_orders() == ["launch api"]


def test_a_try_that_had_to_wait_for_a_dependency_is_still_counted(stage, make, checked):
    world = stage(make("db", healthcheck=checked), make("api", {"db": "healthy"}, restart=Restart(max_attempts=1)))
    world.up()
    world.launched("db")
    world.probed("db", True)
    world.launched("api")
    world.ended("db", 1)
    world.ended("api", 1)
    world.wait(1)
    world.launched("db")
    world.probed("db", True)
    world.launched("api")
    world.ended("api", 1)
    assert (world.phase("api"), world.record("api").reason) == ("failed", "exited with 1, given up after 1 restart")


def test_a_start_revives_crashed_dependencies_and_not_completed_jobs(stage, make):
    world = stage(
        make("migrate", oneshot=True), make("db", restart=ONCE),
        make("api", {"migrate": "completed_successfully", "db": "started"}),
    )  # fmt: skip
    world.up()
    world.launched("migrate", "db")
    world.ended("migrate", 0)
    world.launched("api")
    world.ended("db", 1)
    world.ended("api", 1)
    world.reconciler.stop(["api"])
    world.take_orders()
    world.reconciler.start(["api"])
    world.launched("db")
    assert world.take_orders() == ["launch db", "launch api"]


def test_a_replacement_cascades_where_the_file_says_so(stage, make):
    cascade = Dependency(condition="started", restart=True)
    db, api, web = make("db"), make("api", {"db": cascade}), make("web", {"api": cascade})
    world = stage(db, api, web, make("other", {"db": "started"}))
    world.up()
    world.launched("db", "other", "api", "web")
    world.take_orders()
    world.reconciler.restart(["db"])
    for name in ("web", "api", "db"):
        world.ended(name, 143)
    world.launched("db", "api", "web")
    assert world.take_orders() == ["end web", "end api", "end db", "launch db", "launch api", "launch web"]


def test_a_cascade_that_begins_with_a_probe_reaches_the_far_end(stage, make):
    """Only the neighbours of what an event touched are planned; the far end of a chain is none."""
    check = Healthcheck(kind="tcp", port=80, start_period_s=0.0, retries=1, on_unhealthy="restart")
    cascade = Dependency(condition="started", restart=True)
    db, api, web = make("db", healthcheck=check), make("api", {"db": cascade}), make("web", {"api": cascade})
    world = stage(db, api, web)
    world.up()
    world.launched("db", "api", "web")
    world.take_orders()
    world.probed("db", False)
    assert world.take_orders() == ["end web"]


def test_a_service_stopped_by_hand_holds_who_needs_it_and_says_so(stage, make):
    world = stage(make("db"), make("api", {"db": "started"}))
    world.reconciler.stop(["db"])
    world.up()
    assert world.record("api").reason == "db was stopped by hand"
    world.reconciler.start(["db"])
    world.launched("db")
    assert world.take_orders() == ["launch db", "launch api"]


def test_what_was_stopped_by_hand_stays_so_through_up_edit_and_crash_of_others(stage, make):
    world = stage(make("db"), make("tool"))
    world.up()
    world.launched("db", "tool")
    world.reconciler.stop(["tool"])
    world.ended("tool", 0)
    world.take_orders()
    world.up()
    world.edit(make("db"), make("tool", env={"A": "2"}))
    world.ended("db", 1)
    assert world.phase("tool") == "stopped"
    world.up("tool")
    assert "launch tool" in world.orders


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_restart_of_a_waiting_service_never_wedges_or_doubles(stage, make, checked, count):
    """process-compose#530: restarting a process that waits for a dependency hung, and later ran two of it."""
    world = stage(make("db", healthcheck=checked), make("api", {"db": "healthy"}))
    world.up()
    world.launched("db")
    for _ in range(count):
        world.reconciler.restart(["api"])
    world.probed("db", True)
    assert world.take_orders() == ["launch db", "launch api"]


@pytest.mark.parametrize("last", ["stop", "start", "restart"])
def test_of_a_restart_and_a_stop_at_once_the_last_intent_wins(stage, make, last):
    world = stage(make("web"))
    world.up()
    world.launched("web")
    for command in ("restart", "stop", "start", "restart", "stop", last):
        getattr(world.reconciler, command)(["web"])
    if world.phase("web") == "stopping":
        world.ended("web", 143)
    assert world.phase("web") == ("stopped" if last == "stop" else "starting")
    assert sum(order == "launch web" for order in world.orders) == (1 if last == "stop" else 2)


def test_health_is_told_once_per_edge(stage, make, checked):
    world = stage(make("web", healthcheck=checked))
    world.up()
    world.launched("web")
    for ok in (True, True, True, False, False, False, False, True, True):
        world.probed("web", ok)
    told = [event.phase for event in world.events if event.kind == "phase"]
    assert told == ["starting", "ready", "unhealthy", "ready"]


def test_a_probe_that_changes_no_verdict_writes_nothing(stage, make, checked):
    world = stage(make("web", healthcheck=checked))
    world.up()
    world.launched("web")
    world.probed("web", True)
    world.writes.clear()
    for ok in (True, True, False, True):
        world.probed("web", ok)
    assert world.writes == []


def test_probes_stop_when_the_service_does(stage, make, checked):
    world = stage(make("web", healthcheck=checked))
    world.up()
    world.launched("web")
    assert world.attended == ["web"]
    world.reconciler.stop(["web"])
    assert world.attended == []


def test_probes_stop_when_the_service_dies(stage, make, checked):
    world = stage(make("web", healthcheck=checked))
    world.up()
    world.launched("web")
    world.exited("web", 1)
    assert world.attended == []


def test_a_project_of_which_nothing_is_active_settles_at_once(stage, make):
    """process-compose#239."""
    world = stage(make("tool", active=False))
    world.up()
    assert (world.take_orders(), world.plan()) == ([], "nothing to do")


def test_naming_an_inactive_service_activates_it(stage, make):
    """process-compose#266."""
    world = stage(make("tool", active=False), make("web"))
    world.up("tool")
    assert world.take_orders() == ["launch tool"]


def test_an_engine_may_answer_within_the_order(stage, make):
    """An external service has nothing to launch: its engine answers before the other steps of the plan are taken."""
    world = stage(make("ext"), make("db"), make("api", {"ext": "started", "db": "started"}))
    world.at_once = lambda name: world.launched(name) if name in ("ext", "db") else None
    world.up()
    assert world.take_orders() == ["launch ext", "launch db", "launch api"]
