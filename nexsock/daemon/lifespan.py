"""The life of the brain: bind, build the application, serve, and end or make way for the next brain.

    1. the listening socket: the one that the keeper holds from the last brain, or a new one
    2. the application, which finds the services that are there; clients wait in the backlog meanwhile
    3. serve, and say so to whoever waits for it
    4. SIGTERM, SIGINT or `shutdown`: no new clients, answers finished, streams ended, the application closed

Services live on in every case. After a restart the socket lives on too, in the keeper, and no client is refused.
SIGHUP: look whether the socket's file is still there, and make it anew if it is not.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Protocol

from nexsock.daemon import listen
from nexsock.places import Places, socket_address
from nexsock.protocol.api import Api, Operation

LISTENER = "listener"
"""The name of the listening socket among the descriptors that the keeper holds."""
PATIENCE_S = 5.0
"""How long accepted requests may still take at the end."""


class Application(Api, Protocol):
    """The operations, and their end."""

    def permit(self, operation: Operation, request: object) -> Awaitable[None] | None:
        """Asked before each request (session.Permit)."""

    async def close(self) -> None:
        """Let go of everything; services stay as they are."""


class Vault(Protocol):
    """Where descriptors outlive the brain, and who wants to know that it has come up (runtime.hands)."""

    async def fetch(self, name: str) -> int | None: ...
    async def store(self, name: str, descriptor: int) -> None: ...
    async def drop(self, name: str) -> None: ...
    async def serving(self) -> None: ...


class Control:
    """What the application may ask of the life it lives in."""

    def __init__(self) -> None:
        self._ending: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._door: listen.Door | None = None

    def clients(self) -> int:
        """Connections now."""
        return self._door.count if self._door is not None else 0

    def serving(self, door: listen.Door) -> None:
        self._door = door

    def shutdown(self, restart: bool = False) -> None:
        """End the brain; with `restart` the keeper starts the next one. Only the first call counts."""
        if not self._ending.done():
            self._ending.set_result(restart)

    async def ending(self) -> bool:
        """Wait for `shutdown`; True: the next brain shall follow."""
        return await asyncio.shield(self._ending)


Build = Callable[[Control], Awaitable[Application]]


async def serve(
    places: Places,
    vault: Vault,
    build: Build,
    *,
    control: Control,
    tcp: socket.socket | None = None,
    ready: Callable[[str], None],
) -> bool:
    """Live until `control` or a signal ends it.

    Args:
        tcp: a listening socket besides the Unix one.
        ready: is told "READY=1" when clients are served.
    Returns:
        whether a next brain shall follow.
    """
    uid = os.getuid()
    listener = await _listener(places, vault, uid)
    application = await build(control)
    door = listen.Door(application, uid, permit=application.permit)
    control.serving(door)
    entrance = Entrance(places.socket, uid, listener, door, vault)
    if tcp is not None:
        door.open(tcp, listen.token(token_file(places), uid))
    _heed_signals(control, entrance)
    await vault.serving()
    ready("READY=1")
    restart = await control.ending()
    await door.close(PATIENCE_S)
    await application.close()
    if not restart:
        await entrance.remove()
    return restart


def token_file(places: Places) -> str:
    """Where the token of TCP connections lies."""
    return places.state_dir + "/token"


async def _listener(places: Places, vault: Vault, uid: int) -> socket.socket:
    """The socket of the last brain, if its file still leads to it, else a new one, which the keeper holds too."""
    descriptor = await vault.fetch(LISTENER)
    if descriptor is not None:
        listener = socket.socket(fileno=descriptor)
        if listen.is_served(places.socket):
            return listener
        listener.close()
    listener = listen.bind_unix(places.socket, uid)
    await vault.store(LISTENER, listener.fileno())
    return listener


class Entrance:
    """The Unix socket as a name in the file system, which somebody may remove."""

    def __init__(self, path: str, uid: int, listener: socket.socket, door: listen.Door, vault: Vault) -> None:
        self._path = path
        self._uid = uid
        self._listener = listener
        self._door = door
        self._vault = vault
        self._renewing = asyncio.Lock()
        door.open(listener)

    async def renew(self) -> None:
        """Make the socket's file anew if it no longer leads here; connections stay."""
        async with self._renewing:
            if listen.is_served(self._path):
                return
            listener = listen.bind_unix(self._path, self._uid)
            self._door.open(listener)
            self._door.shut(self._listener)
            self._listener = listener
            await self._vault.store(LISTENER, listener.fileno())

    async def remove(self) -> None:
        """Nobody serves any more: take the name away."""
        await self._vault.drop(LISTENER)
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            return


def _heed_signals(control: Control, entrance: Entrance) -> None:
    loop = asyncio.get_running_loop()
    renewals: set[asyncio.Task[None]] = set()

    def renew() -> None:
        task = loop.create_task(entrance.renew())
        renewals.add(task)
        task.add_done_callback(renewals.discard)

    loop.add_signal_handler(signal.SIGTERM, control.shutdown)
    loop.add_signal_handler(signal.SIGINT, control.shutdown)
    loop.add_signal_handler(signal.SIGHUP, renew)


def tell_starter(state: str, address: str) -> None:
    """Tell whoever waits at `address` how far we are (the protocol of sd_notify(3)); nobody there is fine.

    Args:
        address: the value of NOTIFY_SOCKET: a path, or "@name" in the abstract namespace; "" is nobody.
    """
    if not address:
        return
    folder = None
    try:
        target, folder = ("\0" + address[1:], None) if address.startswith("@") else socket_address(address)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            sender.sendto(state.encode(), target)
    except OSError:  # it has gone away, or never was
        return
    finally:
        if folder is not None:
            os.close(folder)
