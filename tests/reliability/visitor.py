"""A client that gives up: calls an operation over a socket of its own and measures how long the answer took."""

import socket
import time
from typing import Any

from nexsock.places import socket_address
from nexsock.protocol import conversation
from nexsock.protocol.client_side import ClientSide

READ_BYTES = 64 * 1024


class Unserved(Exception):
    """No answer within the limit, or the connection has ended."""


class Visitor:
    """A conversation with whoever listens at `path`; every wait in it is at most `limit_s`."""

    def __init__(self, path: str, limit_s: float) -> None:
        self._talk = ClientSide()
        self._socket = connected(path, limit_s)
        self._socket.sendall(self._talk.hello(client="visitor"))
        self.pid: int = self._next(conversation.Welcomed).welcome.pid

    def call(self, operation: str, request: object) -> Any:
        """The reply; of a stream, which has to be a short one, its end.

        Raises:
            Unserved: it did not come. NexsockError: it was an error.
        """
        _, data = self._talk.request(operation, request)
        self._socket.sendall(data)
        answer = self._next(conversation.Replied | conversation.Ended | conversation.Failed)
        if isinstance(answer, conversation.Failed):
            raise answer.error
        return answer.value if isinstance(answer, conversation.Replied) else None

    def took_s(self, operation: str, request: object) -> float:
        """Seconds until the reply."""
        began = time.perf_counter()
        self.call(operation, request)
        return time.perf_counter() - began

    def close(self) -> None:
        self._socket.close()

    def _next(self, kind: Any) -> Any:
        while True:
            try:
                data = self._socket.recv(READ_BYTES)
            except OSError as error:
                raise Unserved(str(error)) from error
            if not data:
                raise Unserved("the connection has ended")
            for happening in self._talk.receive(data):
                if isinstance(happening, kind):
                    return happening


def connected(path: str, limit_s: float) -> socket.socket:
    """A connection to whoever listens at `path`; what it waits for later has the same limit.

    Raises:
        Unserved: nobody accepts it.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    connection.settimeout(limit_s)
    address, folder = socket_address(path)
    assert folder is None, "the homes of harnesses are short"
    try:
        connection.connect(address)
    except OSError as error:
        connection.close()
        raise Unserved(str(error)) from error
    return connection


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of all lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
