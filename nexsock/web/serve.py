"""The web process itself: a socket on loopback, uvicorn on it, and an end at once when a signal says so."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn

from nexsock.errors import PortBusy
from nexsock.web.app import Web

USUAL_PORT = 7717
LOOPBACK = "127.0.0.1"
CONNECTIONS = 512
HEADERS_LIMIT = 32 * 1024


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


class Server(uvicorn.Server):
    """uvicorn without its clock and its handling of signals: it sleeps until a request or the end comes."""

    def __init__(self, config: uvicorn.Config, web: Web) -> None:
        super().__init__(config)
        self._web = web
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Stop serving: streams end now, everything else within a second."""
        self.should_exit = True
        self._web.close()
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
    config = uvicorn.Config(
        web,
        access_log=False,
        log_config=None,
        lifespan="off",
        http="h11",
        ws="none",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEADERS_LIMIT,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,
    )
    server = Server(config, web)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, server.end)
    await server.serve(sockets=[listener])


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
