"""Restarts, delays and limits, as people who come from other supervisors expect them."""

import pytest

from nexsock.model.probe import Healthcheck
from nexsock.model.service import Restart
from nexsock.model.state import Cause


@pytest.fixture
def crashing(stage, make):
    """A service that has been launched and runs; restarted at most three times."""
    running = stage(make("web", restart=Restart(max_attempts=3, max_in_window=0)))
    running.up()
    running.launched("web")
    running.take_orders()
    return running


def crash(world, code=1):
    world.ended("web", code)


def test_an_exit_before_it_was_ever_ready_is_a_failed_start_even_with_code_0(stage, make):
    world = stage(make("web", restart=Restart(mode="always"), healthcheck=Healthcheck(kind="tcp", port=80)))
    world.up()
    world.launched("web")
    crash(world, 0)
    assert (world.phase("web"), world.record("web").attempts) == ("backoff", 1)


def test_a_oneshot_that_exits_at_once_has_done_its_work(stage, make):
    world = stage(make("web", oneshot=True))
    world.up()
    world.launched("web")
    crash(world, 0)
    assert world.phase("web") == "completed"


def test_the_delay_grows_and_after_the_last_try_it_is_given_up(crashing):
    delays = []
    for _ in range(3):
        crash(crashing)
        delays.append(round(crashing.record("web").retry_mono - crashing.now, 3))
        crashing.wait(1)
        crashing.launched("web")
    crash(crashing)
    assert (delays, crashing.phase("web")) == ([0.1, 0.2, 0.4], "failed")
    assert crashing.record("web").reason == "exited with 1, given up after 3 restarts"


def test_a_start_by_hand_begins_with_a_fresh_budget(crashing):
    for _ in range(3):
        crash(crashing)
        crashing.wait(1)
        crashing.launched("web")
    crash(crashing)
    crashing.reconciler.start(["web"])
    crashing.launched("web")
    crash(crashing)
    assert (crashing.phase("web"), crashing.record("web").attempts) == ("backoff", 1)


@pytest.mark.parametrize("ask", ["start", "up"])
def test_who_names_a_service_tries_again_what_that_needs_and_nothing_else(stage, make, ask):
    needy = make("web", {"db": "started"}, restart=Restart(mode="no"))
    world = stage(make("db", restart=Restart(mode="no")), needy, make("mail", restart=Restart(mode="no")), make("job"))
    world.up()
    world.launched("db", "mail", "job")
    for name, status in (("db", 1), ("mail", 1), ("job", 0)):
        world.ended(name, status)
    world.take_orders()
    if ask == "start":
        world.reconciler.start(["web"])
    else:
        world.reconciler.up(world.reconciler.state.selection, ["web"])
    assert world.take_orders() == ["launch db"]
    world.up()
    assert sorted(world.take_orders()) == ["launch job", "launch mail"]


def test_the_limit_holds_when_every_start_fails_at_once(stage, make):
    world = stage(make("web", restart=Restart(max_attempts=2)))
    world.up()
    for _ in range(3):
        world.launch_failed("web", "no descriptors are left", transient=True)
        world.wait(1)
    assert world.phase("web") == "failed"
    assert world.record("web").reason == "no descriptors are left, given up after 2 restarts"


def test_a_program_that_is_missing_is_not_tried_again(stage, make):
    world = stage(make("web"))
    world.up()
    world.launch_failed("web", "program 'web' is in no folder of PATH")
    assert (world.phase("web"), world.alarm_at) == ("failed", None)


def test_expected_codes_do_not_restart_and_others_do(crashing):
    crash(crashing, 0)
    assert (crashing.phase("web"), crashing.record("web").reason) == ("completed", "exited with 0")


def test_under_always_both_restart(stage, make):
    world = stage(make("web", restart=Restart(mode="always")))
    world.up()
    world.launched("web")
    crash(world, 0)
    assert world.phase("web") == "backoff"


def test_a_service_that_served_long_enough_has_a_fresh_budget(crashing):
    for _ in range(5):
        crashing.wait(11)
        crash(crashing)
        crashing.wait(1)
        crashing.launched("web")
    assert crashing.phase("web") == "running"


def test_what_took_long_to_fail_did_not_serve(stage, make):
    """erlang/otp#1287: a start that is slower than the window was tried again for ever."""
    check = Healthcheck(kind="tcp", port=80, start_period_s=60.0)
    world = stage(make("web", restart=Restart(max_attempts=1), healthcheck=check))
    world.up()
    for _ in range(2):
        world.launched("web")
        world.wait(50)
        crash(world)
        world.wait(1)
    assert world.phase("web") == "failed"


def test_leftovers_of_a_crash_do_not_make_it_a_long_run(crashing):
    for _ in range(3):
        crashing.exited("web", 1)
        crashing.wait(10)
        crashing.gone("web")
        crashing.wait(1)
        crashing.launched("web")
    crash(crashing)
    assert crashing.phase("web") == "failed"


def test_a_wall_clock_that_jumps_neither_stalls_nor_floods_restarts(crashing):
    crashing.wall = lambda: -5e9
    crash(crashing)
    crashing.wait(0.05)
    assert crashing.take_orders() == ["clear web"]
    crashing.wait(0.06)
    assert crashing.take_orders() == ["launch web"]


def test_a_stop_during_the_delay_cancels_the_next_try(crashing):
    crash(crashing)
    crashing.reconciler.stop(["web"])
    crashing.wait(60)
    assert (crashing.phase("web"), crashing.take_orders()) == ("stopped", ["clear web"])


def test_a_stop_while_a_crash_is_cleared_up_prevents_the_restart(crashing):
    crashing.exited("web", 1)
    crashing.reconciler.stop(["web"])
    crashing.gone("web")
    crashing.wait(60)
    assert (crashing.phase("web"), crashing.take_orders()) == ("stopped", ["clear web"])


def test_a_down_during_a_restart_never_starts_it_again(crashing):
    crashing.reconciler.restart(["web"])
    crashing.reconciler.down()
    crashing.ended("web", 143)
    crashing.wait(60)
    assert (crashing.phase("web"), crashing.take_orders()) == ("stopped", ["end web"])


def test_a_changed_source_revives_what_was_given_up_and_costs_no_try(crashing):
    for _ in range(3):
        crash(crashing)
        crashing.wait(1)
        crashing.launched("web")
    crash(crashing)
    crashing.reconciler.replace("web", Cause(kind="watch", text="app.py changed"))
    assert (crashing.phase("web"), crashing.record("web").attempts) == ("starting", 0)


def test_an_edit_in_the_delay_is_tried_at_once_and_costs_no_try(crashing):
    crash(crashing)
    crashing.edit(crashing.now_as("web", description="mended"))
    assert (crashing.phase("web"), crashing.record("web").attempts) == ("starting", 0)


def test_a_restart_of_an_exited_service_says_starting_and_never_exited(crashing):
    crash(crashing, 0)
    crashing.reconciler.restart(["web"])
    record = crashing.record("web")
    assert (record.phase, record.reason, record.run.exit) == ("starting", "", None)


def test_an_unhealthy_service_is_restarted_under_its_policy(stage, make, checked):
    """process-compose#403: a probe that always fails restarted without end and without delay."""
    check = Healthcheck(kind="tcp", port=80, start_period_s=0.0, retries=1, on_unhealthy="restart")
    world = stage(make("web", restart=Restart(max_attempts=1), healthcheck=check))
    world.up()
    world.launched("web")
    world.probed("web", False, "refused")
    world.ended("web", 143)
    assert (world.phase("web"), world.record("web").reason) == ("backoff", "1 probe failed: refused")
    world.wait(0.1)
    world.launched("web")
    world.probed("web", False, "refused")
    world.ended("web", 143)
    assert world.record("web").reason == "1 probe failed: refused, given up after 1 restart"


def test_what_recovers_before_its_turn_to_end_is_left_alone(stage, make):
    from nexsock.model.service import Dependency

    check = Healthcheck(kind="tcp", port=80, start_period_s=0.0, retries=1, on_unhealthy="restart")
    cascade = Dependency(condition="started", restart=True)
    world = stage(make("web", healthcheck=check), make("front", {"web": cascade}))
    world.up()
    world.launched("web", "front")
    world.probed("web", False)
    assert world.take_orders() == ["launch web", "launch front", "end front"]
    world.probed("web", True)
    world.ended("front", 143)
    assert world.take_orders() == ["launch front"]
