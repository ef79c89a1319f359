"""What a command waits for, and what is told when that has come or cannot come."""

import asyncio

import pytest

from nexsock import errors
from nexsock.daemon import outcome
from nexsock.daemon.bus import Bus
from nexsock.model.event import Event
from nexsock.model.probe import Healthcheck
from nexsock.protocol import api
from nexsock.runtime import clock


@pytest.fixture
def shop(house, service):
    return house(service("db"), service("web", "db"), service("mail"))


async def items_of(shop, judges, bus=None, timeout_s=None, saved=None, about=()):
    async with asyncio.timeout(60):
        subscription = (bus or Bus()).subscribe()
        said = outcome.Said(about=about)
        until = outcome.until(shop, subscription, judges, timeout_s, clock.monotonic(), said, saved)
        return [item async for item in until]


@pytest.mark.parametrize(
    ("chosen", "no_deps", "expected"),
    [((), False, {"db", "web", "mail"}), (("web",), False, {"web", "db"}), (("web",), True, {"web"})],
)
def test_up_waits_for_the_chosen_and_what_they_need_or_for_all(shop, chosen, no_deps, expected):
    assert set(outcome.awaited(shop, chosen, no_deps)) == expected


def test_what_is_needed_and_not_wanted_any_more_is_not_waited_for(shop):
    shop.wanted = frozenset({"web"})
    assert outcome.awaited(shop, ("web",), False) == ("web",)


def test_a_service_that_left_the_file_is_up_for_all_that_anyone_can_do(shop):
    judge = outcome.judge_up(shop, "web", 0.0)
    del shop.project.services["web"]
    assert judge() == "well"


def test_a_stop_is_over_though_somebody_started_the_service_again(shop, run):
    shop.holds("web", "stopping", run=run(1))
    judge = outcome.judge_down(shop, "web")
    before = judge()
    shop.holds("web", "starting", run=run(2))
    assert (before, judge()) == ("waiting", "well")


def test_a_wait_for_an_end_goes_on_though_the_service_is_wanted(shop, run):
    shop.holds("web", "running", run=run(1))
    assert outcome.judge_condition(shop, api.WaitTarget(service="web", condition="stopped"))() == "waiting"


async def test_a_down_that_was_overtaken_says_so(shop, run):
    shop.holds("web", "running", run=run(1))
    told = (await items_of(shop, {"web": outcome.judge_down(shop, "web")}))[-1].outcome
    assert [one.reason for one in told.failed] == ["is running; another command overtook this one"]


async def test_what_has_long_proven_itself_is_not_asked_again_and_again(shop, run):
    """While a dependent takes its time to stop, what it needs runs on: the command that waits for both must sleep."""
    shop.holds("web", "running", run=run(1, started_mono=0.0))
    asked = []
    await items_of(shop, {"web": lambda: asked.append(1) or "waiting"}, timeout_s=0.1)
    assert len(asked) <= 3


@pytest.mark.parametrize("condition", ["healthy", "service_healthy", None])
def test_a_condition_may_be_called_as_compose_calls_it(house, service, run, condition):
    shop = house(service("web", healthcheck=Healthcheck(kind="log", pattern="x")))
    shop.holds("web", "failed", run=run())
    judge = outcome.judge_condition(shop, api.WaitTarget(service="web", condition=condition))
    assert judge() == "failed"


@pytest.mark.parametrize("condition", ["healthy", "log_ready"])
def test_who_has_no_healthcheck_is_not_waited_for_to_be_healthy(shop, run, condition):
    shop.holds("web", "running", run=run())
    with pytest.raises(errors.UsageError, match="'web' has no healthcheck"):
        outcome.judge_condition(shop, api.WaitTarget(service="web", condition=condition))


def test_a_condition_that_there_is_not_is_refused_with_those_that_there_are(shop):
    with pytest.raises(errors.UsageError, match="'blue' is not a condition") as refused:
        outcome.judge_condition(shop, api.WaitTarget(service="web", condition="blue"))
    assert refused.value.hint.endswith("log_ready, stopped")


async def test_the_outcome_comes_last_and_is_on_disk_by_then(shop):
    items = await items_of(shop, {"web": lambda: "well"})
    assert (len(items), items[-1].outcome.ok, shop.barriers) == (1, True, 1)


async def test_what_was_asked_for_is_written_while_it_is_done_and_only_then(shop):
    saved = outcome.saving(shop, ["web"])
    await asyncio.sleep(0)
    begun = shop.barriers
    items = await items_of(shop, {"web": lambda: "well"}, saved=saved)
    assert (begun, items[-1].outcome.ok, shop.barriers) == (1, True, 1)


def test_whether_a_oneshot_has_completed_is_on_disk_before_anybody_is_told(house, service):
    shop = house(service("web"), service("migrate", oneshot=True))
    assert outcome.saving(shop, ["web", "migrate"]) is None


async def test_the_outcome_leaves_out_what_was_taken_from_the_file_and_is_stopped(shop, run):
    shop.holds("old", "stopped", run=run())
    told = (await items_of(shop, {}))[-1].outcome
    assert [line.name for line in told.services] == ["db", "web", "mail"]


async def test_a_command_that_names_services_tells_of_them_and_of_what_it_has_moved(shop):
    bus, verdicts = Bus(), {"web": "waiting"}
    task = asyncio.create_task(items_of(shop, {"web": lambda: verdicts["web"]}, bus, about=("web",)))
    await asyncio.sleep(0)
    verdicts["web"] = "well"
    for kind, name in (("phase", "db"), ("probe", "mail"), ("phase", "web")):
        bus.emit(Event(at=1e9, seq=0, project="shop-1", kind=kind, service=name))
    assert [line.name for line in (await task)[-1].outcome.services] == ["db", "web"]


async def test_of_a_named_service_that_is_forgotten_by_then_nothing_is_told(shop):
    assert (await items_of(shop, {}, about=("old",)))[-1].outcome.services == ()


async def test_events_come_before_the_outcome_and_its_steps_are_counted(shop):
    bus, verdicts = Bus(), {"web": "waiting"}
    task = asyncio.create_task(items_of(shop, {"web": lambda: verdicts["web"]}, bus))
    await asyncio.sleep(0)
    verdicts["web"] = "well"
    for kind in ("plan", "phase"):
        bus.emit(Event(at=1e9, seq=0, project="shop-1", kind=kind, service="web"))
    items = await task
    assert ([item.event.kind for item in items[:-1]], items[-1].outcome.changes) == (["plan", "phase"], 1)


async def test_what_failed_is_told_with_its_reason(shop, run):
    shop.holds("web", "failed", reason="exited with 1", run=run())
    told = (await items_of(shop, {"web": lambda: "failed"}))[-1].outcome
    assert (told.ok, [(one.service, one.reason) for one in told.failed]) == (False, [("web", "failed: exited with 1")])


async def test_what_is_late_is_told_as_such(shop):
    told = (await items_of(shop, {"web": lambda: "waiting"}, timeout_s=0.02))[-1].outcome
    assert (told.ok, told.timed_out, [one.service for one in told.failed]) == (False, True, ["web"])
