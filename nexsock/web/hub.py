"""What happens, for all open pages: one subscription to the daemon, handed on to each in a queue that does not grow."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from nexsock.errors import NexsockError
from nexsock.model.event import Event
from nexsock.protocol.api import Api, EventsRequest, Nothing
from nexsock.views import document
from nexsock.web.stream import Sent, line

KEPT = 4096
"""As many as the daemon remembers (daemon.bus)."""
WAITING = 512
"""Items that may wait for one client."""
PATIENCE = 2
"""Tries after which the daemon counts as gone; one that is replaced is back before that."""
AGAIN_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Pauses before the daemon is tried again."""


class Listener:
    """One client's queue. When it is full, what waits is forgotten, and the client is told to look anew."""

    def __init__(self, wanted: Callable[[Event], bool]) -> None:
        self.wanted = wanted
        self._waiting: deque[Sent] = deque()
        self._arrival = asyncio.Event()
        self._over = False

    def put(self, item: Sent) -> None:
        if len(self._waiting) >= WAITING:
            self._waiting.clear()
            item = Sent("reset", line({"reason": "too slow"}), item.id)
        self._waiting.append(item)
        self._arrival.set()

    def end(self) -> None:
        self._over = True
        self._arrival.set()

    async def __aiter__(self) -> AsyncIterator[Sent]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._over:
                return
            self._arrival.clear()
            await self._arrival.wait()


class Hub:
    """The events of the daemon for any number of pages. It listens only while somebody reads.

    What is sent has the kinds of model.event for names. Beside them there are `hello` (from here on; whoever has looked
    before may have to look again), `reset` (something is missing: look anew), `away` (the daemon has gone) and `back`.

    Args:
        pause: waits for so many seconds.
    """

    def __init__(self, api: Api, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._api = api
        self._pause = pause
        self._closed = False
        self._readers = 0
        self._listeners: set[Listener] = set()
        self._recent: deque[tuple[str, Event]] = deque(maxlen=KEPT)
        self._life = ""
        self._last = 0
        self._task: asyncio.Task[None] | None = None
        self._away = False
        self._known = asyncio.Event()
        self._streams: set[asyncio.Task[object]] = set()

    async def listen(self, resume: str, wanted: Callable[[Event], bool]) -> AsyncIterator[Sent]:
        """What happens from now on; with `resume`, the id of the last event that was seen, from there on."""
        listener = Listener(wanted)
        self._readers += 1
        if self._task is None:
            self._known.clear()
            self._task = asyncio.ensure_future(self._follow())
        try:
            await self._known.wait()
            missed = self._missed(resume, wanted) if resume else [Sent("hello", line({}), self._place)]
            self._listeners.add(listener)  # from here on it is told, and of nothing before
            if self._closed:
                listener.end()
            for item in [*missed, Sent("away", line({}))] if self._away else missed:
                yield item
            async for item in listener:
                yield item
        finally:
            self._listeners.discard(listener)
            self._readers -= 1
            if self._readers == 0 and self._task is not None:
                self._task.cancel()
                self._task = None

    def close(self) -> None:
        """End every stream, and those that begin from now on."""
        self._closed = True
        self._known.set()
        for listener in tuple(self._listeners):
            listener.end()
        for stream in tuple(self._streams):
            stream.cancel()

    def hold(self, task: "asyncio.Task[object]") -> None:
        """A stream that is to end with the process."""
        self._streams.add(task)
        task.add_done_callback(self._streams.discard)

    @property
    def _place(self) -> str:
        """The id of the last event."""
        return f"{self._life}-{self._last}"

    def _missed(self, resume: str, wanted: Callable[[Event], bool]) -> list[Sent]:
        life, _, number = resume.rpartition("-")
        seen = int(number) if number.isdecimal() and len(number) < 20 else -1
        oldest = self._recent[0][1].seq if self._recent else self._last + 1
        if life != self._life or seen < oldest - 1 or seen > self._last:
            return [Sent("reset", line({"reason": "not remembered"}), self._place)]
        return [_sent(key, event) for key, event in self._recent if event.seq > seen and wanted(event)]

    async def _follow(self) -> None:
        failures = 0
        while True:
            try:
                async with aclosing(self._told()) as told:
                    async for event in told:
                        failures = 0
                        self._hear(event)
            except NexsockError:
                if not self._away and failures >= PATIENCE:
                    self._away = True
                    self._tell_all(Sent("away", line({})))
            if self._away:
                self._known.set()
            await self._pause(AGAIN_S[min(failures, len(AGAIN_S) - 1)])
            failures += 1

    async def _told(self) -> AsyncGenerator[Event, None]:
        """Events of the daemon that now answers, those it remembers first."""
        status = await self._api.system_status(Nothing())
        life = f"{status.pid}.{int(status.started_at * 1000)}"
        if life != self._life:
            changed, self._life, self._last = self._life != "", life, 0
            self._recent.clear()
            past = [event async for event in self._api.events(EventsRequest())]
            for event in past:
                self._remember(event)
            if changed:
                self._tell_all(Sent("reset", line({"reason": "another daemon"}), self._place))
        if self._away:
            self._away = False
            self._tell_all(Sent("back", line({})))
        self._known.set()
        since = self._recent[-1][1].at if self._recent else None
        async for event in self._api.events(EventsRequest(follow=True, since=since)):
            yield event

    def _hear(self, event: Event) -> None:
        if event.seq <= self._last:
            return
        item = _sent(self._remember(event), event)
        for listener in self._listeners:
            if listener.wanted(event):
                listener.put(item)

    def _remember(self, event: Event) -> str:
        self._last = max(self._last, event.seq)
        key = f"{self._life}-{event.seq}"
        self._recent.append((key, event))
        return key

    def _tell_all(self, item: Sent) -> None:
        for listener in self._listeners:
            listener.put(item)


def _sent(key: str, event: Event) -> Sent:
    return Sent(event.kind, line(document.plain(event)), key)
