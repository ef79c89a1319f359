"""What a command needs of a daemon: its operations, called by name. client.blocking gives it; tests pass a fake."""

from collections.abc import Iterator
from typing import Any, Protocol

from msgspec import Struct


class Connection(Protocol):
    """One conversation with the daemon. Errors are those of nexsock.errors."""

    def call(self, operation: str, request: Struct) -> Any:
        """The reply of an operation that answers once; its type stands in protocol.api.OPERATIONS."""

    def stream(self, operation: str, request: Struct) -> Iterator[Any]:
        """The items of a stream as they come; leaving the iteration cancels it."""

    def close(self) -> None: ...


class Connect(Protocol):
    """Finds the daemon at `host` (None: this machine's), starts it where `start` allows it, and says hello."""

    def __call__(self, host: str | None, *, start: bool) -> Connection:
        """Raises Unreachable when there is no daemon and none may be started, or it does not answer."""
