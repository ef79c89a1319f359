"""One client's connection: what it asks goes to the Api, what comes of it goes back. Decides nothing about services.

A disconnect ends the streams of the client; an answer that is being worked on is finished and thrown away, so an
accepted command completes. A stream is asked for its next item only when the client has granted credit and taken
most of what was sent, so a stalled reader costs one buffer.
"""

import asyncio
import contextlib
import functools
import logging
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, NamedTuple

import nexsock
from nexsock.daemon.link import Link
from nexsock.daemon.turns import Turns
from nexsock.errors import NexsockError, ProtocolError, Refused, Unreachable
from nexsock.protocol import conversation
from nexsock.protocol.api import Api, Operation, Rendered, RenderRequest
from nexsock.protocol.conversation import Called, Cancelled, Granted, Greeted, Happening, Misread, Pinged
from nexsock.protocol.daemon_side import DaemonSide
from nexsock.views import hot

HELLO_S = 2.0
"""A client that has not said hello by then is closed."""
FRAME_S = 10.0
"""The longest pause within a frame."""
CALLS_LIMIT = 64
"""Requests of one connection that may be worked on at once."""
GATHER_S = 0.005
"""How long an item of a stream may wait for others: 200 services that start are not 200 wake-ups of their client."""
TURN_S = 0.002
"""How long a stream may go on before others have their turn on the loop."""
LAST_WORDS_S = 0.25
"""At the end, how long a client that has just come may take to ask, and a stream to come to its own end: a command that
meets a daemon which makes way for the next is answered by the one that it has reached."""

_log = logging.getLogger(__name__)


class Stream(NamedTuple):
    """A stream that is being sent: its task, and what tells it that credit has come."""

    task: asyncio.Task[None]
    granted: asyncio.Event


Permit = Callable[[Operation, Any], Awaitable[None] | None]
"""Is asked before a request is worked on: None, or what to await, which raises where it must not be."""


class Session:
    """Serves one connected socket until it ends; then calls `ended`."""

    def __init__(
        self,
        connection: socket.socket,
        api: Api,
        ended: Callable[["Session"], None],
        turns: Turns,
        *,
        secret: bytes | None = None,
        permit: Permit | None = None,
        hello_s: float = HELLO_S,
        frame_s: float = FRAME_S,
    ) -> None:
        self._api = api
        self._permit = permit
        self._ended = ended
        self._turns = turns
        self._loop = asyncio.get_running_loop()
        self._frame_s = frame_s
        self._challenge = os.urandom(32) if secret is not None else b""
        self._talk = DaemonSide(secret, self._challenge)
        self._link = Link(connection, self._received, self._closed)
        self._streams: dict[int, Stream] = {}
        self._answers: set[asyncio.Task[None]] = set()
        self._asked = asyncio.Event()
        self._farewell: Unreachable | None = None
        self._deadline: asyncio.TimerHandle | None = self._loop.call_later(hello_s, self._too_slow, "its hello")

    def start(self) -> None:
        if self._challenge:
            self._link.send(self._talk.challenge())
        self._link.start()

    def refuse(self, error: NexsockError) -> None:
        """Say why there will be no conversation, and close."""
        self._link.send(self._talk.farewell(error))
        self._link.end()

    async def close(self, patience_s: float) -> None:
        """End it from our side: streams after a moment, requests when they are answered, but within `patience_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(patience_s, LAST_WORDS_S)):
                await self._idle()
        self._farewell = Unreachable(
            "nexsockd was stopped or restarted before this was done", hint="run the command again"
        )
        streams = [stream.task for stream in self._streams.values()]
        for task in streams:
            task.cancel()
        if tasks := {*streams, *self._answers}:
            _, late = await asyncio.wait(tasks, timeout=patience_s)
            for task in late:
                task.cancel()
        self._link.end()

    async def _idle(self) -> None:
        """Wait until something has been asked and nothing of it is left to be told."""
        await self._asked.wait()
        while tasks := {*self._answers, *(stream.task for stream in self._streams.values())}:
            await asyncio.wait(tasks)

    # ------------------------------------------------------------------------------------- from the client

    def _received(self, data: bytes) -> None:
        try:
            for happening in self._talk.receive(data):
                self._act(happening)
        except NexsockError as error:
            self.refuse(error)
            return
        if self._talk.connection is conversation.Connection.OPEN:
            self._watch_frame()

    def _act(self, happening: Happening) -> None:
        match happening:
            case Called():
                self._call(happening)
            case Granted(request_id) if request_id in self._streams:
                self._streams[request_id].granted.set()
            case Cancelled(request_id) if request_id in self._streams:
                self._streams[request_id].task.cancel()
            case Misread(request_id, error):
                self._link.send(self._talk.error(request_id, error))
            case Greeted(hello):
                self._link.send(self._talk.welcome(hello, daemon=f"nexsock {nexsock.__version__}", pid=os.getpid()))
            case Pinged(payload):
                self._link.send(self._talk.pong(payload))

    def _watch_frame(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if self._talk.inside_frame:
            self._deadline = self._loop.call_later(self._frame_s, self._too_slow, "the rest of a frame")

    def _too_slow(self, what: str) -> None:
        self.refuse(ProtocolError(f"the connection is closed: {what} did not come in time"))

    def _closed(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._asked.set()
        for stream in self._streams.values():
            stream.task.cancel()
        self._ended(self)

    # --------------------------------------------------------------------------------------- to the client

    def _call(self, called: Called) -> None:
        self._asked.set()
        if len(self._answers) + len(self._streams) >= CALLS_LIMIT:
            error = Refused(f"{CALLS_LIMIT} requests of this connection are being worked on: wait for an answer")
            self._link.send(self._talk.error(called.request_id, error))
        elif called.operation.stream:
            granted = asyncio.Event()
            task = self._loop.create_task(self._send_items(called, granted))
            self._streams[called.request_id] = Stream(task, granted)
            task.add_done_callback(functools.partial(self._stream_ended, called))
        else:
            task = self._loop.create_task(self._answer(called))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def _permitted(self, called: Called) -> None:
        if self._permit is not None and (asking := self._permit(called.operation, called.request)) is not None:
            await asking

    async def _answer(self, called: Called) -> None:
        method = getattr(self._api, called.operation.name)
        try:
            await self._permitted(called)
            self._link.send(self._talk.reply(called.request_id, await method(called.request)))
        except NexsockError as error:
            self._link.send(self._talk.error(called.request_id, error))
        except Exception as error:
            self._link.send(self._talk.error(called.request_id, own_fault(called, error)))

    def _stream_ended(self, called: Called, task: asyncio.Task[None]) -> None:
        """Send the last word of a stream, whichever way it ended."""
        del self._streams[called.request_id]
        if task.cancelled():
            error: BaseException | None = self._farewell
        else:
            error = task.exception()
        match error:
            case None:
                self._link.send(self._talk.end(called.request_id))
            case ConnectionResetError() if self._link.is_closed:
                return
            case NexsockError():
                self._link.send(self._failed(called, error))
            case Exception():
                self._link.send(self._failed(called, own_fault(called, error)))

    async def _send_items(self, called: Called, granted: asyncio.Event) -> None:
        await self._permitted(called)
        items: AsyncGenerator[Any, None] = getattr(self._api, called.operation.name)(called.request)
        request_id = called.request_id
        if self._turns.is_wanted:
            await self._turns.mine()
        began = self._loop.time()
        try:
            async for item in items:
                self._link.send(self._talk.item(request_id, item), within_s=GATHER_S)
                await self._link.drained()
                if self._loop.time() - began >= TURN_S:
                    await self._turns.mine()
                    began = self._loop.time()
                while not self._talk.may_send(request_id):
                    granted.clear()
                    await granted.wait()
        finally:
            await items.aclose()

    def _failed(self, called: Called, error: NexsockError) -> bytes:
        """The end of a stream that failed. A hot command's client only copies bytes, so it gets the text."""
        if not isinstance(called.request, RenderRequest):
            return self._talk.error(called.request_id, error)
        wish = called.request
        shown = hot.render_error(error, hot.Look(wish.json, wish.colour, wish.columns))
        told = Rendered(out=shown.out, err=shown.err, exit_status=shown.exit_status)
        return self._talk.item(called.request_id, told) + self._talk.end(called.request_id)


def own_fault(called: Called, error: Exception) -> NexsockError:
    """What a client is told of a mistake of ours; the log has the rest."""
    _log.error("operation %r failed", called.operation.name, exc_info=error)
    return NexsockError(
        f"nexsockd met a fault of its own in {called.operation.name!r}: {type(error).__name__}: {error}",
        hint="its log has the details: 'nexsock daemon logs'",
    )
