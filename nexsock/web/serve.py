"""The web process itself: a socket on loopback, uvicorn on it, and an end at once when a signal says so."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from nexsock.errors import PortBusy
from nexsock.web.app import Web

USUAL_PORT = 7717
LOOPBACK = "127.0.0.1"
CONNECTIONS = 512
"""Places; a browser takes up to six."""
HEAD_LIMIT = 32 * 1024


def bind(port: int | None, usual: int = USUAL_PORT) -> socket.socket:
    """A listening socket on loopback. None: the usual port, or any other one where that is taken.

    Raises:
        PortBusy: the port that was asked for is taken.
    """
    try:
        return _listen(usual if port is None else port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        if port is None:
            return _listen(0)
        raise PortBusy(f"port {port} is taken", hint="choose another one with --port, or leave it out") from None


def _listen(port: int) -> socket.socket:
    """asyncio sends small packets at once only on sockets that say they are TCP, which those of a listener made without
    the protocol's number do not: each answer came 40 ms late. On Linux connections have the listener's option."""
    listener = socket.create_server((LOOPBACK, port), backlog=128)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class Connection(H11Protocol):
    """A connection that holds its place only for a request: anybody on this machine can open hundreds and send nothing.

    The head of a request comes in time, or the connection ends. When all places are taken, the one that has been
    without a request for longest makes room. What is left of a request that has its answer counts as silence.
    """

    head_s = 10.0
    """from the connection, or the first byte of a further request, to the end of the request's head"""
    idle_since: float | None = None
    """by the clock of the loop; None while a request is answered"""
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the base class has it
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        self._await_head()
        if len(self.connections) >= CONNECTIONS:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._owed_nothing():
            self._await_head()
        else:
            self._in_time()
            self.idle_since = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._owed_nothing():
            self.idle_since = self.loop.time()

    def _owed_nothing(self) -> bool:
        """Whether no request waits for its answer, though the body of one may still be coming."""
        return self.conn.their_state is h11.IDLE or (self.cycle is not None and self.cycle.response_complete)

    def _await_head(self) -> None:
        """Once for a head, however many pieces it comes in."""
        if self._late is None and not self.transport.is_closing():
            self._late = self.loop.call_later(self.head_s, self.timeout_keep_alive_handler)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _make_room(self) -> None:
        idle = [
            (one.idle_since, one.timeout_keep_alive_handler)
            for one in self.connections
            if isinstance(one, Connection) and one.idle_since is not None and not one.transport.is_closing()
        ]
        if idle:
            _, end = min(idle, key=lambda pair: pair[0])
            end()


class Server(uvicorn.Server):
    """uvicorn without its clock and its handling of signals: it sleeps until a request or the end comes."""

    def __init__(self, config: uvicorn.Config, close: Callable[[], None]) -> None:
        super().__init__(config)
        self._close = close
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Stop serving: streams end now, everything else within a second."""
        self.should_exit = True
        self._close()
        self._ended.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours; see `serve`."""
        yield

    async def main_loop(self) -> None:
        """Nothing is done by the clock, so nothing wakes up."""
        await self._ended.wait()


async def serve(web: Web, listener: socket.socket) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP."""
    server = Server(settings(web), web.close)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, server.end)
    await server.serve(sockets=[listener])


def settings(app: ASGIApp, connection: type[Connection] = Connection) -> uvicorn.Config:
    """How uvicorn serves an application here.

    It tells of mistakes of ours only: any page that the user has open can send what is none of HTTP, or ask for a
    WebSocket, and would write to the user's terminal.
    """
    return uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        log_level="error",
        lifespan="off",
        http=connection,
        ws="none",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD_LIMIT,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,
    )


def write_private(path: str, text: str) -> None:
    """A file that only this user can read, in place of one that is there."""
    new = f"{path}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(new, path)


def say(text: str) -> None:
    """A line for the person who started us."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
