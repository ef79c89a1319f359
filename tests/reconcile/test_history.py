"""What is remembered of each run: when it was asked for and begun, why it was started, and why it had to end."""

from nexsock.model.state import Cause


def kind(stage, name="web"):
    return stage.run(name).cause.kind


def test_a_run_that_waited_knows_since_when_it_was_wanted(stage, make):
    found = stage(make("db"), make("web", {"db": "started"}))
    found.up()
    asked = found.wall()
    found.wait(3.0)
    found.launched("db")
    run = found.run("web")
    assert (run.asked_at, run.begun_at) == (asked, asked + 3.0)


def test_a_run_that_waited_for_one_thing_after_the_other_knows_the_first_moment(stage, make):
    found = stage(make("db"), make("api", {"db": "started"}), make("web", {"db": "started", "api": "started"}))
    found.up()
    asked = found.wall()
    found.wait(1.0)
    found.launched("db")
    found.wait(1.0)
    found.launched("api")
    assert found.run("web").asked_at == asked


def test_a_crash_asks_for_the_next_run(stage, make):
    found = stage(make("web"))
    found.up()
    found.launched("web")
    found.wait(1.0)
    asked = found.wall()
    found.ended("web", 3)
    found.wait(1.0)
    run = found.run("web")
    assert (run.number, run.cause.kind, run.asked_at) == (2, "crash", asked)


def test_a_start_by_hand_after_a_stop_is_asked_for_then(stage, make):
    found = stage(make("web"))
    found.up()
    found.launched("web")
    found.ended("web", 0)
    found.wait(5.0)
    found.reconciler.start(["web"])
    assert (kind(found), found.run("web").asked_at) == ("user", found.wall())


def test_an_edit_is_the_cause_with_the_place_of_the_field(stage, make):
    found = stage(make("web", env={"PORT": "1"}))
    found.up()
    found.launched("web")
    project = found.project(make("web", env={"PORT": "2"}))
    project.origins["services.web.environment.PORT"] = "nexsock.yaml:14:7"
    found.reconciler.apply(project)
    found.ended("web", 143)
    assert found.run("web").cause == Cause(kind="config", text="environment.PORT changed", origin="nexsock.yaml:14:7")


def test_a_changed_file_and_a_dependency_are_causes(stage, make):
    found = stage(make("web"))
    found.up()
    found.launched("web")
    found.reconciler.replace("web", Cause(kind="watch", text="app.py changed"))
    found.ended("web", 143)
    assert found.run("web").cause == Cause(kind="watch", text="app.py changed")


def test_a_run_that_had_to_end_knows_why(stage, make):
    found = stage(make("web"))
    found.up()
    found.launched("web")
    found.reconciler.stop(["web"])
    found.ended("web", 143)
    assert (found.run("web").ended.kind, found.run("web").ended.text) == ("user", "stopped by hand")


def test_a_new_run_after_too_many_failed_probes_is_for_its_health(stage, make, checked):
    from msgspec.structs import replace

    found = stage(make("web", healthcheck=replace(checked, retries=1, on_unhealthy="restart")))
    found.up()
    found.launched("web")
    found.probed("web", ok=True)
    found.probed("web", ok=False, output="refused")
    found.ended("web", 143)
    found.wait(1.0)
    assert (found.run("web").number, kind(found)) == (2, "unhealthy")


def test_what_a_run_is_launched_with_is_remembered_without_its_secrets(stage, make):
    found = stage(make("web", env={"PORT": "1", "API_TOKEN": "s3cret"}))
    found.up()
    fields = found.snapshots["web"].fields
    assert (fields["environment.PORT"], fields["environment.API_TOKEN"]) == ('"1"', "••••••")


def test_only_an_up_that_has_something_to_do_is_the_last_one(stage, make):
    found = stage(make("web"))
    found.up()
    came = found.wall()
    found.launched("web")
    found.wait(9.0)
    found.up()
    assert found.reconciler.state.up_at == came
