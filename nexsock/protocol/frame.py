"""Frames: a header of 16 bytes and a payload. Bytes to frames and back, cut anywhere; no socket in sight.

    bytes  0-3    magic "NXSK"
           4      protocol version (in a hello: the highest that the sender speaks)
           5      kind
           6-7    operation, the number in protocol.api; 0 in frames that belong to no request
           8-11   request id; 0 in frames that belong to no request
           12-15  length of the payload, at most 16 MiB

Numbers are unsigned and big endian. The header keeps this form in every version of the protocol.
Source: docs/protocol.md, "Framing".
"""

import struct
from collections.abc import Iterator
from enum import IntEnum

from msgspec import Struct

from nexsock.errors import Incompatible, NexsockError, ProtocolError
from nexsock.protocol import plain

HEADER = struct.Struct("!4sBBHII")
MAGIC = plain.MAGIC
PAYLOAD_LIMIT = plain.PAYLOAD_LIMIT
VERSIONS = range(1, 2)
"""The versions that this build speaks, oldest first."""
NEWEST = VERSIONS[-1]

_HTTP = (b"GET ", b"POST", b"HEAD", b"PUT ", b"DELE", b"OPTI", b"PATC", b"HTTP")


class Kind(IntEnum):
    """What a frame is for. The number is on the wire: none changes its meaning, none is used twice."""

    HELLO = plain.HELLO
    """first frame of the client, and its answer"""
    REQUEST = plain.REQUEST
    REPLY = plain.REPLY
    """the one answer to a request that is no stream"""
    ITEM = plain.ITEM
    END = plain.END
    """of a stream; in `render` the payload is one byte, the exit status"""
    ERROR = plain.ERROR
    """instead of a reply or an end; with request id 0 it ends the connection"""
    CANCEL = plain.CANCEL
    CREDIT = plain.CREDIT
    """so many more items may come: 4 bytes"""
    PING = plain.PING
    PONG = plain.PONG
    """the payload of the ping comes back"""
    OUT = plain.OUT
    """an item of `render`: bytes for the standard output"""
    ERR = plain.ERR
    """an item of `render`: bytes for the standard error"""
    CHALLENGE = plain.CHALLENGE
    """first frame of a daemon on TCP: 32 random bytes"""


_KINDS = frozenset(map(int, Kind))


class Frame(Struct, frozen=True, gc=False):
    """One frame; `payload` has 0 to PAYLOAD_LIMIT bytes."""

    kind: Kind
    operation: int = 0
    request_id: int = 0
    payload: bytes = b""
    version: int = NEWEST


def to_bytes(frame: Frame) -> bytes:
    """The frame as it goes over the wire.

    Raises:
        ProtocolError: the payload is over the limit; nothing may be sent of it.
    """
    size = len(frame.payload)
    if size > PAYLOAD_LIMIT:
        raise ProtocolError(
            f"a message of {size} bytes is over the limit of {PAYLOAD_LIMIT}", hint="ask for less at once"
        )
    return HEADER.pack(MAGIC, frame.version, frame.kind, frame.operation, frame.request_id, size) + frame.payload


class FrameReader:
    """Bytes as they come off a connection, put together to frames."""

    def __init__(self, limit: int = PAYLOAD_LIMIT) -> None:
        self.limit = limit
        """bytes of payload that a frame may have"""
        self._pending = bytearray()
        self._fault: NexsockError | None = None

    @property
    def inside_frame(self) -> bool:
        """A frame has begun and not ended: the rest should come soon."""
        return bool(self._pending)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Add bytes, cut anywhere, and give the frames that they complete, in order. Iterate to the end.

        Raises:
            ProtocolError: bytes that are no frame, or a frame over the limit.
            Incompatible: a version that this build does not speak, in another frame than a hello.
            After either the stream is lost: close it. Every later call raises the same error.
        """
        if self._fault is not None:
            raise self._fault
        self._pending += data
        while len(self._pending) >= HEADER.size:
            magic, version, kind, operation, request_id, size = HEADER.unpack_from(self._pending)
            if fault := _header_fault(magic, version, kind, size, self.limit):
                self._pending.clear()
                self._fault = fault
                raise fault
            end = HEADER.size + size
            if len(self._pending) < end:
                return
            payload = bytes(memoryview(self._pending)[HEADER.size : end])
            del self._pending[:end]
            yield Frame(Kind(kind), operation, request_id, payload, version)
        if self._pending and not MAGIC.startswith(self._pending[: len(MAGIC)]):
            self._fault = _not_ours(bytes(self._pending[: len(MAGIC)]))
            self._pending.clear()
            raise self._fault


def _header_fault(magic: bytes, version: int, kind: int, size: int, limit: int) -> NexsockError | None:
    if magic != MAGIC:
        return _not_ours(magic)
    if kind != Kind.HELLO and version not in VERSIONS:
        return Incompatible(
            f"a frame has protocol version {version}, this side speaks {spoken(VERSIONS)}",
            hint="update nexsock, then run 'nexsock daemon restart': services keep running",
        )
    if kind not in _KINDS:
        return ProtocolError(f"a frame has the unknown kind {kind}")
    if size > limit:
        return ProtocolError(f"a frame announces {size} bytes, the limit is {limit}")
    return None


def _not_ours(found: bytes) -> ProtocolError:
    if found in _HTTP:
        return ProtocolError(
            "this is the socket of nexsockd's own protocol, HTTP is not spoken here", hint="run 'nexsock web'"
        )
    return ProtocolError(f"a frame begins with {found!r} instead of {MAGIC!r}")


def spoken(versions: range) -> str:
    """A range of versions for people: "1" or "1 to 3"."""
    return str(versions[0]) if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"
