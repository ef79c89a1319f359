"""One end of the socket pair between keeper and brain: messages and descriptors, never blocking.

Serves both sides: the keeper's epoll loop and the brain's asyncio loop call `receive` when the socket is readable
and `flush` when it is writable and `pending`.
"""

import _socket
import os
import struct

from nexsock.keeper import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DESCRIPTORS = 2
_DESCRIPTOR = struct.Struct("@i")
_RECEIVE_BYTES = wire.INLINE_LIMIT + 2
_ANCILLARY_BYTES = _socket.CMSG_SPACE(MAX_DESCRIPTORS * _DESCRIPTOR.size)
_SEND_BUFFER_BYTES = 4 * wire.INLINE_LIMIT


def pair() -> "tuple[_socket.socket, _socket.socket]":
    """Two connected ends, neither inherited by children."""
    return _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC)


class Channel:
    """Owns the socket behind `descriptor`; packets that the socket does not take yet wait here in order."""

    def __init__(self, descriptor: int) -> None:
        self._socket = _socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._buffer = bytearray(_RECEIVE_BYTES)
        self._waiting: list[tuple[bytes, list[int]]] = []

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        for _, descriptors in self._waiting:
            _close_all(descriptors)
        self._waiting.clear()
        self._socket.close()

    @property
    def pending(self) -> bool:
        """Packets wait for the socket to become writable."""
        return bool(self._waiting)

    def send(self, message: "wire.Message", descriptors: "Sequence[int]" = ()) -> None:
        """Send a message, or queue it; the descriptors are duplicated and stay the caller's.

        Raises:
            EOFError: the other end is gone.
        """
        owned = [os.dup(descriptor) for descriptor in descriptors]
        body = wire.encode(message)
        if len(body) > wire.INLINE_LIMIT:
            owned.append(_memfd(body))
            packet = bytes((wire.VERSION, wire.IN_MEMFD))
        else:
            packet = bytes((wire.VERSION, wire.INLINE)) + body
        self._waiting.append((packet, owned))
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it.

        Raises:
            EOFError: the other end is gone.
        """
        sent = 0
        try:
            for packet, descriptors in self._waiting:
                self._send_packet(packet, descriptors)
                _close_all(descriptors)
                sent += 1
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionError) as error:
            raise EOFError("the other end of the channel is gone") from error
        finally:
            del self._waiting[:sent]

    def _send_packet(self, packet: bytes, descriptors: list[int]) -> None:
        ancillary = b"".join(map(_DESCRIPTOR.pack, descriptors))
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, ancillary)] if descriptors else []
        self._socket.sendmsg([packet], rights, _socket.MSG_NOSIGNAL)

    def receive(self) -> "tuple[wire.Message, list[int]] | None":
        """The next message with its descriptors (the caller's from now on), or None when nothing is there.

        Raises:
            EOFError: the other end is gone and everything it sent has been received.
            wire.WireError: the packet is not a message of this version; the next one may be.
        """
        try:
            size, ancillary, _flags, _address = self._socket.recvmsg_into(
                [self._buffer], _ANCILLARY_BYTES, _socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            return None
        except ConnectionError as error:
            raise EOFError("the other end of the channel is gone") from error
        if size == 0:
            raise EOFError("the other end of the channel is gone")
        descriptors = _received(ancillary)
        try:
            return wire.decode(self._body(size, descriptors)), descriptors
        except wire.WireError:
            _close_all(descriptors)
            raise

    def _body(self, size: int, descriptors: list[int]) -> bytes:
        if size < 2 or self._buffer[0] != wire.VERSION:
            raise wire.WireError(f"a packet of version {self._buffer[0]}; this side speaks {wire.VERSION}")
        if self._buffer[1] == wire.INLINE:
            return bytes(self._buffer[2:size])
        if not descriptors:
            raise wire.WireError("a packet announces a body in a descriptor and brings none")
        body = descriptors.pop()
        try:
            return os.pread(body, os.fstat(body).st_size, 0)
        finally:
            os.close(body)


def _memfd(body: bytes) -> int:
    descriptor = os.memfd_create("nexsock-message", os.MFD_CLOEXEC)
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return descriptor


def _received(ancillary: "list[tuple[int, int, bytes]]") -> list[int]:
    return [
        number
        for level, kind, data in ancillary
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS
        for (number,) in _DESCRIPTOR.iter_unpack(data[: len(data) - len(data) % _DESCRIPTOR.size])
    ]


def _close_all(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
    descriptors.clear()
