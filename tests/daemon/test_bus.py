import asyncio

from nexsock.daemon.bus import Bus
from nexsock.model.event import Event


def event(reason: str = "") -> Event:
    return Event(at=1.0, seq=0, project="shop", kind="phase", reason=reason)


async def test_events_are_numbered_in_order_for_everyone():
    bus = Bus()
    with bus.subscribe() as one, bus.subscribe() as other:
        bus.emit(event("a"))
        bus.emit(event("b"))
        assert [(found.seq, found.reason) for found in one.take()] == [(1, "a"), (2, "b")]
        assert [found.seq for found in other.take()] == [1, 2]


async def test_whoever_waits_is_woken():
    bus = Bus()
    subscription = bus.subscribe()
    arriving = asyncio.ensure_future(anext(aiter(subscription)))
    await asyncio.sleep(0)
    bus.emit(event("a"))
    assert (await arriving).reason == "a"


async def test_a_slow_listener_learns_how_many_it_has_missed():
    bus = Bus()
    with bus.subscribe(limit=3) as slow:
        for number in range(10):
            bus.emit(event(str(number)))
        gap, *rest = slow.take()
    assert (gap.kind, gap.seq, gap.reason) == (
        "warning",
        7,
        "7 events were dropped here because they were not read in time",
    )
    assert [found.reason for found in rest] == ["7", "8", "9"]


async def test_a_gap_is_stated_once_and_in_its_place():
    bus = Bus()
    with bus.subscribe(limit=1) as slow:
        bus.emit(event("a"))
        bus.emit(event("b"))
        arriving = aiter(slow)
        assert [(await anext(arriving)).reason[:1], (await anext(arriving)).reason] == ["1", "b"]
        bus.emit(event("c"))
        assert (await anext(arriving)).reason == "c"


async def test_the_past_is_kept_up_to_a_limit():
    bus = Bus(kept=2)
    for number in range(5):
        bus.emit(event(str(number)))
    assert [found.reason for found in bus.recent()] == ["3", "4"]


async def test_closing_ends_the_iteration_after_what_is_queued():
    bus = Bus()
    subscription = bus.subscribe()
    bus.emit(event("a"))
    subscription.close()
    bus.emit(event("too late"))
    assert [found.reason async for found in subscription] == ["a"]


async def test_closing_wakes_whoever_waits():
    subscription = Bus().subscribe()
    waiting = asyncio.ensure_future(collect(subscription))
    await asyncio.sleep(0)
    subscription.close()
    assert await waiting == []


async def collect(subscription):
    return [found async for found in subscription]
