"""Values to bytes and back where text need not be UTF-8: folders, variables and what services write are any bytes.

In Python those are surrogates (PEP 383). MessagePack does not take them and no JSON reader has to; what is only for
ourselves keeps them as the escapes of Python's own json, what others read has question marks instead.
"""

from typing import Literal, TypeVar

import msgspec

Value = TypeVar("Value")


def encode(value: object, *, order: Literal["deterministic"] | None = None) -> bytes:
    """A struct as bytes for ourselves; with `order` equal values give equal bytes, however their mappings were made.

    MessagePack where that is possible. The first byte tells: a struct is packed as a map, and no map begins with a
    brace.
    """
    try:
        return msgspec.msgpack.encode(value, order=order)
    except UnicodeEncodeError:
        return _escaped(value, order=order).encode()


def decode(data: bytes, kind: type[Value]) -> Value:
    """The struct that `encode` was given.

    Raises:
        msgspec.DecodeError: the bytes are torn, or of another type.
    """
    return _unescaped(data, kind) if data.startswith(b"{") else msgspec.msgpack.decode(data, type=kind)


def to_text(value: object) -> str:
    """A struct as JSON for ourselves."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return _escaped(value)


def from_text(text: str, kind: type[Value]) -> Value:
    """The struct that `to_text` was given.

    Raises:
        msgspec.DecodeError: the text is torn, or of another type.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        return _unescaped(text, kind)


def to_json(value: object) -> bytes:
    """JSON for whoever reads it; a byte that is not UTF-8 is a question mark."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        import json

        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode(errors="replace")


def _escaped(value: object, order: Literal["deterministic"] | None = None) -> str:
    import json

    return json.dumps(msgspec.to_builtins(value, order=order))


def _unescaped(text: str | bytes, kind: type[Value]) -> Value:
    import json

    try:
        return msgspec.convert(json.loads(text), kind)
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from error
