"""Server-sent events: what they look like, and an answer of them that no slow client can swell.

Where they come from: `hub` (what happens) and `follow` (what services write).
Source: the HTML standard, "Server-sent events" (id, retry, Last-Event-ID).
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from msgspec import Struct
from starlette.types import Message, Receive, Scope, Send

from nexsock.errors import NexsockError
from nexsock.model import packed
from nexsock.views import document

HEARTBEAT_S = 15.0
STALLED_S = 30.0
"""A client that takes nothing for so long is let go; it comes back by itself, with the id of what it had last."""


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
