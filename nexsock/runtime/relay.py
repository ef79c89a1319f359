"""The brain's hold on the relay: has one running while there are tunnels, and tells it where they lead.

The listening sockets are made here, kept by the keeper as well, and handed to the relay, so each of the three may die:
the address stays, who connects waits. A relay that is found is taken over with all its connections. Decides nothing.
"""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

import nexsock
from nexsock import places
from nexsock.keeper import channel
from nexsock.model.tunnel import LOCAL, Route
from nexsock.relay import launch, wire
from nexsock.runtime import kept
from nexsock.runtime.hands import reap_when_ended
from nexsock.runtime.line import KeeperLost, Line

_log = logging.getLogger(__name__)

BACKLOG = 1024
"""Connections that wait while there is no relay; net.core.somaxconn may lower it."""
AGAIN_S = 0.2
LONGEST_S = 5.0
"""Pauses before another try where a relay cannot be started; they double."""
FIGURES_LIMIT_S = 1.0
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(nexsock.__file__)))

Told = Callable[[Route, Mapping[str, Any]], None]
"""Called with the route of a tunnel and an event of relay.wire about it."""


class Vault(Protocol):
    """Where descriptors outlive the brain (runtime.hands)."""

    async def store(self, name: str, descriptor: int) -> None: ...
    async def fetch(self, name: str) -> int | None: ...
    async def drop(self, name: str) -> None: ...
    async def stored(self) -> list[str]: ...


class _Tunnel:
    """A tunnel that somebody wants; `handed`: the relay that is connected has its listening socket."""

    def __init__(self, listener: socket.socket, project: str, told: Told) -> None:
        self.listener = listener
        self.project = project
        self.told = told
        self.route = Route(service="", name="", listen=0)
        self.fields: dict[str, Any] = {}
        self.handed = False


class Relay:
    """All tunnels of one user.

    Args:
        folder: a short path; private, and made when it is needed.
        limit, patience_s: how many connections may wait before a tunnel, and how long.
    """

    def __init__(self, vault: Vault, folder: str, *, limit: int, patience_s: float) -> None:
        self._vault = vault
        self._folder = folder
        self._limits = {"limit": limit, "patience_s": patience_s}
        self._line = Line(self._event, self._lost, self._silent)
        self._connected = False
        self._tunnels: dict[int, _Tunnel] = {}
        self._left: dict[int, tuple[str, socket.socket]] = {}
        self._connecting: asyncio.Task[None] | None = None
        self._keeping: set[asyncio.Task[None]] = set()
        self._process: int | None = None
        self.pid = 0
        """of the relay, 0 while none is connected"""

    # -- for the daemon

    async def take_up(self) -> None:
        """Find what an earlier brain left: listening sockets in the keeper, and a relay. To be called once, first."""
        for name in await self._vault.stored():
            words = name.split(" ")
            if words[0] == "tunnel" and (descriptor := await self._vault.fetch(name)) is not None:
                self._left[int(words[2])] = (words[1], socket.socket(fileno=descriptor))
        control = self._reach()
        if control is None:
            return
        try:
            await self._greet(control)
        except (KeeperLost, kept.Refused):
            self._line.detach()

    def settle(self, projects: Collection[str]) -> None:
        """Give up what was left of these projects and is not wanted any more."""
        for listen, (project, listener) in list(self._left.items()):
            if project in projects:
                del self._left[listen]
                self._give_up(listen, project, listener)

    def open(self, project: str, route: Route, environment: Mapping[str, str], told: Told) -> None:
        """Have a tunnel, or have it lead elsewhere. Its address takes connections when this returns.

        Args:
            environment: of an ssh program that it may need.
        Raises:
            OSError: the port is not to be had.
        """
        tunnel = self._tunnels.get(route.listen)
        if tunnel is None:
            tunnel = self._tunnels[route.listen] = _Tunnel(self._listener(project, route.listen), project, told)
        tunnel.route = route
        tunnel.fields = {
            "listen": route.listen,
            "project": project,
            "targets": [list(target) for target in route.targets],
            "passes": route.passes,
            "ssh": route.ssh,
            "environment": dict(environment) if route.ssh else {},
            **self._limits,
        }
        self._tell(route.listen)

    def close(self, listen: int) -> None:
        """Let nobody in any more; what is forwarded goes on until it ends."""
        tunnel = self._tunnels.pop(listen, None)
        if tunnel is not None:
            self._give_up(listen, tunnel.project, tunnel.listener)

    async def figures(self, listens: Iterable[int]) -> dict[int, Mapping[str, Any]]:
        """The FIGURES of these tunnels; none of those that the relay does not know, or does not tell in time."""
        if not self._connected:
            return {}
        try:
            async with asyncio.timeout(FIGURES_LIMIT_S):
                row, _ = await self._line.ask("figures", {"listens": list(listens)}, again=False, urgent=True)
        except (TimeoutError, KeeperLost, kept.Refused):
            return {}
        return dict(row["figures"])

    async def let_go(self) -> None:
        """Leave the relay to the next brain, as it is."""
        tasks = [task for task in (self._connecting, *self._keeping) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._end_line()
        self._line.fail_all()
        for listener in (*(one.listener for one in self._tunnels.values()), *(one for _, one in self._left.values())):
            listener.close()
        self._tunnels.clear()
        self._left.clear()

    # -- listening sockets

    def _listener(self, project: str, listen: int) -> socket.socket:
        """The listening socket of a tunnel, as it was left or a new one."""
        if listen in self._left:
            _, listener = self._left.pop(listen)
            return listener
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOCAL, listen))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        self._keep(self._vault.store(_name(project, listen), listener.fileno()))
        return listener

    def _give_up(self, listen: int, project: str, listener: socket.socket) -> None:
        listener.close()
        self._keep(self._vault.drop(_name(project, listen)))
        self._tell(listen)

    def _keep(self, asking: Any) -> None:
        task = asyncio.ensure_future(asking)
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    # -- what the relay is told

    def _tell(self, listen: int) -> None:
        """Have the relay know what is wanted at a port: now, or as soon as there is one."""
        if self._connected:
            self._tell_now(listen)
        elif self._tunnels and (self._connecting is None or self._connecting.done()):
            self._connecting = asyncio.ensure_future(self._connect_soon())

    def _tell_now(self, listen: int) -> None:
        tunnel = self._tunnels.get(listen)
        if tunnel is None:
            told = self._line.put("close", {"listen": listen}, again=False, urgent=True)
        else:
            descriptors = () if tunnel.handed else (tunnel.listener.fileno(),)
            tunnel.handed = True
            told = self._line.put("open", tunnel.fields, descriptors=descriptors, again=False, urgent=True)
        told.add_done_callback(_complain)

    async def _connect_soon(self) -> None:
        """Find a relay or start one, until there is one."""
        pause_s = AGAIN_S
        while self._tunnels and not self._connected:
            try:
                await self._connect()
            except (KeeperLost, kept.Refused, OSError) as error:
                _log.warning("the program that forwards tunnels cannot be had, another try is made: %s", error)
                self._end_line()
                await asyncio.sleep(pause_s)
                pause_s = min(LONGEST_S, pause_s * 2)

    async def _connect(self) -> None:
        control = self._reach()
        if control is None:
            await self._start()
            control = self._reach()
        if control is None:
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        await self._greet(control)

    async def _greet(self, control: socket.socket) -> None:
        """Speak with the relay there; one of another version ends with its connections, and another takes its place."""
        self._line.attach(channel.Channel(control.detach()))
        found, _ = await self._line.ask("hello", {"version": wire.VERSION}, again=False, urgent=True)
        for project, listen in found["listens"]:
            await self._recover(project, listen)
        if found["version"] != wire.VERSION:
            await self._line.ask("retire", again=False, urgent=True)
            os.unlink(self._path)
            raise KeeperLost("the relay is of another version")
        self.pid = found["pid"]
        with contextlib.suppress(ProcessLookupError):  # it has ended since: the line tells
            self._process = os.pidfd_open(self.pid)
        self._connected = True
        known = {listen for _, listen in found["listens"]}
        for listen, tunnel in self._tunnels.items():
            tunnel.handed = listen in known
        for listen in (*self._tunnels, *(known - self._tunnels.keys() - self._left.keys())):
            self._tell_now(listen)

    async def _recover(self, project: str, listen: int) -> None:
        """A listening socket that the relay alone has, because keeper and brain were both killed."""
        if listen in self._left or listen in self._tunnels:
            return
        _, descriptors = await self._line.ask("fetch", {"listen": listen}, again=False, urgent=True)
        self._left[listen] = (project, socket.socket(fileno=descriptors[0]))
        await self._vault.store(_name(project, listen), descriptors[0])

    # -- the relay as a process

    @property
    def _path(self) -> str:
        return f"{self._folder}/{launch.CONTROL}"

    def _reach(self) -> socket.socket | None:
        """A connection to the relay that is there, if one is."""
        control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        folder = None
        try:
            address, folder = places.socket_address(self._path)
            control.connect(address)
        except OSError:
            control.close()
            return None
        finally:
            if folder is not None:
                os.close(folder)
        return control

    async def _start(self) -> None:
        """Start a relay; it takes connections when this returns."""
        places.make_private(self._folder, os.getuid())
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC) as control:
            address, folder = places.socket_address(self._path)
            try:
                control.bind(address)
            finally:
                if folder is not None:
                    os.close(folder)
            control.listen(8)
            pid = start(launch.relay_argv(sys.executable, ROOT, self._folder), control.fileno())
        reap_when_ended(pid)

    def _lost(self) -> None:
        """The relay has ended: with its last tunnel, or before its time."""
        self._end_line()
        if self._tunnels:
            _log.warning("the program that forwards tunnels has ended; its connections are lost, another is started")
            self._tell(next(iter(self._tunnels)))

    def _silent(self) -> None:
        """Replace a relay that does not answer: its addresses are kept, its connections stand still anyway."""
        _log.warning("the program that forwards tunnels (process %d) does not answer, and is replaced", self.pid)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        if self._process is None:
            self._line.detach()
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)

    def _end_line(self) -> None:
        self._connected = False
        self.pid = 0
        if self._process is not None:
            os.close(self._process)
            self._process = None
        self._line.detach()
        for tunnel in self._tunnels.values():
            tunnel.handed = False

    def _event(self, message: Mapping[str, Any]) -> None:
        tunnel = self._tunnels.get(message["listen"])
        if tunnel is not None:
            tunnel.told(tunnel.route, message)


def _complain(told: "asyncio.Future[Any]") -> None:
    """A relay that is lost is told everything anew; what it refused nobody can mend."""
    if not told.cancelled() and isinstance(error := told.exception(), kept.Refused):
        _log.warning("a tunnel could not be opened: %s", error)


def start(argv: list[str], control: int) -> int:
    """Execute a relay with the socket at which it is found; the pid of our new child."""
    return os.posix_spawn(
        argv[0],
        argv,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, control, launch.DESCRIPTOR)],
        setsid=True,
        setsigmask=(),
    )


def _name(project: str, listen: int) -> str:
    return f"tunnel {project} {listen}"
