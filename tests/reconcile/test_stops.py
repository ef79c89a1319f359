"""Ends: the ladder, the order, and that nothing meets its predecessor."""

from nexsock.lifecycle import stop
from nexsock.model.service import Stop


def running(world, *names):
    world.up()
    world.launched(*names)
    world.take_orders()
    return world


def test_a_start_during_a_slow_stop_waits_until_nothing_is_left(stage, make):
    world = running(stage(make("web")), "web")
    world.reconciler.stop(["web"])
    world.reconciler.start(["web"])
    assert world.take_orders() == ["end web"]
    world.exited("web", 0)
    assert world.take_orders() == []
    world.gone("web")
    assert world.take_orders() == ["launch web"]


def test_the_grace_period_ends_in_sigkill_once(stage, make):
    world = running(stage(make("web", stop=Stop(grace_s=3.0))), "web")
    world.reconciler.stop(["web"])
    world.wait(2.9)
    assert world.take_orders() == ["end web"]
    world.wait(60)
    assert world.take_orders() == ["kill web"]


def test_the_grace_period_begins_when_the_stop_signal_is_sent(stage, make):
    world = running(stage(make("web", stop=Stop(grace_s=3.0, command=("bye",)))), "web")
    world.reconciler.stop(["web"])
    world.wait(50)
    world.signalled("web")
    world.wait(2.9)
    assert world.take_orders() == ["end web"]
    world.wait(0.1)
    assert world.take_orders() == ["kill web"]


def test_a_second_stop_escalates_at_once(stage, make):
    world = running(stage(make("web")), "web")
    world.reconciler.stop(["web"])
    world.reconciler.stop(["web"])
    assert world.take_orders() == ["end web", "kill web"]


def test_a_stop_with_a_time_limit_keeps_to_it(stage, make):
    world = running(stage(make("web")), "web")
    world.reconciler.stop(["web"], 0.5)
    world.wait(0.5)
    assert world.take_orders() == ["end web", "kill web"]


def test_a_stop_is_idempotent(stage, make):
    world = running(stage(make("web"), make("never", active=False)), "web")
    world.reconciler.stop(["web", "never"])
    world.ended("web", 0)
    world.take_orders()
    world.reconciler.stop(["web", "never"])
    assert (world.phases(), world.take_orders()) == ({"web": "stopped", "never": "stopped"}, [])


def test_stops_go_from_the_leaves_and_wait_for_each_other(stage, make):
    world = stage(make("db"), make("api", {"db": "started"}), make("web", {"api": "started"}), make("tool"))
    world.up()
    world.launched("db", "api", "web", "tool")
    world.take_orders()
    world.reconciler.down()
    assert world.take_orders() == ["end tool", "end web"]
    world.gone("web")
    assert world.take_orders() == ["end api"]
    world.gone("tool")
    assert world.take_orders() == []
    world.gone("api")
    assert world.take_orders() == ["end db"]


def test_a_down_of_one_takes_those_that_need_it_and_leaves_the_others(stage, make):
    world = stage(make("db"), make("api", {"db": "started"}), make("other"))
    world.up()
    world.launched("db", "api", "other")
    world.take_orders()
    world.reconciler.down(["db"])
    world.gone("api")
    world.gone("db")
    assert world.phases() == {"db": "stopped", "api": "stopped", "other": "running"}


def test_a_down_of_services_that_left_the_file_stops_only_those(stage, make):
    world = running(stage(make("web"), make("old")), "web", "old")
    world.reconciler.use(world.project(make("web")))
    world.reconciler.down(["old"])
    assert world.take_orders() == ["end old"]


def test_a_stop_of_one_leaves_those_that_need_it(stage, make):
    world = stage(make("db"), make("api", {"db": "started"}))
    world.up()
    world.launched("db", "api")
    world.take_orders()
    world.reconciler.stop(["db"])
    assert (world.take_orders(), world.phase("api")) == (["end db"], "running")


def test_a_down_while_a_dependency_is_awaited_ends_the_wait(stage, make, checked):
    """process-compose#280."""
    world = stage(make("db", healthcheck=checked), make("api", {"db": "healthy"}))
    world.up()
    world.launched("db")
    world.reconciler.down()
    world.gone("db")
    assert world.phases() == {"db": "stopped", "api": "stopped"}


def test_a_down_before_the_launch_was_answered_ends_it_too(stage, make):
    world = stage(make("web"))
    world.up()
    world.reconciler.down()
    world.launch_failed("web", "it was called back")
    world.gone("web")
    assert (world.phase("web"), world.take_orders()) == ("stopped", ["launch web", "end web"])


def test_what_survives_sigkill_is_named_and_keeps_its_place(stage, make):
    world = running(stage(make("web")), "web")
    world.reconciler.restart(["web"])
    world.wait(10)
    world.gone("web", survivors=(77,))
    assert world.record("web").reason == "could not be ended: process 77 survives SIGKILL"
    assert world.take_orders() == ["end web", "kill web"]


def test_what_survived_is_tried_again_and_then_makes_room(stage, make):
    world = running(stage(make("web")), "web")
    world.reconciler.restart(["web"])
    world.wait(10)
    world.gone("web", survivors=(77,))
    world.take_orders()
    world.wait(stop.LOOK_AGAIN_S)
    assert world.take_orders() == ["clear web", "kill web"]
    world.gone("web", survivors=(77,))
    world.wait(stop.LOOK_AGAIN_S)
    assert world.take_orders() == ["clear web", "kill web"]
    world.gone("web")
    assert world.take_orders() == ["launch web"]


def test_a_crash_whose_leftovers_survive_waits_for_somebody(stage, make):
    world = running(stage(make("web")), "web")
    world.exited("web", 1)
    world.wait(10)
    world.gone("web", survivors=(77,))
    world.wait(stop.LOOK_AGAIN_S)
    world.gone("web")
    assert (world.phase("web"), world.record("web").reason) == ("failed", "exited with 1")


def test_the_end_of_a_survivor_is_no_new_end(stage, make):
    world = running(stage(make("web")), "web")
    world.reconciler.stop(["web"])
    world.wait(10)
    world.gone("web", survivors=(4000,))
    world.exited("web", 137)
    assert (world.phase("web"), world.run("web").exit.code) == ("failed", 137)


def test_a_report_that_comes_twice_changes_nothing_twice(stage, make):
    world = running(stage(make("web")), "web")
    world.exited("web", 1)
    world.exited("web", 1)
    world.gone("web")
    before = world.record("web")
    world.gone("web")
    world.exited("web", 0)
    assert (world.record("web"), world.take_orders()) == (before, ["clear web"])


def test_a_report_about_an_older_run_changes_nothing(stage, make):
    world = running(stage(make("web")), "web")
    old = world.run("web").instance
    world.ended("web", 1)
    world.wait(1)
    world.launched("web")
    before = world.record("web")
    from nexsock.model.report import Gone

    world.reconciler.receive(Gone(service="web", instance=old))
    assert world.record("web") == before


def test_what_is_gone_without_an_exit_ended_unseen(stage, make):
    world = running(stage(make("web")), "web")
    world.gone("web")
    assert (world.phase("web"), world.record("web").reason) == ("backoff", "ended, exit status unknown")
