"""Values to payloads and back, by the table of operations. A wrong payload is an error that names the place in it.

Nothing here ends a connection: a payload that cannot be read spoils its own request only.
Source: docs/protocol.md, "Payloads".
"""

import functools
from typing import Any

import msgspec

from nexsock.errors import ProtocolError, Unsupported
from nexsock.protocol import api, plain
from nexsock.protocol.message import Hello, Welcome, WireError

_ENCODER = msgspec.msgpack.Encoder()


@functools.cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


def encode(value: object) -> bytes:
    """The payload of a message or of a value that an operation takes or gives."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:  # text that is not UTF-8, such as a folder's name: its raw bytes
        return plain.encode(msgspec.to_builtins(value, builtin_types=(bytes,)))


def decode(payload: bytes, kind: Any, what: str) -> Any:
    """The value of type `kind` in a payload. `what` names it for people: "the request 'up'".

    Raises:
        ProtocolError: the payload is torn, too deep, or of another type; the message names the place.
    """
    try:
        return _decoder(kind).decode(payload)
    except UnicodeDecodeError:
        return _decode_raw_text(payload, kind, what)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"{what} has a wrong value: {error}") from None
    except RecursionError:
        raise ProtocolError(f"{what} is nested too deep") from None
    except (msgspec.DecodeError, OverflowError) as error:
        raise ProtocolError(f"{what} is no MessagePack: {error}") from None


def _decode_raw_text(payload: bytes, kind: Any, what: str) -> Any:
    try:
        return msgspec.convert(plain.decode(payload), kind)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"{what} has a wrong value: {error}") from None
    except ValueError as error:
        raise ProtocolError(f"{what} is no MessagePack: {error}") from None


def operation_of(number: int) -> api.Operation:
    """The operation with this number.

    Raises:
        Unsupported: this build does not have it (the other side is newer).
    """
    operation = api.BY_NUMBER.get(number)
    if operation is None:
        raise Unsupported(
            f"operation {number} is not known here", hint="update nexsock, then run 'nexsock daemon restart'"
        )
    return operation


def decode_request(number: int, payload: bytes) -> tuple[api.Operation, Any]:
    """The operation and its request.

    Raises:
        Unsupported: no such operation. ProtocolError: a wrong payload.
    """
    operation = operation_of(number)
    return operation, decode(payload, operation.request, f"the request {operation.name!r}")


def decode_reply(operation: api.Operation, payload: bytes) -> Any:
    """The reply, or an item, of an operation.

    Raises:
        ProtocolError: a wrong payload.
    """
    return decode(payload, operation.reply, f"the answer to {operation.name!r}")


def decode_hello(payload: bytes) -> Hello:
    hello: Hello = decode(payload, Hello, "the hello")
    return hello


def decode_welcome(payload: bytes) -> Welcome:
    welcome: Welcome = decode(payload, Welcome, "the answer to the hello")
    return welcome


def decode_error(payload: bytes) -> WireError:
    error: WireError = decode(payload, WireError, "an error")
    return error


def decode_credit(payload: bytes) -> int:
    """The number in a credit frame.

    Raises:
        ProtocolError: it is not 4 bytes.
    """
    if len(payload) != 4:
        raise ProtocolError(f"a credit has {len(payload)} bytes instead of 4")
    return int.from_bytes(payload, "big")
