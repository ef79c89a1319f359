"""Who may say what when: the tables and the half that both sides share (see daemon_side, client_side).

State machines over bytes, without a socket.

    connection   GREETING --hello, welcome--> OPEN --error with id 0, or a broken rule--> closed by the caller
    call         ANSWER --reply, error--> done        STREAM --items--> STREAM --end, error--> done
                 STREAM --cancel--> CANCELLED --items that were on their way--> CANCELLED --end, error--> done

`receive` tells what happened; the other methods give the bytes to send. Whoever breaks a rule gets a ProtocolError:
the peer's fault when it comes from `receive`, else the caller's own. A client may send requests right behind its
hello, without waiting for the answer.
Source: docs/protocol.md, "Conversation".
"""

from collections.abc import Iterator
from enum import IntEnum, auto
from typing import Any

from msgspec import Struct

from nexsock.errors import NexsockError, ProtocolError
from nexsock.protocol import frame, message
from nexsock.protocol.api import Operation
from nexsock.protocol.frame import Frame, FrameReader, Kind

WINDOW = 1024
"""Items that a stream may send before the client grants more."""
CREDIT_LIMIT = 0xFFFFFFFF
FEATURES: frozenset[str] = frozenset()
"""What may be used beyond version 1 when both sides name it; none yet."""


class Side(IntEnum):
    CLIENT = auto()
    DAEMON = auto()


class Connection(IntEnum):
    GREETING = auto()
    OPEN = auto()


class CallState(IntEnum):
    ANSWER = auto()
    STREAM = auto()
    CANCELLED = auto()


SAYS: dict[tuple[Side, Connection], frozenset[Kind]] = {
    (Side.CLIENT, Connection.GREETING): frozenset({Kind.HELLO}),
    (Side.CLIENT, Connection.OPEN): frozenset({Kind.REQUEST, Kind.CANCEL, Kind.CREDIT, Kind.PING, Kind.PONG}),
    (Side.DAEMON, Connection.GREETING): frozenset({Kind.CHALLENGE, Kind.HELLO, Kind.ERROR}),
    (Side.DAEMON, Connection.OPEN): frozenset(
        {Kind.REPLY, Kind.ITEM, Kind.OUT, Kind.ERR, Kind.END, Kind.ERROR, Kind.PING, Kind.PONG}
    ),
}
"""What a side may say in a state of the connection, seen by the other side."""

AFTER: dict[tuple[CallState, Kind], CallState | None] = {
    (CallState.ANSWER, Kind.CANCEL): CallState.ANSWER,  # an accepted command completes
    (CallState.ANSWER, Kind.REPLY): None,
    (CallState.ANSWER, Kind.ERROR): None,
    (CallState.STREAM, Kind.CREDIT): CallState.STREAM,
    (CallState.STREAM, Kind.CANCEL): CallState.CANCELLED,
    (CallState.STREAM, Kind.ITEM): CallState.STREAM,
    (CallState.STREAM, Kind.OUT): CallState.STREAM,
    (CallState.STREAM, Kind.ERR): CallState.STREAM,
    (CallState.STREAM, Kind.END): None,
    (CallState.STREAM, Kind.ERROR): None,
    (CallState.CANCELLED, Kind.CREDIT): CallState.CANCELLED,
    (CallState.CANCELLED, Kind.CANCEL): CallState.CANCELLED,
    (CallState.CANCELLED, Kind.ITEM): CallState.CANCELLED,
    (CallState.CANCELLED, Kind.OUT): CallState.CANCELLED,
    (CallState.CANCELLED, Kind.ERR): CallState.CANCELLED,
    (CallState.CANCELLED, Kind.END): None,
    (CallState.CANCELLED, Kind.ERROR): None,
}
"""(state of a call, frame about it) to the next state; None: the call is done. What is not here is a broken rule."""


class Greeted(Struct, frozen=True):
    """The client's hello is good; answer with `welcome`."""

    hello: message.Hello


class Called(Struct, frozen=True):
    request_id: int
    operation: Operation
    request: Any


class Misread(Struct, frozen=True):
    """A request that cannot be understood; answer it with this error."""

    request_id: int
    error: NexsockError


class Granted(Struct, frozen=True):
    request_id: int


class Cancelled(Struct, frozen=True):
    request_id: int


class Pinged(Struct, frozen=True):
    payload: bytes


class Ponged(Struct, frozen=True):
    payload: bytes


class Challenged(Struct, frozen=True):
    challenge: bytes


class Welcomed(Struct, frozen=True):
    welcome: message.Welcome


class Replied(Struct, frozen=True):
    request_id: int
    value: Any


class Arrived(Struct, frozen=True):
    """An item of a stream. Those of a stream that was cancelled are not told."""

    request_id: int
    value: Any


class Ended(Struct, frozen=True):
    request_id: int


class Failed(Struct, frozen=True):
    request_id: int
    error: NexsockError


Happening = (
    Greeted | Called | Misread | Granted | Cancelled | Pinged | Ponged
    | Challenged | Welcomed | Replied | Arrived | Ended | Failed
)  # fmt: skip


class Call(Struct):
    """One request that is not done.

    `operation` None: the request was not understood. `credit` is what the daemon may still send, `consumed` what the
    client has used up since it last granted some.
    """

    operation: Operation | None
    state: CallState
    credit: int = WINDOW
    consumed: int = 0
    exit_status: int | None = None


class Conversation:
    """What both sides share: frames in, the two tables, frames out."""

    peer: Side

    def __init__(self) -> None:
        self.connection = Connection.GREETING
        self.calls: dict[int, Call] = {}
        self.last_id = 0
        self._reader = FrameReader()

    @property
    def inside_frame(self) -> bool:
        """The peer has begun a frame and not ended it."""
        return self._reader.inside_frame

    def receive(self, data: bytes) -> Iterator[Happening]:
        """What the bytes tell, in order. Iterate to the end, and act on each before asking for the next.

        Raises:
            ProtocolError, Incompatible, Refused, or the peer's last word (an error without a request): the
            connection is over. Tell the peer with `farewell`, if it is at fault, and close it.
        """
        for found in self._reader.feed(data):
            if found.kind not in SAYS[self.peer, self.connection]:
                raise ProtocolError(
                    f"a {found.kind.name} frame is out of place while the connection is {self.connection.name}"
                )
            yield from self._heard(found)

    def _heard(self, found: Frame) -> tuple[Happening, ...]:
        """What one frame, allowed in this state of the connection, tells."""
        raise NotImplementedError

    def _step(self, request_id: int, kind: Kind) -> Call:
        """Take a call through the table for a frame that is sent or was received."""
        call = self.calls.get(request_id)
        if call is None or (call.state, kind) not in AFTER:
            state = "done or unknown" if call is None else call.state.name
            raise ProtocolError(f"a {kind.name} frame is out of place: request {request_id} is {state}")
        following = AFTER[call.state, kind]
        if following is None:
            del self.calls[request_id]
        else:
            call.state = following
        return call

    def _frame(self, kind: Kind, request_id: int, payload: bytes) -> bytes:
        """A frame about a call, which goes through the table once the frame is known to fit."""
        call = self.calls.get(request_id)
        number = call.operation.number if call is not None and call.operation is not None else 0
        data = frame.to_bytes(Frame(kind, number, request_id, payload))
        self._step(request_id, kind)
        return data

    def ping(self, payload: bytes = b"") -> bytes:
        return frame.to_bytes(Frame(Kind.PING, payload=payload))

    def pong(self, payload: bytes) -> bytes:
        return frame.to_bytes(Frame(Kind.PONG, payload=payload))


def new_call(operation: Operation) -> Call:
    return Call(operation, CallState.STREAM if operation.stream else CallState.ANSWER)
