"""The way to the daemon, opened again whenever it has broken off: a daemon may end and come back under open pages."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from nexsock.client.remote import RemoteApi
from nexsock.errors import Unreachable
from nexsock.protocol.api import BY_NAME, Api

Connect = Callable[[], Awaitable[RemoteApi]]


class Daemon:
    """Every operation as a method, each over one shared conversation. `api` is the same object for type checkers.

    Any method raises Unreachable while there is no daemon; none starts one.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._remote: RemoteApi | None = None
        self._opening = asyncio.Lock()

    @property
    def api(self) -> Api:
        return cast(Api, self)

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        operation = BY_NAME.get(name)
        if operation is None:
            raise AttributeError(name)
        method = self._stream if operation.stream else self._call
        return lambda request: method(name, request)

    def close(self) -> None:
        if self._remote is not None:
            self._remote.close()
            self._remote = None

    async def _call(self, name: str, request: object) -> Any:
        remote = await self._reach()
        try:
            return await getattr(remote, name)(request)
        except Unreachable:
            self._forget(remote)
            raise

    async def _stream(self, name: str, request: object) -> AsyncIterator[Any]:
        remote = await self._reach()
        try:
            async for item in getattr(remote, name)(request):
                yield item
        except Unreachable:
            self._forget(remote)
            raise

    async def _reach(self) -> RemoteApi:
        async with self._opening:
            if self._remote is None or self._remote.lost:
                try:
                    self._remote = await self._connect()
                except (OSError, TimeoutError) as error:
                    raise Unreachable(
                        "nexsockd does not answer", hint="start it with 'nexsock daemon start'"
                    ) from error
            return self._remote

    def _forget(self, remote: RemoteApi) -> None:
        remote.close()
        if self._remote is remote:
            self._remote = None
