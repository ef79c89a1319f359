"""Events to everyone who listens. Whoever is slow misses events and is told how many; nobody is waited for."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from msgspec.structs import replace

from nexsock.model.event import Event

KEPT = 4096
"""Events that are remembered for those who ask about the past."""
QUEUE_LIMIT = 1024
"""Events that may wait for one subscriber."""


class Bus:
    """The events of a daemon's life, numbered from 1."""

    def __init__(self, kept: int = KEPT) -> None:
        self._recent: deque[Event] = deque(maxlen=kept)
        self._subscriptions: set[Subscription] = set()
        self._last = 0

    def emit(self, event: Event) -> None:
        """Number an event, remember it, and pass it on. Never blocks; `event.seq` is replaced."""
        self._last += 1
        numbered = replace(event, seq=self._last)
        self._recent.append(numbered)
        for subscription in self._subscriptions:
            subscription.put(numbered)

    def recent(self) -> tuple[Event, ...]:
        """What is still remembered, oldest first."""
        return tuple(self._recent)

    def subscribe(self, limit: int = QUEUE_LIMIT) -> "Subscription":
        """Everything from now on. Close it, or use it in a `with`."""
        subscription = Subscription(self, limit)
        self._subscriptions.add(subscription)
        return subscription

    def forget(self, subscription: "Subscription") -> None:
        self._subscriptions.discard(subscription)


class Subscription:
    """One listener's queue: the oldest events give way when it is full, and the gap is stated."""

    def __init__(self, bus: Bus, limit: int) -> None:
        self._bus = bus
        self._waiting: deque[Event] = deque()
        self._limit = limit
        self._dropped = 0
        self._arrival: asyncio.Future[None] | None = None
        self._closed = False

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def put(self, event: Event) -> None:
        """Called by the bus."""
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(event)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def take(self) -> list[Event]:
        """Everything that waits, without waiting; begins with the gap if there is one."""
        taken = [self._gap()] if self._dropped else []
        taken.extend(self._waiting)
        self._waiting.clear()
        return taken

    def close(self) -> None:
        """End the iteration after what is queued already."""
        self._closed = True
        self._bus.forget(self)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    async def arrived(self, limit_s: float | None) -> bool:
        """Wait until something is queued; False when nothing came within the limit (seconds; None waits on)."""
        if not self._waiting and not self._closed:
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(limit_s):
                    await self._arrival
            except TimeoutError:
                return False
        return bool(self._waiting)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Events in order. One of kind `warning` stands where some were dropped; it has their number in `reason`
        and the `seq` of the last one that is missing."""
        while True:
            while self._waiting:
                if self._dropped:
                    yield self._gap()
                yield self._waiting.popleft()
            if self._closed:
                return
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival

    def _gap(self) -> Event:
        following = self._waiting[0]
        count, self._dropped = self._dropped, 0
        return Event(
            at=following.at,
            seq=following.seq - 1,
            project="",
            kind="warning",
            reason=f"{count} events were dropped here because they were not read in time",
        )
