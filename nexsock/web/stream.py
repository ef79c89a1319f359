"""Server-sent events: one subscription to the daemon for all open pages, and an answer that no slow client can swell.

Source: the HTML standard, "Server-sent events" (id, retry, Last-Event-ID).
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from msgspec import Struct
from starlette.types import Message, Receive, Scope, Send

from nexsock.errors import NexsockError
from nexsock.model import packed
from nexsock.model.event import Event
from nexsock.model.log import LogLine
from nexsock.protocol.api import Api, EventsRequest, LogsRequest, Nothing
from nexsock.views import document
from nexsock.web.api.past import log_query
from nexsock.web.call import Call

HEARTBEAT_S = 15.0
STALLED_S = 30.0
"""A client that takes nothing for so long is let go; it comes back by itself, with the id of what it had last."""
KEPT = 4096
"""As many as the daemon remembers (daemon.bus)."""
WAITING = 512
"""Items that may wait for one client."""
BATCH_S = 0.05
"""Lines of a log are sent together that come within this time."""
BATCH_LINES = 500
"""Of more lines in that time the last ones are sent, and how many are left out."""
PATIENCE = 2
"""Tries after which the daemon counts as gone; one that is replaced is back before that."""
AGAIN_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Pauses before the daemon is tried again."""


class Sent(Struct, frozen=True):
    """One event of a stream. `data` is a document on one line."""

    event: str
    data: str
    id: str = ""


def to_bytes(item: Sent) -> bytes:
    """As it stands in the stream. Names and ids are ours; data is JSON, which has no line ends of its own."""
    head = f"id: {item.id}\n" if item.id else ""
    return f"{head}event: {item.event}\ndata: {item.data}\n\n".encode()


def line(value: dict[str, object]) -> str:
    """A document as data."""
    return packed.to_json({"version": document.VERSION, **value}).decode()


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


async def log_batches(call: Call) -> AsyncIterator[Sent]:
    """Lines of logs in batches, as they come; `resume` ("TIME:COUNT") goes on behind the lines of that time.

    A batch has at most BATCH_LINES lines; `skipped` counts those that were left out because they came too fast.
    """
    query = log_query(call)
    at, seen = _resumed(call.resume)
    if at is not None:
        query = type(query)(services=query.services, since=at, grep=query.grep, run=query.run)
    lines: deque[tuple[str, LogLine]] = deque(maxlen=BATCH_LINES)
    skipped = 0
    arrival = asyncio.Event()

    async def read() -> None:
        nonlocal skipped
        last, count, leave = at, 0, seen
        try:
            request = LogsRequest(project=call.project, query=query, follow=True)
            async for found in call.api.logs(request):
                count = count + 1 if found.at == last else 1
                last = found.at
                if found.at == at and leave:
                    leave -= 1
                    continue
                skipped += len(lines) == BATCH_LINES
                lines.append((f"{last!r}:{count}", found))
                arrival.set()
        finally:
            arrival.set()

    reading = asyncio.ensure_future(read())
    try:
        while not reading.done() or lines:
            await arrival.wait()
            arrival.clear()
            if lines:
                key = lines[-1][0]
                batch = [document.plain(found) for _, found in lines]
                yield Sent("lines", line({"lines": batch, "skipped": skipped}), key)
                lines.clear()
                skipped = 0
                await asyncio.sleep(BATCH_S)
        await reading
    finally:
        reading.cancel()


def _resumed(key: str) -> tuple[float | None, int]:
    at, _, count = key.partition(":")
    try:
        return float(at), int(count)
    except ValueError:
        return None, 0


class EventStream:
    """An answer of server-sent events: a heartbeat when nothing happens, and an end for who takes nothing."""

    def __init__(self, items: AsyncIterator[Sent], hold: Callable[["asyncio.Task[object]"], None]) -> None:
        self._items = items
        self._hold = hold

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_left(receive))
        self._hold(sending)
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            stalled, _ = await asyncio.gather(sending, leaving, return_exceptions=True)
        if not isinstance(stalled, TimeoutError):
            await send({"type": "http.response.body", "body": b""})

    async def _send(self, send: Send) -> None:
        await _chunk(send, b"retry: 1000\n\n")
        queue: asyncio.Queue[Sent | NexsockError | None] = asyncio.Queue(1)
        reading = asyncio.ensure_future(self._read(queue))
        try:
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        item = await queue.get()
                except TimeoutError:
                    await _chunk(send, b": here\n\n")
                    continue
                match item:
                    case None:
                        return
                    case Sent():
                        await _chunk(send, to_bytes(item))
                    case error:
                        await _chunk(send, to_bytes(Sent("problem", line(document.error(error)))))
                        return
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, queue: "asyncio.Queue[Sent | NexsockError | None]") -> None:
        try:
            async for item in self._items:
                await queue.put(item)
            await queue.put(None)
        except NexsockError as error:
            await queue.put(error)
        finally:
            await self._items.aclose()  # type: ignore[attr-defined] # every stream here is a generator


async def _chunk(send: Send, data: bytes) -> None:
    async with asyncio.timeout(STALLED_S):
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def _left(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()
