"""Both ends of a conversation joined without a socket: what one sends the other hears at once."""

import pytest

from nexsock.protocol.client_side import ClientSide
from nexsock.protocol.conversation import Greeted, Happening
from nexsock.protocol.daemon_side import DaemonSide


class Pair:
    def __init__(self, client: ClientSide, daemon: DaemonSide) -> None:
        self.client = client
        self.daemon = daemon

    def to_daemon(self, data: bytes) -> list[Happening]:
        return list(self.daemon.receive(data))

    def to_client(self, data: bytes) -> list[Happening]:
        return list(self.client.receive(data))

    def greet(self) -> "Pair":
        (greeted,) = self.to_daemon(self.client.hello(client="test"))
        assert isinstance(greeted, Greeted)
        self.to_client(self.daemon.welcome(greeted.hello, daemon="nexsock test", pid=7))
        return self

    def ask(self, operation: str, request: object) -> int:
        request_id, data = self.client.request(operation, request)
        self.to_daemon(data)
        return request_id


@pytest.fixture
def strangers() -> Pair:
    """Nothing has been said yet."""
    return Pair(ClientSide(), DaemonSide())


@pytest.fixture
def pair(strangers) -> Pair:
    """Client and daemon have greeted each other."""
    return strangers.greet()
