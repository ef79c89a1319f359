"""A conversation with the daemon for programs without an event loop: the command line."""

import socket
from collections import deque
from collections.abc import Iterator
from typing import Any

import nexsock
from nexsock import units
from nexsock.errors import NexsockError, Unreachable
from nexsock.protocol import conversation, message
from nexsock.protocol.client_side import ClientSide

READ_BYTES = 64 * 1024


class BlockingClient:
    """Calls operations by name over a connected socket, which it owns. One thread at a time."""

    def __init__(self, connection: socket.socket, welcome_s: float, secret: bytes | None = None) -> None:
        """Say hello and wait for the answer, at most `welcome_s`.

        Args:
            secret: the token, when the connection is TCP.
        Raises:
            Unreachable: there is no answer, or the daemon has just ended. Incompatible, Refused: the daemon's answer.
        """
        self._socket = connection
        self._talk = ClientSide(secret)
        self._heard: dict[int, deque[conversation.Happening]] = {}
        self.welcome: message.Welcome | None = None
        connection.settimeout(welcome_s)
        try:
            self._greet(secret is not None)
        except BaseException:
            connection.close()
            raise
        connection.settimeout(None)

    def _greet(self, challenged: bool) -> None:
        nonce = b""
        if challenged:
            import os

            nonce = os.urandom(32)
            self._expect(conversation.Challenged)
        self._send(self._talk.hello(client=f"nexsock {nexsock.__version__}", nonce=nonce))
        self.welcome = self._expect(conversation.Welcomed).welcome

    def _expect(self, kind: type[Any]) -> Any:
        while True:
            for happening in self._receive("the greeting"):
                if isinstance(happening, kind):
                    return happening

    def call(self, operation: str, request: object) -> Any:
        """The reply of an operation that answers once; its type stands in protocol.api.OPERATIONS.

        Raises:
            NexsockError: the daemon's answer is an error. Unreachable: it ended before it answered.
        """
        request_id = self._ask(operation, request)
        match self._next(request_id, operation):
            case conversation.Replied(_, value):
                return value
            case conversation.Failed(_, error):
                raise error

    def stream(self, operation: str, request: object) -> Iterator[Any]:
        """The items of a stream as they come. The request is made at once; leaving the iteration cancels it.

        Raises:
            NexsockError: the stream ended with an error. Unreachable: the daemon ended before the stream did.
        """
        return self._items(self._ask(operation, request), operation)

    def _items(self, request_id: int, operation: str) -> Iterator[Any]:
        try:
            while True:
                match self._next(request_id, operation):
                    case conversation.Arrived(_, value):
                        yield value
                        self._send(self._talk.consumed(request_id))
                    case conversation.Ended():
                        return
                    case conversation.Failed(_, error):
                        raise error
        finally:
            self._heard.pop(request_id, None)
            self._cancel(request_id)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "BlockingClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _ask(self, operation: str, request: object) -> int:
        request_id, data = self._talk.request(operation, request)
        self._heard[request_id] = deque()
        self._send(data)
        return request_id

    def _next(self, request_id: int, operation: str) -> conversation.Happening:
        """What comes next about one request; what comes about others meanwhile is kept for them."""
        mine = self._heard[request_id]
        while not mine:
            for happening in self._receive(repr(operation)):
                match happening:
                    case conversation.Pinged(payload):
                        self._send(self._talk.pong(payload))
                    case (
                        conversation.Replied(about)
                        | conversation.Arrived(about)
                        | conversation.Ended(about)
                        | conversation.Failed(about)
                    ) if about in self._heard:
                        self._heard[about].append(happening)
        return mine.popleft()

    def _receive(self, what: str) -> Iterator[conversation.Happening]:
        try:
            data = self._socket.recv(READ_BYTES)
        except TimeoutError:
            raise Unreachable(
                f"nexsockd did not answer in {units.format_duration(self._socket.gettimeout() or 0.0)}",
                hint="read its log with 'nexsock daemon logs'",
            ) from None
        except ConnectionResetError:
            data = b""
        if not data:
            raise Gone(
                f"nexsockd ended the conversation before it answered {what}",
                hint="run the command again, or read the daemon's log with 'nexsock daemon logs'",
            )
        return self._talk.receive(data)

    def _send(self, data: bytes) -> None:
        if not data:
            return
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # what it said last, if anything, is still to be read

    def _cancel(self, request_id: int) -> None:
        try:
            self._send(self._talk.cancel(request_id))
        except (OSError, NexsockError):  # closed by us already
            return


class Gone(Unreachable):
    """The daemon ended while it was asked; a next one may be there in a moment."""
