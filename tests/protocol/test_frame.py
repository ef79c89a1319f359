import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexsock.errors import Incompatible, NexsockError, ProtocolError
from nexsock.protocol import frame
from nexsock.protocol.frame import Frame, FrameReader, Kind

PING = frame.to_bytes(Frame(Kind.PING, payload=b"abc"))


def read(*pieces: bytes) -> list[Frame]:
    reader = FrameReader()
    return [found for piece in pieces for found in reader.feed(piece)]


@pytest.mark.parametrize("cut", range(len(PING) * 2))
def test_frames_are_whole_wherever_the_bytes_are_cut(cut):
    wire = PING + PING
    assert read(wire[:cut], wire[cut:]) == [Frame(Kind.PING, payload=b"abc")] * 2


@given(
    st.lists(
        st.builds(
            Frame,
            st.sampled_from(Kind),
            st.integers(0, 2**16 - 1),
            st.integers(0, 2**32 - 1),
            st.binary(max_size=300),
        )
    ),
    st.randoms(use_true_random=False),
)
def test_any_frames_in_any_pieces_come_out_as_they_went_in(frames, chance):
    wire = b"".join(map(frame.to_bytes, frames))
    cuts = sorted(chance.choices(range(len(wire) + 1), k=chance.randrange(5)))
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    assert read(*pieces) == frames


@given(st.binary())
def test_garbage_ends_in_a_protocol_error_or_waits_for_more(garbage):
    try:
        found = read(garbage)
    except NexsockError:
        return
    assert (
        b"".join(map(frame.to_bytes, found)) + garbage[len(garbage) :]
        == garbage[: sum(16 + len(f.payload) for f in found)]
    )


def test_ten_thousand_mutated_streams_never_raise_anything_else():
    chance = random.Random(7)
    wire = b"".join(frame.to_bytes(Frame(kind, 12, 3, b"payload")) for kind in Kind)
    for _ in range(10_000):
        mutated = bytearray(wire)
        for _ in range(chance.randrange(1, 4)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        try:
            read(bytes(mutated))
        except (ProtocolError, Incompatible):
            continue


def test_garbage_is_found_before_a_whole_header_is_there():
    with pytest.raises(ProtocolError, match="begins with b'\\\\x00\\\\x01'"):
        read(b"\x00\x01")


def test_http_is_told_where_it_should_have_gone():
    with pytest.raises(ProtocolError, match="HTTP is not spoken here; run 'nexsock web'"):
        read(b"GET / HTTP/1.1\r\n\r\n")


def test_frames_before_the_garbage_are_still_given():
    reader = FrameReader()
    frames = reader.feed(PING + b"garbage garbage garbage")
    assert next(frames).payload == b"abc"
    with pytest.raises(ProtocolError):
        next(frames)


def test_an_oversized_frame_is_refused_by_its_header_alone():
    header = frame.HEADER.pack(frame.MAGIC, 1, Kind.REQUEST, 1, 1, frame.PAYLOAD_LIMIT + 1)
    with pytest.raises(ProtocolError, match="announces 16777217 bytes, the limit is 16777216"):
        read(header)


def test_a_message_over_the_limit_is_not_sent():
    with pytest.raises(ProtocolError, match="over the limit"):
        frame.to_bytes(Frame(Kind.REPLY, payload=bytes(frame.PAYLOAD_LIMIT + 1)))


def test_an_unknown_version_is_incompatible_except_in_a_hello():
    with pytest.raises(Incompatible, match="protocol version 9, this side speaks 1"):
        read(frame.to_bytes(Frame(Kind.PING, version=9)))
    assert read(frame.to_bytes(Frame(Kind.HELLO, version=9)))[0].version == 9


def test_an_unknown_kind_is_refused():
    with pytest.raises(ProtocolError, match="unknown kind 200"):
        read(frame.HEADER.pack(frame.MAGIC, 1, 200, 0, 0, 0))


def test_a_broken_stream_stays_broken():
    reader = FrameReader()
    with pytest.raises(ProtocolError):
        list(reader.feed(b"garbage"))
    with pytest.raises(ProtocolError):
        list(reader.feed(PING))


def test_the_reader_knows_when_a_frame_is_open():
    reader = FrameReader()
    list(reader.feed(PING[:-1]))
    assert reader.inside_frame
    list(reader.feed(PING[-1:]))
    assert not reader.inside_frame
