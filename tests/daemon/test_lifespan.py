import asyncio
import os
import signal
import socket

import pytest

from nexsock import errors
from nexsock.client import remote
from nexsock.daemon import lifespan, listen
from nexsock.places import Places
from nexsock.protocol.api import Nothing, ShutdownRequest
from nexsock.testing.scripted import ScriptedApi

LIMIT_S = 30.0


class FakeVault:
    """Holds copies of descriptors, as the keeper does."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.stored = asyncio.Event()
        self.came_up = False

    async def fetch(self, name: str) -> int | None:
        return os.dup(self.held[name]) if name in self.held else None

    async def store(self, name: str, descriptor: int) -> None:
        await self.drop(name)
        self.held[name] = os.dup(descriptor)
        self.stored.set()

    async def drop(self, name: str) -> None:
        if name in self.held:
            os.close(self.held.pop(name))

    async def serving(self) -> None:
        self.came_up = True


class House:
    """Brains that live one after the other in the same places, with the same vault."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.vault = FakeVault()
        self.api = ScriptedApi()
        self.brain: asyncio.Task[bool] | None = None

    async def begin(self, tcp: socket.socket | None = None) -> None:
        """Start a brain and wait until it serves."""
        ready = asyncio.Event()
        control = lifespan.Control()
        self.api = ScriptedApi(shutdown=lambda request: control.shutdown(request.restart) or Nothing())

        async def build(control: lifespan.Control) -> ScriptedApi:
            return self.api

        self.brain = asyncio.ensure_future(
            lifespan.serve(self.places, self.vault, build, control=control, tcp=tcp, ready=lambda state: ready.set())
        )
        waiting = asyncio.ensure_future(ready.wait())
        async with asyncio.timeout(LIMIT_S):
            await asyncio.wait({waiting, self.brain}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def ended(self) -> bool:
        async with asyncio.timeout(LIMIT_S):
            assert self.brain is not None
            return await self.brain

    async def visit(self) -> None:
        client = await remote.connect(self.places.socket)
        await client.api.ping(Nothing())
        client.close()

    async def end(self, *, restart: bool = False) -> bool:
        client = await remote.connect(self.places.socket)
        assert await client.api.shutdown(ShutdownRequest(restart=restart)) == Nothing()
        client.close()
        return await self.ended()


@pytest.fixture
async def house(tmp_path):
    os.mkdir(tmp_path / "state", 0o700)
    house = House(Places(f"{tmp_path}/config", f"{tmp_path}/state", f"{tmp_path}/run"))
    yield house
    if house.brain is not None and not house.brain.done():
        await house.end()
    await house.vault.drop(lifespan.LISTENER)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_it_serves_until_a_client_ends_it_and_answers_that_client(house):
    await house.begin()
    await house.visit()
    assert await house.end() is False
    assert house.api.closed
    assert not listen.is_served(house.places.socket)
    assert house.vault.held == {}


async def test_a_client_that_comes_between_two_brains_is_served_by_the_next(house):
    await house.begin()
    assert await house.end(restart=True) is True
    waiting = asyncio.ensure_future(house.visit())
    await asyncio.sleep(0)
    await house.begin()
    async with asyncio.timeout(LIMIT_S):
        await waiting
    assert house.api.asked == [("ping", Nothing())]


async def test_a_new_brain_without_the_old_socket_makes_one(house):
    await house.begin()
    await house.end(restart=True)
    os.unlink(house.places.socket)
    await house.begin()
    await house.visit()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it(house, number):
    await house.begin()
    os.kill(os.getpid(), number)
    assert await house.ended() is False


async def test_a_removed_socket_is_made_anew_on_sighup_and_those_inside_stay(house):
    await house.begin()
    inside = await remote.connect(house.places.socket)
    os.unlink(house.places.socket)
    os.rmdir(house.places.runtime_dir)
    house.vault.stored.clear()
    os.kill(os.getpid(), signal.SIGHUP)
    async with asyncio.timeout(LIMIT_S):
        await house.vault.stored.wait()
    await house.visit()
    await inside.api.ping(Nothing())
    inside.close()


async def test_sighup_leaves_a_socket_that_is_there_alone(house):
    await house.begin()
    before = os.stat(house.places.socket)
    os.kill(os.getpid(), signal.SIGHUP)
    await house.visit()
    assert os.path.samestat(before, os.stat(house.places.socket))


async def test_streams_are_cut_off_with_the_brain_and_say_so(house):
    await house.begin()

    async def never(request):
        await asyncio.Event().wait()
        yield

    house.api.answers["events"] = never
    client = await remote.connect(house.places.socket)
    stream = asyncio.ensure_future(anext(aiter(client.api.events(Nothing())), None))
    await client.api.ping(Nothing())
    await house.end()
    with pytest.raises(errors.NotRunning, match="was stopped or restarted before this was done"):
        await stream
    client.close()


async def test_tcp_is_served_besides(house):
    listener = listen.bind_tcp("tcp://127.0.0.1:0")
    port = listener.getsockname()[1]
    await house.begin(tcp=listener)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert (await reader.readexactly(48))[:6] == b"NXSK\x01\x0d"
    writer.close()
    await writer.wait_closed()


async def test_the_keeper_is_told_when_clients_are_served(house):
    await house.begin()
    await house.visit()
    assert house.vault.came_up


def test_the_starter_is_told(tmp_path):
    path = f"{tmp_path}/ready.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as starter:
        starter.bind(path)
        lifespan.tell_starter("READY=1", path)
        assert starter.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all.sock", "@nexsock-nobody-listens-here"])
def test_nobody_to_tell_is_fine(address):
    lifespan.tell_starter("READY=1", address)
