"""A real relay in a folder of its own, with the test in the place of the brain."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from nexsock.model.tunnel import LOCAL, Route
from nexsock.runtime.relay import Relay

LIMIT_S = 60.0


class Vault:
    """Stands for the keeper's."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}

    async def store(self, name: str, descriptor: int) -> None:
        await self.drop(name)
        self.held[name] = os.dup(descriptor)

    async def fetch(self, name: str) -> int | None:
        return os.dup(self.held[name]) if name in self.held else None

    async def drop(self, name: str) -> None:
        if name in self.held:
            os.close(self.held.pop(name))

    async def stored(self) -> list[str]:
        return list(self.held)


class World:
    """One relay and what it told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vault = Vault()
        self.told: list[dict[str, Any]] = []
        self.limit = 64
        self.relay = self.brain()
        self.pids: set[int] = set()

    def brain(self, patience_s: float = LIMIT_S) -> Relay:
        """The next one; `take_up` begins its life."""
        return Relay(self.vault, str(self.folder), limit=self.limit, patience_s=patience_s)

    def lead(self, listen: int, *targets: tuple[str, int], passes: bool = True, ssh: str = "", **environ: str) -> None:
        """Have a tunnel lead to these."""
        route = Route(service="web", name="db", listen=listen, targets=targets, passes=passes, ssh=ssh)
        self.relay.open("shop-1", route, environ, lambda _route, event: self.told.append(dict(event)))

    async def figures(self, listen: int) -> dict[str, Any]:
        await self.until(lambda: self.relay.pid, "a relay is there")
        self.pids.add(self.relay.pid)
        return dict((await self.relay.figures([listen])).get(listen, {}))

    async def shows(self, listen: int, **wanted: Any) -> None:
        """Wait until the figures of a tunnel are these."""
        async with asyncio.timeout(LIMIT_S):
            while not wanted.items() <= (await self.figures(listen)).items():
                await asyncio.sleep(0.01)

    async def until(self, true: Callable[[], object], what: str) -> None:
        try:
            async with asyncio.timeout(LIMIT_S):
                while not true():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pytest.fail(f"not within {LIMIT_S:g} s: {what}")

    async def end(self) -> None:
        pid = self.relay.pid
        await self.relay.let_go()
        for name in await self.vault.stored():
            await self.vault.drop(name)
        for one in self.pids | ({pid} if pid else set()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path / "relay")
    yield made
    await made.end()


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probing:
        probing.bind((LOCAL, 0))
        return int(probing.getsockname()[1])


class Target:
    """A server that echoes until its client has ended; then it says `goodbye`."""

    def __init__(self) -> None:
        self.connections = 0
        self._server: asyncio.Server | None = None
        self.port = 0

    async def begin(self, port: int = 0) -> int:
        self._server = await asyncio.start_server(self._serve, LOCAL, port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.write(b"goodbye")
            writer.close()

    async def end(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    made = Target()
    yield made
    await made.end()


async def said(port: int, words: bytes) -> bytes:
    """What comes back to a client that says this, ends, and reads to the end."""
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection(LOCAL, port)
        writer.write(words)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer


@pytest.fixture
def say() -> Callable[..., Any]:
    return said
