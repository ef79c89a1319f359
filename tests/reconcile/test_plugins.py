"""What plugins change and refuse becomes part of the run, and of nothing else."""

import pytest
from msgspec.structs import replace

from nexsock.hooks import StopVerdict
from nexsock.model.plugin import Denial, PluginChange
from nexsock.model.report import Altered, LaunchFailed

PORT = PluginChange(plugin="ports", field="environment.PORT", old="3000", new="4000")
SLOWER = PluginChange(plugin="calm", field="grace_s", old="10", new="60")
NO = Denial(plugin="gate", reason=".env lacks KEY")


@pytest.fixture
def shop(stage, make):
    """db and web, which needs it; everything is wanted."""
    made = stage(make("db"), make("web", {"db": "started"}))
    made.up()
    return made


def deny(stage, name):
    stage.tell(LaunchFailed, name, message=str(NO), denied=NO)


def test_what_a_plugin_does_not_let_start_has_failed_with_its_name_and_reason(shop):
    deny(shop, "db")
    record = shop.record("db")
    assert (record.phase, record.reason, record.run.denied) == (
        "failed",
        "plugin 'gate' says no: .env lacks KEY",
        NO,
    )


def test_it_is_not_asked_again_by_itself(shop):
    deny(shop, "db")
    shop.take_orders()
    shop.wait(3600)
    assert (shop.orders, shop.alarm_at) == ([], None)


def test_what_needs_it_is_held_with_its_reason(shop):
    deny(shop, "db")
    held = shop.record("web").held
    assert (shop.phase("web"), held.failed, held.on) == ("blocked", True, ("db",))


@pytest.mark.parametrize(
    "again",
    [
        lambda stage: stage.reconciler.start(["db"]),
        lambda stage: stage.up(),
        lambda stage: stage.reconciler.restart(["db"]),
        lambda stage: stage.edit(stage.now_as("db", launch=replace(stage.now_as("db").launch, command=("other",)))),
    ],
    ids=["start", "up", "restart", "edit"],
)
def test_it_is_asked_again_when_somebody_wants_it_or_has_edited_it(shop, again):
    deny(shop, "db")
    shop.take_orders()
    again(shop)
    assert shop.orders[0] == "launch db"


def test_a_run_that_may_start_later_is_not_one_that_was_refused(shop):
    deny(shop, "db")
    shop.reconciler.start(["db"])
    shop.launched("db")
    assert (shop.phase("db"), shop.run("db").denied) == ("running", None)


def test_what_a_plugin_changed_is_told_and_recorded_with_the_run(shop):
    shop.tell(Altered, "db", changes=(PORT,))
    shop.launched("db")
    told = [event.reason for event in shop.events if event.kind == "hook"]
    assert (shop.run("db").altered, told) == ((PORT,), ["plugin 'ports' changed environment.PORT"])


def test_a_changed_run_is_as_the_file_says(shop):
    shop.tell(Altered, "db", changes=(PORT,))
    shop.launched("db", "web")
    shop.take_orders()
    shop.up()
    assert (shop.plan(), shop.orders) == ("nothing to do", [])


def test_an_end_takes_as_long_as_plugins_say(shop):
    shop.launched("db")
    shop.reconciler.grant("db", StopVerdict(grace_s=60.0, changes=(SLOWER,)))
    shop.reconciler.stop(["db"])
    assert (shop.record("db").stopping.kill_mono, shop.run("db").altered) == (shop.now + 60.0, (SLOWER,))


def test_the_grace_of_one_run_is_not_that_of_the_next(shop):
    shop.launched("db")
    shop.reconciler.grant("db", StopVerdict(grace_s=60.0, changes=(SLOWER,)))
    shop.ended("db", 1)
    shop.wait(1)
    shop.launched("db")
    shop.reconciler.stop(["db"])
    assert shop.record("db").stopping.kill_mono == shop.now + shop.now_as("db").stop.grace_s


def test_an_end_that_nobody_changes_takes_as_long_as_the_file_says(shop):
    shop.launched("db")
    shop.reconciler.grant("db", StopVerdict(grace_s=60.0))
    shop.reconciler.stop(["db"])
    assert shop.record("db").stopping.kill_mono == shop.now + shop.now_as("db").stop.grace_s
