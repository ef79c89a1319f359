"""The wire with nothing but the interpreter: frame headers and MessagePack in plain functions, no imports.

Two callers: the launcher of the hot commands, which may load nothing, and the codec, for text that is not UTF-8
(an environment variable or a folder's name may be any bytes). Such text is a str with surrogates (PEP 383) here and
its raw bytes on the wire.
Source: docs/protocol.md, "Framing"; the MessagePack specification.
"""

MAGIC = b"NXSK"
VERSION = 1
HEADER_SIZE = 16
PAYLOAD_LIMIT = 16 * 1024 * 1024
DEPTH_LIMIT = 64
"""Containers within containers in a payload; no message of ours has more than a dozen."""

HELLO, REQUEST, REPLY, ITEM, END, ERROR, CANCEL, CREDIT, PING, PONG, OUT, ERR, CHALLENGE = range(1, 14)
UNLIMITED_CREDIT = 0xFFFFFFFF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def frame(kind: int, operation: int = 0, request_id: int = 0, payload: bytes = b"") -> bytes:
    """A whole frame. The payload must not be longer than PAYLOAD_LIMIT."""
    return (
        MAGIC
        + bytes((VERSION, kind))
        + operation.to_bytes(2, "big")
        + request_id.to_bytes(4, "big")
        + len(payload).to_bytes(4, "big")
        + payload
    )


def header(data: bytes) -> tuple[int, int, int]:
    """(kind, request id, length of the payload) of the 16 bytes of a header.

    Raises:
        ValueError: they are not a header of this version.
    """
    length = int.from_bytes(data[12:16], "big")
    if data[:4] != MAGIC or data[4] != VERSION or length > PAYLOAD_LIMIT:
        raise ValueError(f"{data!r} is no header of protocol {VERSION}")
    return data[5], int.from_bytes(data[8:12], "big"), length


def credit(count: int) -> bytes:
    """The payload of a credit frame: `count` more items may come."""
    return count.to_bytes(4, "big")


def encode(value: "Any") -> bytes:
    """MessagePack of None, bool, int, float, str, bytes, list, tuple and dict.

    Raises:
        TypeError: a value of another kind. OverflowError: an int of more than 64 bits.
    """
    if value is None:
        return b"\xc0"
    if value is True or value is False:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _encode_int(value)
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogateescape")
        return _size(len(raw), 0xA0, 32, (0xD9, 0xDA, 0xDB)) + raw
    if isinstance(value, (list, tuple)):
        return _size(len(value), 0x90, 16, (None, 0xDC, 0xDD)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        pairs = [encode(key) + encode(held) for key, held in value.items()]
        return _size(len(value), 0x80, 16, (None, 0xDE, 0xDF)) + b"".join(pairs)
    if isinstance(value, bytes):
        return _size(len(value), 0, 0, (0xC4, 0xC5, 0xC6)) + value
    if isinstance(value, float):
        import struct

        return b"\xcb" + struct.pack(">d", value)
    raise TypeError(f"{type(value).__name__} does not go over the wire")


def _encode_int(value: int) -> bytes:
    if -32 <= value < 128:
        return value.to_bytes(1, "big", signed=value < 0)
    first = 0xD0 if value < 0 else 0xCC
    for code, width in enumerate((1, 2, 4, 8), first):
        bits = 8 * width
        if -(1 << bits - 1) <= value < 0 or 0 <= value < 1 << bits:
            return bytes((code,)) + value.to_bytes(width, "big", signed=value < 0)
    raise OverflowError(f"{value} has more than 64 bits")


def _size(count: int, short: int, short_limit: int, codes: "tuple[int | None, int, int]") -> bytes:
    """The head of a string, array or map: in one byte below `short_limit`, else a code and 1, 2 or 4 bytes."""
    if count < short_limit:
        return bytes((short | count,))
    if codes[0] is not None and count < 0x100:
        return bytes((codes[0], count))
    if count < 0x10000:
        return bytes((codes[1],)) + count.to_bytes(2, "big")
    return bytes((codes[2],)) + count.to_bytes(4, "big")


def decode(data: bytes) -> "Any":
    """The value of a MessagePack payload: the kinds of `encode`, arrays as lists.

    Raises:
        ValueError: it is torn, goes on after its end, is nested too deep, or holds a kind that we never send.
    """
    value, end = _decode(data, 0, DEPTH_LIMIT)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes follow the value")
    return value


def _decode(data: bytes, at: int, depth: int) -> "tuple[Any, int]":
    if depth == 0:
        raise ValueError(f"more than {DEPTH_LIMIT} containers within each other")
    code = _take(data, at, 1)[0]
    at += 1
    if code < 0x80:
        return code, at
    if code >= 0xE0:
        return code - 0x100, at
    if code < 0x90:
        return _decode_map(data, at, code & 0x0F, depth)
    if code < 0xA0:
        return _decode_array(data, at, code & 0x0F, depth)
    if code < 0xC0:
        return _text(data, at, code & 0x1F)
    if code in _CONSTANTS:
        return _CONSTANTS[code], at
    if code == 0xCB:
        import struct

        return struct.unpack(">d", _take(data, at, 8))[0], at + 8
    if 0xCC <= code <= 0xD3:
        width = 1 << (code & 3)
        return int.from_bytes(_take(data, at, width), "big", signed=code >= 0xD0), at + width
    for decoder, codes in ((_text, _TEXT), (_decode_array, _ARRAYS), (_decode_map, _MAPS), (_raw, _RAW)):
        if code in codes:
            width = codes[code]
            return decoder(data, at + width, int.from_bytes(_take(data, at, width), "big"), depth)
    raise ValueError(f"a value begins with the byte {code:#04x}, which no message has")


def _take(data: bytes, at: int, count: int) -> bytes:
    if at + count > len(data):
        raise ValueError(f"it ends after {len(data)} bytes, in the middle of a value")
    return data[at : at + count]


def _text(data: bytes, at: int, count: int, depth: int = 0) -> "tuple[str, int]":  # noqa: ARG001
    return _take(data, at, count).decode("utf-8", "surrogateescape"), at + count


def _raw(data: bytes, at: int, count: int, depth: int) -> "tuple[bytes, int]":  # noqa: ARG001
    return _take(data, at, count), at + count


def _decode_array(data: bytes, at: int, count: int, depth: int) -> "tuple[list[Any], int]":
    values = []
    for _ in range(count):
        value, at = _decode(data, at, depth - 1)
        values.append(value)
    return values, at


def _decode_map(data: bytes, at: int, count: int, depth: int) -> "tuple[dict[Any, Any], int]":
    values = {}
    for _ in range(count):
        key, at = _decode(data, at, depth - 1)
        if not isinstance(key, (str, int)):
            raise ValueError("a map has a key that is neither text nor a number")
        values[key], at = _decode(data, at, depth - 1)
    return values, at


_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_TEXT = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_RAW = {0xC4: 1, 0xC5: 2, 0xC6: 4}
"""Bytes of the count that follows the code."""
