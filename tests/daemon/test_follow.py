"""Following a project until what was asked for has come true, has failed, or is late."""

import asyncio
from collections.abc import Callable

import pytest

from nexsock.daemon.bus import Bus
from nexsock.daemon.follow import Following
from nexsock.model.event import Event, EventKind
from nexsock.reconcile.settle import Settled
from nexsock.runtime import clock


class Stage:
    """A bus, and verdicts that the test decides."""

    def __init__(self, *names: str) -> None:
        self.bus = Bus()
        self.verdicts: dict[str, Settled] = dict.fromkeys(names, "waiting")
        self.asked = 0

    def emit(self, service: str | None, project: str = "shop", kind: EventKind = "phase") -> None:
        self.bus.emit(Event(at=0.0, seq=0, project=project, kind=kind, service=service))

    def following(
        self, *, wake_at: Callable[[set[str]], float | None] = lambda pending: None, deadline: float | None = None
    ) -> Following:
        def judge(name: str) -> Callable[[], Settled]:
            def verdict() -> Settled:
                self.asked += 1
                return self.verdicts[name]

            return verdict

        judges = {name: judge(name) for name in self.verdicts}
        return Following(self.bus.subscribe(), "shop", judges, wake_at, deadline)


async def told(following: Following) -> list[str | None]:
    async with asyncio.timeout(60):
        return [event.service async for event in following.events()]


async def test_it_ends_when_every_verdict_is_in():
    stage = Stage("db", "web")
    following = stage.following()
    task = asyncio.create_task(told(following))
    await asyncio.sleep(0)
    for name in ("db", "web"):
        stage.verdicts[name] = "well"
        stage.emit(name)
    assert (await task, following.failed, following.pending) == (["db", "web"], [], set())


async def test_what_is_settled_already_is_not_waited_for():
    stage = Stage("db")
    stage.verdicts["db"] = "failed"
    following = stage.following()
    assert (await told(following), following.failed) == ([], ["db"])


async def test_only_events_of_the_project_are_told_and_steps_are_counted():
    stage = Stage("db")
    following = stage.following()
    task = asyncio.create_task(told(following))
    await asyncio.sleep(0)
    stage.emit("db", project="other")
    stage.emit("db", kind="plan")
    stage.verdicts["db"] = "well"
    stage.emit("db")
    assert (await task, following.steps) == (["db", "db"], 1)


async def test_it_gives_up_at_the_deadline():
    stage = Stage("db")
    following = stage.following(deadline=clock.monotonic() + 0.05)
    assert (await told(following), following.timed_out, following.pending) == ([], True, {"db"})


async def test_a_verdict_that_time_alone_brings_is_asked_for_when_it_is_due():
    stage = Stage("db")
    due = clock.monotonic() + 0.05
    following = stage.following(wake_at=lambda pending: due)
    asyncio.get_running_loop().call_at(asyncio.get_running_loop().time() + 0.04, stage.verdicts.update, {"db": "well"})
    assert (await told(following), following.failed) == ([], [])


async def test_a_verdict_that_time_has_brought_while_others_were_heard_is_not_waited_for():
    """The moment has passed when it is asked for, so that nothing would ever wake us."""
    stage = Stage("web")

    def wake_at(pending: set[str]) -> float | None:
        stage.verdicts["web"] = "well"
        return None

    assert await told(stage.following(wake_at=wake_at)) == []


@pytest.mark.parametrize("count", [1, 200])
async def test_an_event_asks_for_the_verdict_of_its_own_service_only(count):
    stage = Stage(*(f"s{number}" for number in range(count)))
    following = stage.following()
    task = asyncio.create_task(told(following))
    await asyncio.sleep(0)
    before = stage.asked
    for name in stage.verdicts:
        stage.verdicts[name] = "well"
        stage.emit(name)
    await task
    assert stage.asked - before == count


async def test_dropped_events_make_it_ask_for_all():
    stage = Stage("db", "web")
    following = stage.following()
    task = asyncio.create_task(told(following))
    await asyncio.sleep(0)
    stage.verdicts.update(db="well", web="well")
    stage.emit(None, kind="warning")
    await task
    assert following.pending == set()
