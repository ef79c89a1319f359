"""One try to reach a target: its addresses one after the other, until one takes the connection."""

import _socket
import errno
import os

from nexsock.relay.loop import WRITABLE
from nexsock.relay.resolve import literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from nexsock.relay.loop import Loop
    from nexsock.relay.resolve import Address, Resolver


class Dial:
    """Calls `done` once, with the connection, or with None and the reason; never after `cancel`, nor at once.

    Args:
        targets: hosts and ports; a target without a port is the path of a Unix socket.
    """

    def __init__(
        self,
        loop: "Loop",
        resolver: "Resolver",
        targets: "Sequence[tuple[str, int]]",
        done: "Callable[[_socket.socket | None, str], None]",
    ) -> None:
        self._loop = loop
        self._resolver = resolver
        self._targets = list(targets)
        self._addresses: list[Address] = []
        self._done: Callable[[_socket.socket | None, str], None] | None = done
        self._socket: _socket.socket | None = None
        self._error = "it leads nowhere"
        loop.soon(self._next)

    def cancel(self) -> None:
        self._done = None
        self._hang_up()

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _next(self) -> None:
        """Try the next address, or look up that of the next target, or give up."""
        if self._done is None:
            return
        if self._addresses:
            self._connect(*self._addresses.pop(0))
        elif self._targets:
            self._look_up(*self._targets.pop(0))
        else:
            self._done(None, self._error)

    def _look_up(self, host: str, port: int) -> None:
        address = literal(host, port) if port else (_socket.AF_UNIX, host)
        if address is None:
            self._resolver.ask(host, port, self._found)
        else:
            self._found([address], "")

    def _found(self, addresses: "list[Address]", reason: str) -> None:
        self._addresses = addresses
        self._error = reason or self._error
        self._next()

    def _connect(self, family: int, address: "Any") -> None:
        self._socket = _socket.socket(family, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC | _socket.SOCK_NONBLOCK)
        error = self._socket.connect_ex(address)
        if error == errno.EINPROGRESS:
            self._loop.watch(self._socket.fileno(), self._decided, WRITABLE)
        else:
            self._conclude(error)

    def _decided(self) -> None:
        assert self._socket is not None
        self._conclude(self._socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR))

    def _conclude(self, error: int) -> None:
        if error or self._socket is None or self._done is None:
            self._error = os.strerror(error)
            self._hang_up()
            self._next()
            return
        connected, self._socket = self._socket, None
        self._loop.forget(connected.fileno())
        self._done(connected, "")
