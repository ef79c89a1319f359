"""One connected socket on the event loop: bytes in by callback, bytes out from a bounded buffer.

Leaner than an asyncio transport: a request that came with the connection is served in the same turn of the loop, and
an idle connection costs a socket and this object. While the peer does not read, it is not heard either, so nobody
can make the daemon hold answers without end.
"""

import asyncio
import socket
from collections.abc import Callable

READ_BYTES = 64 * 1024
HIGH_BYTES = 256 * 1024
"""Bytes that wait to be sent, above which `drained` waits and nothing more is read."""
LOW_BYTES = 64 * 1024
LINGER_S = 2.0
"""How long the last words may take to be read; until then the socket is not closed, for that could destroy them."""


class Link:
    """Calls `received` with bytes as they come and `closed` once, when the connection has ended on either side."""

    def __init__(
        self,
        connection: socket.socket,
        received: Callable[[bytes], None],
        closed: Callable[[], None],
    ) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._descriptor = connection.fileno()
        self._received = received
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._outgoing = bytearray()
        self._waiting: list[asyncio.Future[None]] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._writing = False
        self._ending = False
        self._linger: asyncio.TimerHandle | None = None
        self.is_closed = False

    def start(self) -> None:
        """Begin to read; what has come already is handed on before this returns."""
        self._loop.add_reader(self._descriptor, self._readable)
        self._readable()

    def send(self, data: bytes, within_s: float = 0.0) -> None:
        """Queue bytes; they leave in order, at the latest `within_s` from now. Nothing happens after the end."""
        if self.is_closed or self._ending:
            return
        self._outgoing += data
        if len(self._outgoing) >= HIGH_BYTES:
            self._flush()
        elif not self._writing:
            self._flush_within(within_s)

    def _flush_within(self, within_s: float) -> None:
        due = self._loop.time() + within_s
        if self._flushing is not None:
            if self._flushing.when() <= due:
                return
            self._flushing.cancel()
        self._flushing = self._loop.call_at(due, self._flush)

    async def drained(self) -> None:
        """Wait until the peer has taken most of what was sent.

        Raises:
            ConnectionResetError: the connection has ended.
        """
        while len(self._outgoing) >= HIGH_BYTES and not self.is_closed:
            waiter = self._loop.create_future()
            self._waiting.append(waiter)
            await waiter
        if self.is_closed:
            raise ConnectionResetError("the client is gone")

    def end(self) -> None:
        """Send what is queued, then say that no more comes; closed when the peer has done so too. Nothing is heard."""
        if not self.is_closed and not self._ending:
            self._ending = True
            self._linger = self._loop.call_later(LINGER_S, self.close)
            self._flush()

    def close(self) -> None:
        """Close now; what was queued is dropped."""
        if self.is_closed:
            return
        self.is_closed = True
        self._loop.remove_reader(self._descriptor)
        self._loop.remove_writer(self._descriptor)
        self._socket.close()
        self._outgoing.clear()
        if self._linger is not None:
            self._linger.cancel()
        self._wake()
        self._closed()

    def _readable(self) -> None:
        if self.is_closed:
            return
        try:
            data = self._socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.close()
        elif not self._ending:
            self._received(data)

    def _flush(self) -> None:
        self._flushing = None
        if self.is_closed:
            return
        try:
            while self._outgoing:
                del self._outgoing[: self._socket.send(self._outgoing)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self.close()
            return
        self._follow_buffer()

    def _follow_buffer(self) -> None:
        """Watch for what the state of the buffer asks for: room in the kernel, or more to read."""
        waiting = len(self._outgoing)
        if waiting and not self._writing:
            self._writing = True
            self._loop.add_writer(self._descriptor, self._flush)
        if waiting >= HIGH_BYTES:
            self._loop.remove_reader(self._descriptor)
        if waiting < LOW_BYTES:
            self._wake()
        if waiting:
            return
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._descriptor)
            self._loop.add_reader(self._descriptor, self._readable)
        if self._ending:
            self._shut_down()

    def _shut_down(self) -> None:
        self._loop.add_reader(self._descriptor, self._readable)
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:  # the peer was faster
            self.close()

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()
