import os
import socket

import pytest

from nexsock.keeper import channel, wire
from nexsock.keeper.channel import Channel


@pytest.fixture
def ends():
    """Two connected channels and, third, a way to send raw packets to the second."""
    left, right = channel.pair()
    raw = socket.socket(fileno=os.dup(left.fileno()))
    pair = Channel(left.detach()), Channel(right.detach())
    yield *pair, raw
    for one in (*pair, raw):
        one.close()


def test_a_message_arrives_as_it_was_sent(ends):
    message = {"verb": "spawn", "environment": {"A": "\udcff", "B": ""}, "status": None, "time": 1.5}
    ends[0].send(message)
    assert ends[1].receive() == (message, [])
    assert ends[1].receive() is None


@pytest.mark.parametrize("size", [wire.INLINE_LIMIT - 100, wire.INLINE_LIMIT, 5_000_000])
def test_a_message_of_any_size_arrives_whole(ends, size):
    ends[0].send({"text": "x" * size})
    message, descriptors = ends[1].receive()
    assert (len(message["text"]), descriptors) == (size, [])


@pytest.mark.parametrize("text", ["", "x" * wire.INLINE_LIMIT])
def test_a_descriptor_travels_with_a_message(ends, tmp_path, text):
    (tmp_path / "file").write_text("content")
    with open(tmp_path / "file") as source:
        ends[0].send({"text": text}, [source.fileno()])
    _, (received,) = ends[1].receive()
    assert os.read(received, 100) == b"content"
    assert not os.get_inheritable(received)
    os.close(received)


def test_messages_that_the_socket_does_not_take_wait_in_their_order(ends):
    for number in range(200):
        ends[0].send({"number": number, "text": "x" * 10_000})
    assert ends[0].pending
    received = []
    while len(received) < 200:
        while got := ends[1].receive():
            received.append(got[0]["number"])
        ends[0].flush()
    assert received == list(range(200))
    assert not ends[0].pending


def test_the_end_of_the_other_side_is_told_after_what_it_sent(ends):
    ends[0].send({"last": True})
    ends[2].close()
    ends[0].close()
    assert ends[1].receive() == ({"last": True}, [])
    with pytest.raises(EOFError):
        ends[1].receive()
    with pytest.raises(EOFError):
        ends[1].send({})


@pytest.mark.parametrize(
    "packet",
    [b"\x09\x00", b"\x01", b"\x01\x00garbage", b"\x01\x01", b"\x01\x00" + wire.encode({})[:1], b"\x01\x00i\1\0\0\0"],
)
def test_a_packet_that_is_no_message_is_an_error_and_the_next_is_read(ends, packet):
    ends[2].send(packet)
    ends[0].send({"next": 1})
    with pytest.raises(wire.WireError):
        ends[1].receive()
    assert ends[1].receive() == ({"next": 1}, [])
