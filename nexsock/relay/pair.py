"""Two connections and the bytes between them, each direction by itself until both have ended.

What one side does not take yet is kept, and nothing more is read for it until it has been taken: a slow reader holds
its writer, and costs at most CHUNK_BYTES.
"""

import _socket
import struct

from nexsock.relay.loop import EDGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nexsock.relay.loop import Loop

CHUNK_BYTES = 64 * 1024
"""Larger ones are slower: 64 KiB stay in the processor's cache (533 against 489 MB/s with 256 KiB, two cores)."""
CHUNKS_A_TURN = 16
"""Moved before others have their turn."""
RESET = struct.pack("ii", 1, 0)
"""Of SO_LINGER: a close that the other side sees as a reset (socket(7))."""

_buffer = bytearray(CHUNK_BYTES)
_view = memoryview(_buffer)


class Flow:
    """One direction. `moved` counts its bytes."""

    __slots__ = ("_receive", "_rest", "_send", "_shutdown", "ended", "moved")

    def __init__(self, source: _socket.socket, sink: _socket.socket) -> None:
        self._receive = source.recv_into
        self._send = sink.send
        self._shutdown = sink.shutdown
        self._rest: bytes | memoryview = b""
        self.ended = False
        self.moved = 0

    def go_on(self) -> bool:
        """Move what can be moved now; True: there may be more.

        Raises:
            OSError: one of the sides is gone.
        """
        for _ in range(CHUNKS_A_TURN):
            if self.ended or not self._settled():
                return False
            try:
                length = self._receive(_buffer)
            except BlockingIOError:
                return False
            if length == 0:
                self.ended = True
                self._shutdown(_socket.SHUT_WR)
                return False
            self.moved += length
            self._take(_view[:length])
        return True

    def _settled(self) -> bool:
        """Whether the other side has taken everything."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._take(rest)
        return not self._rest

    def _take(self, data: "bytes | memoryview") -> None:
        try:
            sent = self._send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._rest = memoryview(bytes(data[sent:]))


class Pair:
    """Forwards between a client and a target, whose sockets it owns from now on; `ended` is called once at the end."""

    def __init__(
        self, loop: "Loop", client: _socket.socket, target: _socket.socket, ended: "Callable[[Pair], None]"
    ) -> None:
        self.outward = Flow(client, target)
        self.inward = Flow(target, client)
        self._loop = loop
        self._sockets = (client, target)
        self._ended = ended
        for one in self._sockets:
            loop.watch(one.fileno(), self.go_on, EDGES)
        self._open = True

    def go_on(self) -> None:
        """Something has changed on one of the sides."""
        if not self._open:
            return
        try:
            more = self.outward.go_on()
            more = self.inward.go_on() or more
        except OSError:
            self._close(reset=True)
            return
        if more:
            self._loop.soon(self.go_on)
        elif self.outward.ended and self.inward.ended:
            self._close(reset=False)

    def _close(self, reset: bool) -> None:
        """An end that was no end of a stream is passed on as what it was."""
        self._open = False
        for one in self._sockets:
            self._loop.forget(one.fileno())
            if reset:
                one.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, RESET)
            one.close()
        self._ended(self)
