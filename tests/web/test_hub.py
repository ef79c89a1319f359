"""What happens, told to all pages: one subscription, nothing lost, nothing twice, nothing that grows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from nexsock.errors import Unreachable
from nexsock.model.event import Event
from nexsock.model.status import DaemonStatus
from nexsock.protocol.api import EventsRequest
from nexsock.testing.scripted import ScriptedApi
from nexsock.web import stream
from nexsock.web.hub import WAITING, Hub, Listener

LIMIT_S = 30.0
STATUS = DaemonStatus(pid=10, keeper_pid=2, version="1", protocol=1, started_at=5.0, socket="/s")


def event(seq: int, **fields: Any) -> Event:
    return Event(at=float(seq), seq=seq, project="shop-1", kind="phase", service="web", phase="ready", **fields)


class Daemon:
    """A daemon's events: those that it remembers, and those that a test tells."""

    def __init__(self, *past: Event) -> None:
        self.past = list(past)
        self.pid = 10
        self.away = False
        self.followers: list[asyncio.Queue[Event | Exception]] = []
        self.api = ScriptedApi(system_status=self._status, events=self._events)
        self.pauses = 0

    def _status(self, _: Any) -> DaemonStatus | Exception:
        return Unreachable("nexsockd does not run") if self.away else replace(STATUS, pid=self.pid)

    async def _events(self, request: EventsRequest) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event | Exception] = asyncio.Queue()
        if request.follow:
            self.followers.append(queue)
        try:
            for one in tuple(self.past):
                if request.since is None or one.at >= request.since:
                    yield one
            while request.follow:
                item = await queue.get()
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            if request.follow:
                self.followers.remove(queue)

    def tell(self, *events: Event) -> None:
        self.past += events
        for queue in self.followers:
            for one in events:
                queue.put_nowait(one)

    def go(self) -> None:
        """The daemon ends."""
        self.away = True
        for queue in self.followers:
            queue.put_nowait(Unreachable("nexsockd ended the conversation"))

    async def pause(self, _: float) -> None:
        """No pause at all, but a turn for the others."""
        self.pauses += 1
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0)


def everything(_: Event) -> bool:
    return True


async def following(hub: Hub, daemon: Daemon, resume: str = "") -> AsyncIterator[stream.Sent]:
    """A listener that is there."""
    listening = hub.listen(resume, everything)
    waiting = asyncio.ensure_future(anext(listening))
    await until(lambda: bool(daemon.followers))

    async def going_on() -> AsyncIterator[stream.Sent]:
        try:
            yield await waiting
            async for item in listening:
                yield item
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await listening.aclose()

    return going_on()


async def take(items: AsyncIterator[stream.Sent], count: int) -> list[stream.Sent]:
    async with asyncio.timeout(LIMIT_S):
        return [await anext(items) for _ in range(count)]


async def test_fifty_pages_share_one_subscription_and_all_are_told():
    daemon = Daemon()
    hub = Hub(daemon.api.api, daemon.pause)
    pages = [await following(hub, daemon) for _ in range(50)]
    assert len(daemon.followers) == 1
    daemon.tell(event(1))
    for page in pages:
        assert [item.event for item in await take(page, 2)] == ["hello", "phase"]
        await page.aclose()
    await until(lambda: not daemon.followers)


async def test_who_has_just_come_is_told_where_it_begins_and_nothing_of_before():
    daemon = Daemon(event(1), event(2))
    page = await following(Hub(daemon.api.api, daemon.pause), daemon)
    daemon.tell(event(3))
    assert [item.id for item in await take(page, 2)] == ["10.5000-2", "10.5000-3"]
    await page.aclose()


async def test_who_comes_back_is_told_what_it_has_missed_and_nothing_twice():
    daemon = Daemon(event(1), event(2), event(3))
    page = await following(Hub(daemon.api.api, daemon.pause), daemon, "10.5000-1")
    daemon.tell(event(4))
    assert [item.id for item in await take(page, 3)] == ["10.5000-2", "10.5000-3", "10.5000-4"]
    await page.aclose()


@pytest.mark.parametrize("seen", ["9.5000-2", "10.5000-99", "10.5000-1", "nonsense", "10.5000-" + "9" * 30])
async def test_who_has_seen_what_is_not_remembered_is_told_to_look_anew(seen):
    daemon = Daemon(event(5), event(6))
    page = await following(Hub(daemon.api.api, daemon.pause), daemon, seen)
    assert [(item.event, item.id) for item in await take(page, 1)] == [("reset", "10.5000-6")]
    await page.aclose()


async def test_pages_are_told_that_the_daemon_has_gone_and_that_another_one_is_there():
    daemon = Daemon(event(1))
    page = await following(Hub(daemon.api.api, daemon.pause), daemon)
    daemon.go()
    assert [item.event for item in await take(page, 2)] == ["hello", "away"]
    daemon.past, daemon.pid, daemon.away = [event(1)], 11, False
    assert [item.event for item in await take(page, 2)] == ["reset", "back"]
    await until(lambda: bool(daemon.followers))
    daemon.tell(event(2))
    assert [item.id for item in await take(page, 1)] == ["11.5000-2"]
    await page.aclose()


async def test_a_conversation_that_broke_off_is_taken_up_again_without_a_gap():
    daemon = Daemon(event(1))
    page = await following(Hub(daemon.api.api, daemon.pause), daemon)
    daemon.followers[0].put_nowait(Unreachable("it broke off"))
    await until(lambda: not daemon.followers)
    daemon.past.append(event(2))
    await until(lambda: bool(daemon.followers))
    daemon.tell(event(3))
    assert [item.id for item in await take(page, 3)] == ["10.5000-1", "10.5000-2", "10.5000-3"]
    await page.aclose()


async def test_a_page_that_reads_nothing_is_told_to_look_anew_and_holds_no_more_than_its_share():
    listener = Listener(everything)
    for number in range(10 * WAITING + 7):
        listener.put(stream.Sent("phase", "{}", f"1-{number}"))
    listener.end()
    items = [item async for item in listener]
    assert len(items) <= WAITING
    assert (items[0].event, items[-1].id) == ("reset", f"1-{10 * WAITING + 6}")


async def test_closing_ends_every_stream():
    daemon = Daemon()
    hub = Hub(daemon.api.api, daemon.pause)

    async def all_of_it() -> list[stream.Sent]:
        return [item async for item in hub.listen("", everything)]

    page = asyncio.ensure_future(all_of_it())
    await until(lambda: bool(daemon.followers))
    hub.close()
    async with asyncio.timeout(LIMIT_S):
        assert [item.event for item in await page] == ["hello"]
