"""The daemon's Api over a connection, for programs with an event loop: the web, tests, other people's tools."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import nexsock
from nexsock.client import locate
from nexsock.errors import NexsockError, Unreachable
from nexsock.protocol import conversation
from nexsock.protocol.api import BY_NAME, Api
from nexsock.protocol.client_side import ClientSide

WELCOME_S = 10.0


class RemoteApi(asyncio.Protocol):
    """Every operation as a method, by the table in protocol.api; `api` is the same object for type checkers.

    Any number of calls and streams at once. A stream holds back the daemon when its items are not taken, and is
    cancelled when its iteration is left.
    """

    def __init__(self) -> None:
        self._talk = ClientSide()
        self._transport: asyncio.Transport | None = None
        self._welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard: dict[int, asyncio.Queue[conversation.Happening]] = {}
        self._lost: NexsockError | None = None

    @property
    def api(self) -> Api:
        return cast(Api, self)

    @property
    def lost(self) -> bool:
        """Whether the conversation has ended: every further call fails."""
        return self._lost is not None

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        operation = BY_NAME.get(name)
        if operation is None:
            raise AttributeError(name)
        method = self._stream if operation.stream else self._call
        return lambda request: method(name, request)

    async def greet(self) -> None:
        """Say hello and wait for the answer."""
        self._send(self._talk.hello(client=f"nexsock {nexsock.__version__}"))
        async with asyncio.timeout(WELCOME_S):
            await self._welcomed

    def close(self) -> None:
        """End the conversation; whatever is under way fails with Unreachable."""
        if self._transport is not None:
            self._transport.close()

    async def _call(self, name: str, request: object) -> Any:
        request_id = self._ask(name, request)
        try:
            match await self._heard[request_id].get():
                case conversation.Replied(_, value):
                    return value
                case conversation.Failed(_, error):
                    raise error
        finally:
            del self._heard[request_id]

    async def _stream(self, name: str, request: object) -> AsyncIterator[Any]:
        request_id = self._ask(name, request)
        heard = self._heard[request_id]
        try:
            while True:
                match await heard.get():
                    case conversation.Arrived(_, value):
                        yield value
                        self._send(self._talk.consumed(request_id))
                    case conversation.Ended():
                        return
                    case conversation.Failed(_, error):
                        raise error
        finally:
            del self._heard[request_id]
            self._send(self._talk.cancel(request_id))

    def _ask(self, name: str, request: object) -> int:
        if self._lost is not None:
            raise self._lost
        request_id, data = self._talk.request(name, request)
        self._heard[request_id] = asyncio.Queue()
        self._send(data)
        return request_id

    def _send(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    # ------------------------------------------------------------------------- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            for happening in self._talk.receive(data):
                self._act(happening)
        except NexsockError as error:
            self._lose(error)
            self.close()

    def _act(self, happening: conversation.Happening) -> None:
        match happening:
            case conversation.Welcomed():
                self._welcomed.set_result(None)
            case conversation.Pinged(payload):
                self._send(self._talk.pong(payload))
            case (
                conversation.Replied(about)
                | conversation.Arrived(about)
                | conversation.Ended(about)
                | conversation.Failed(about)
            ) if about in self._heard:
                self._heard[about].put_nowait(happening)

    def connection_lost(self, exception: Exception | None) -> None:  # noqa: ARG002 asyncio gives it
        self._lose(Unreachable("nexsockd ended the conversation", hint="connect again"))

    def _lose(self, error: NexsockError) -> None:
        """Nothing more will come: tell everyone who waits. The first reason counts."""
        if self._lost is not None:
            return
        self._lost = error
        if not self._welcomed.done():
            self._welcomed.set_exception(error)
        for request_id, heard in self._heard.items():
            heard.put_nowait(conversation.Failed(request_id, error))


async def connect(path: str) -> RemoteApi:
    """A conversation with the daemon that listens at the Unix socket `path`; it is not started.

    Raises:
        Unreachable: nobody listens. Refused: it is another user's. Incompatible: it speaks another version.
    """
    connection = locate.open_socket(path, os.getuid(), WELCOME_S)
    if connection is None:
        raise Unreachable(locate.NONE_RUNS, hint="start it with 'nexsock daemon start'")
    connection.setblocking(False)
    _, remote = await asyncio.get_running_loop().create_unix_connection(RemoteApi, sock=connection)
    await remote.greet()
    return remote
