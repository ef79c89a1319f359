"""A newer version of the file: the fewest steps, and only where something changed."""

import pytest

from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.report import Probed
from nexsock.model.service import Restart
from nexsock.model.state import Cause, Observed


@pytest.fixture
def shop(stage, make, checked):
    """Three services that run; `db` is ready."""
    world = stage(make("db", healthcheck=checked), make("api", {"db": "healthy"}), make("web", {"api": "started"}))
    world.up()
    world.launched("db")
    world.probed("db", True)
    world.launched("api", "web")
    world.take_orders()
    world.writes.clear()
    return world


def files(world, **changed):
    """The project with some services changed."""
    return [changed.get(name, one) for name, one in world.reconciler.project.services.items()]


def test_an_identical_file_restarts_nothing_and_writes_nothing(shop, make, checked):
    shop.edit(make("db", healthcheck=checked), make("api", {"db": "healthy"}), make("web", {"api": "started"}))
    assert (shop.take_orders(), shop.writes) == ([], [])


def test_a_second_up_does_nothing_and_writes_nothing(shop):
    shop.up()
    assert (shop.take_orders(), shop.writes) == ([], [])


def test_a_named_up_of_what_runs_does_nothing_and_writes_nothing(shop):
    shop.reconciler.up(shop.reconciler.state.selection, ["web"])
    assert (shop.take_orders(), shop.writes) == ([], [])


def test_one_changed_launch_field_restarts_only_that_service(shop, make):
    shop.edit(*files(shop, api=make("api", {"db": "healthy"}, env={"PORT": "3001"})))
    shop.ended("api", 143)
    shop.launched("api")
    assert shop.take_orders() == ["end api", "launch api"]
    assert shop.launches["api"].environment["PORT"] == "3001"


def test_a_changed_probe_keeps_the_process_and_takes_effect(shop, make):
    before = shop.run("db")
    slower = Healthcheck(kind="tcp", port=80, start_period_s=0.0, interval_s=1.0, retries=1)
    shop.edit(*files(shop, db=make("db", healthcheck=slower)))
    shop.probed("db", False)
    assert (shop.run("db").instance, shop.take_orders(), shop.phase("db")) == (
        before.instance,
        ["update db"],
        "unhealthy",
    )


def test_a_changed_policy_takes_effect_at_the_next_exit(shop, make):
    shop.edit(*files(shop, web=make("web", {"api": "started"}, restart=Restart(mode="no"))))
    shop.ended("web", 1)
    assert shop.phase("web") == "failed"


def test_a_healthcheck_that_is_taken_away_makes_what_starts_running(stage, make, checked):
    world = stage(make("db", healthcheck=checked), make("api", {"db": "healthy"}))
    world.up()
    world.launched("db")
    world.edit(make("db"), make("api", {"db": "healthy"}))
    assert (world.phase("db"), world.take_orders()) == ("running", ["launch db", "update db", "launch api"])


def test_a_healthcheck_that_is_added_before_the_launch_is_not_asked_too_early(stage, make, checked):
    world = stage(make("db"))
    world.up()
    world.edit(make("db", healthcheck=checked))
    assert world.attended == []
    result = ProbeResult(kind="tcp", ok=True, output="", at=0.0)
    world.reconciler.receive(Probed(service="db", instance=world.run("db").instance, result=result))
    assert world.phase("db") == "starting"
    world.launched("db")
    assert (world.attended, world.phase("db")) == (["db"], "starting")


def test_a_removed_service_stops_and_is_forgotten_an_added_one_starts(shop, make, checked):
    shop.edit(make("db", healthcheck=checked), make("api", {"db": "healthy"}), make("new"))
    assert shop.take_orders() == ["end web", "launch new"]
    shop.ended("web", 143)
    assert "web" not in shop.phases()
    assert "forget web" in shop.writes


def test_removed_services_end_dependents_first(shop, make, checked):
    shop.edit(make("db", healthcheck=checked))
    assert shop.take_orders() == ["end web"]
    shop.ended("web", 143)
    assert shop.take_orders() == ["end api"]


def test_removing_what_others_need_ends_them_first_when_they_go_too(shop):
    shop.edit()
    for name in ("web", "api", "db"):
        shop.ended(name, 143)
    assert shop.take_orders() == ["end web", "end api", "end db"]


def test_the_plan_is_what_apply_then_does(shop, make, checked):
    newer = shop.project(make("db", healthcheck=checked), make("api", {"db": "healthy"}, env={"A": "1"}), make("new"))
    selection = shop.reconciler.state.selection
    seen = shop.reconciler.preview(newer, selection, (), False, Observed())
    assert shop.take_orders() == []
    assert shop.reconciler.apply(newer) == seen
    assert shop.take_orders() == ["end web", "launch new"]


def test_a_preview_changes_nothing(shop, make):
    before = (shop.phases(), shop.reconciler.project)
    shop.reconciler.preview(shop.project(make("db")), shop.reconciler.state.selection, ("db",), True, Observed())
    assert (shop.phases(), shop.reconciler.project, shop.writes, shop.events[len(shop.events) :]) == (*before, [], [])


def test_an_edit_during_an_apply_is_applied_afterwards_exactly_once(shop, make):
    shop.edit(*files(shop, api=make("api", {"db": "healthy"}, env={"A": "1"})))
    shop.edit(*files(shop, api=make("api", {"db": "healthy"}, env={"A": "2"})))
    shop.ended("api", 143)
    shop.launched("api")
    assert shop.take_orders() == ["end api", "launch api"]
    assert shop.launches["api"].environment["A"] == "2"


def test_an_edit_that_comes_back_before_the_restart_costs_one_restart(shop, make):
    before = files(shop)
    shop.edit(*files(shop, api=make("api", {"db": "healthy"}, env={"A": "1"})))
    shop.edit(*before)
    shop.ended("api", 143)
    shop.launched("api")
    assert (shop.take_orders(), shop.plan()) == (["end api", "launch api"], "nothing to do")


def test_an_edit_of_the_edges_applies_in_place(shop, make):
    shop.edit(*files(shop, web=make("web", {"db": "healthy"})))
    assert (shop.take_orders(), shop.plan()) == (["update web"], "nothing to do")


def test_a_changed_source_restarts_and_takes_along_what_needs_it_when_told_to(shop):
    shop.reconciler.replace("api", Cause(kind="watch", text="app.py changed"), cascade=True)
    assert shop.take_orders() == ["end web"]
    shop.ended("web", 143)
    assert shop.take_orders() == ["end api"]
    assert shop.record("api").stopping.cause.text == "app.py changed"


def test_a_changed_source_of_a_stopped_service_is_ignored(shop):
    shop.reconciler.stop(["web"])
    shop.ended("web", 143)
    shop.take_orders()
    shop.reconciler.replace("web", Cause(kind="watch", text="app.py changed"))
    assert shop.take_orders() == []


def test_a_changed_source_during_a_restart_causes_one_more_start_and_no_more(shop):
    for _ in range(3):
        shop.reconciler.replace("web", Cause(kind="watch", text="app.py changed"))
    shop.ended("web", 143)
    shop.launched("web")
    assert shop.take_orders() == ["end web", "launch web"]


def test_a_oneshot_that_ran_with_older_inputs_runs_again(stage, make):
    world = stage(make("migrate", oneshot=True, inputs=("/shop/*.sql",)))
    world.reconciler.observed.inputs = {"migrate": "v1"}
    world.up()
    world.launched("migrate")
    world.reconciler.observed.inputs = {"migrate": "v2"}
    world.ended("migrate", 0)
    assert world.take_orders() == ["launch migrate", "clear migrate", "launch migrate"]


def test_variables_for_one_run_hold_for_that_run(shop):
    shop.reconciler.restart(["web"], {"DEBUG": "1"})
    shop.ended("web", 143)
    shop.launched("web")
    assert shop.launches["web"].environment["DEBUG"] == "1"
    shop.ended("web", 1)
    shop.wait(1)
    assert "DEBUG" not in shop.launches["web"].environment


def test_variables_for_a_start_of_what_runs_are_not_kept_for_later(shop):
    shop.reconciler.start(["web"], {"DEBUG": "1"})
    shop.ended("web", 1)
    shop.wait(1)
    assert "DEBUG" not in shop.launches["web"].environment


def test_every_step_is_told_with_its_reason(shop, make):
    shop.events.clear()
    shop.edit(*files(shop, api=make("api", {"db": "healthy"}, env={"PORT": "3001"})))
    (told,) = [event for event in shop.events if event.kind == "plan"]
    assert (told.action, told.reason, told.fields[0].path) == (
        "restart",
        "environment.PORT changed",
        "environment.PORT",
    )
