import itertools

import pytest

from nexsock import errors
from nexsock.errors import Incompatible, ProtocolError, Refused
from nexsock.model.event import Event
from nexsock.model.log import LogQuery
from nexsock.model.project import ProjectRef
from nexsock.protocol import api, codec, conversation, frame, message
from nexsock.protocol.client_side import ClientSide
from nexsock.protocol.conversation import (
    AFTER,
    WINDOW,
    Arrived,
    Called,
    CallState,
    Cancelled,
    Challenged,
    Ended,
    Failed,
    Greeted,
    Misread,
    Pinged,
    Ponged,
    Replied,
    Welcomed,
)
from nexsock.protocol.daemon_side import DaemonSide
from nexsock.protocol.frame import Frame, Kind

EVENTS = api.EventsRequest(follow=True)
PS = api.RenderRequest(project=ProjectRef(directory="/"), command="ps")
SECRET = bytes(range(32))


def event(seq: int = 1) -> Event:
    return Event(at=1.0, seq=seq, project="shop", kind="phase")


def raw(kind: Kind, request_id: int = 0, payload: bytes = b"", operation: int = 0) -> bytes:
    return frame.to_bytes(Frame(kind, operation, request_id, payload))


# -- greeting


def test_a_hello_is_answered_with_version_and_name(strangers):
    (greeted,) = strangers.to_daemon(strangers.client.hello(client="nexsock 1"))
    assert greeted == Greeted(message.Hello(min=1, max=1, client="nexsock 1"))
    welcome = strangers.to_client(strangers.daemon.welcome(greeted.hello, daemon="nexsock 2", pid=7))
    assert welcome == [Welcomed(message.Welcome(version=1, daemon="nexsock 2", pid=7))]


def test_nothing_is_heard_before_the_hello(strangers):
    for kind in set(Kind) - {Kind.HELLO}:
        with pytest.raises(
            ProtocolError, match=f"a {kind.name} frame is out of place while the connection is GREETING"
        ):
            DaemonSide().receive(raw(kind)).__next__()


def test_a_stranger_gets_little_memory_and_a_client_all_that_a_frame_may_have():
    client, daemon = ClientSide(), DaemonSide()
    large = frame.HEADER.pack(frame.MAGIC, 1, Kind.REQUEST, 42, 1, frame.PAYLOAD_LIMIT)
    with pytest.raises(ProtocolError, match="announces 16777216 bytes, the limit is 65536"):
        list(DaemonSide().receive(large))
    for greeted in daemon.receive(client.hello(client="test") + large):
        daemon.welcome(greeted.hello, daemon="test", pid=1)
    assert daemon.inside_frame


def test_a_second_hello_is_out_of_place(pair):
    with pytest.raises(ProtocolError, match="HELLO frame is out of place"):
        pair.to_daemon(pair.client.hello(client="again"))


@pytest.mark.parametrize(("lowest", "highest"), [(2, 3), (0, 0), (3, 2)])
def test_versions_that_do_not_meet_are_both_named(strangers, lowest, highest):
    hello = message.Hello(min=lowest, max=highest)
    with pytest.raises(Incompatible, match=f"daemon speaks protocol 1, the client {lowest} to {highest}"):
        strangers.to_daemon(raw(Kind.HELLO, payload=codec.encode(hello)))


def test_a_newer_client_that_knows_our_version_is_welcome(strangers):
    hello = message.Hello(min=1, max=9, features=("teleport",))
    (greeted,) = strangers.to_daemon(raw(Kind.HELLO, payload=codec.encode(hello)))
    (welcomed,) = strangers.to_client(strangers.daemon.welcome(greeted.hello, daemon="", pid=1))
    assert (welcomed.welcome.version, welcomed.welcome.features) == (1, ())


def test_a_version_that_the_client_does_not_speak_is_refused_by_it(strangers):
    with pytest.raises(Incompatible, match="chose protocol 4, this client speaks 1"):
        strangers.to_client(raw(Kind.HELLO, payload=codec.encode(message.Welcome(version=4))))


def test_a_farewell_before_the_welcome_is_the_daemons_error(strangers):
    with pytest.raises(Refused, match="not you"):
        strangers.to_client(strangers.daemon.farewell(Refused("not you")))


def test_requests_may_follow_the_hello_at_once(strangers):
    hello = strangers.client.hello(client="fast")
    _, request = strangers.client.request("ping", api.Nothing())
    heard = strangers.daemon.receive(hello + request)
    strangers.daemon.welcome(next(heard).hello, daemon="", pid=1)
    assert isinstance(next(heard), Called)


# -- the token of TCP


def shown(client_secret: bytes, daemon_secret: bytes) -> tuple[ClientSide, DaemonSide, bytes]:
    client, daemon = ClientSide(client_secret), DaemonSide(daemon_secret, bytes(32))
    assert list(client.receive(daemon.challenge())) == [Challenged(bytes(32))]
    return client, daemon, client.hello(client="tcp", nonce=b"n" * 32)


def test_both_sides_show_that_they_have_the_token():
    client, daemon, hello = shown(SECRET, SECRET)
    assert SECRET not in hello
    (greeted,) = daemon.receive(hello)
    assert isinstance(next(client.receive(daemon.welcome(greeted.hello, daemon="", pid=1))), Welcomed)


def test_a_client_without_the_token_is_refused():
    _, daemon, hello = shown(bytes(32), SECRET)
    with pytest.raises(Refused, match="does not have the daemon's token"):
        next(daemon.receive(hello))


def test_a_recorded_hello_is_worth_nothing():
    _, _, hello = shown(SECRET, SECRET)
    with pytest.raises(Refused):
        next(DaemonSide(SECRET, b"x" * 32).receive(hello))


def test_a_stranger_on_the_daemons_port_is_found_out():
    client, stranger, _ = shown(SECRET, bytes(32))
    welcome = stranger.welcome(message.Hello(min=1, max=1), daemon="", pid=1)
    with pytest.raises(Refused, match="whoever answers there"):
        next(client.receive(welcome))


# -- calls


def test_a_call_has_one_reply(pair):
    request_id = pair.ask("ping", api.Nothing())
    reply = pair.daemon.reply(request_id, api.Nothing())
    assert pair.to_client(reply) == [Replied(request_id, api.Nothing())]
    with pytest.raises(ProtocolError, match="request 1 is done or unknown"):
        pair.to_client(reply)


def test_a_number_that_does_not_fit_is_a_mistake_of_who_gave_it(pair):
    with pytest.raises(errors.UsageError, match="64 bits"):
        pair.client.request("logs", api.LogsRequest(project=PS.project, query=LogQuery(last_lines=1 << 64)))
    assert pair.client.calls == {}


def test_a_stream_has_items_and_an_end_and_nothing_after_it(pair):
    request_id = pair.ask("events", EVENTS)
    item = pair.daemon.item(request_id, event())
    assert pair.to_client(item) == [Arrived(request_id, event())]
    assert pair.to_client(pair.daemon.end(request_id)) == [Ended(request_id)]
    with pytest.raises(ProtocolError, match="ITEM frame is out of place"):
        pair.to_client(item)


def test_an_error_ends_its_request_only(pair):
    failing, going = pair.ask("events", EVENTS), pair.ask("events", EVENTS)
    (failed,) = pair.to_client(pair.daemon.error(failing, errors.NotFound("no project")))
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, errors.NotFound)
    assert pair.to_client(pair.daemon.item(going, event())) == [Arrived(going, event())]


def test_rendered_text_travels_as_bytes_and_the_end_has_the_exit_status(pair):
    request_id = pair.ask("render", PS)
    wire = pair.daemon.item(request_id, api.Rendered(out="NAME\n", err="warning\n", exit_status=3))
    assert wire == raw(Kind.OUT, 1, b"NAME\n", 28) + raw(Kind.ERR, 1, b"warning\n", 28)
    end = pair.daemon.end(request_id)
    assert end == raw(Kind.END, 1, b"\x03", 28)
    assert pair.to_client(wire + end) == [
        Arrived(1, api.Rendered(out="NAME\n")),
        Arrived(1, api.Rendered(err="warning\n")),
        Arrived(1, api.Rendered(exit_status=3)),
        Ended(1),
    ]


def test_long_rendered_text_is_cut_between_characters(pair):
    request_id = pair.ask("render", PS)
    text = "é" * 600_000
    heard = pair.to_client(pair.daemon.item(request_id, api.Rendered(out=text)))
    assert len(heard) == 3
    assert "".join(arrived.value.out for arrived in heard) == text


def test_after_a_cancel_only_the_end_is_told(pair):
    request_id = pair.ask("events", EVENTS)
    under_way = pair.daemon.item(request_id, event())
    assert pair.to_daemon(pair.client.cancel(request_id)) == [Cancelled(request_id)]
    assert pair.to_client(under_way + pair.daemon.end(request_id)) == [Ended(request_id)]


def test_a_cancel_that_crosses_the_end_is_nothing(pair):
    request_id = pair.ask("events", EVENTS)
    end = pair.daemon.end(request_id)
    assert pair.to_daemon(pair.client.cancel(request_id)) == []
    assert pair.to_client(end) == [Ended(request_id)]
    assert pair.client.cancel(request_id) == b""


def test_a_cancelled_command_is_answered_all_the_same(pair):
    request_id = pair.ask("ping", api.Nothing())
    assert pair.to_daemon(pair.client.cancel(request_id)) == [Cancelled(request_id)]
    assert pair.to_client(pair.daemon.reply(request_id, api.Nothing())) == [Replied(request_id, api.Nothing())]


def test_a_window_of_items_may_be_sent_and_more_when_they_are_used_up(pair):
    request_id = pair.ask("events", EVENTS)
    for _ in range(WINDOW):
        assert pair.daemon.may_send(request_id)
        pair.to_client(pair.daemon.item(request_id, event()))
    assert not pair.daemon.may_send(request_id)
    grants = b"".join(pair.client.consumed(request_id) for _ in range(WINDOW // 2))
    pair.to_daemon(grants)
    assert pair.daemon.may_send(request_id)


def test_credit_does_not_overflow(pair):
    request_id = pair.ask("events", EVENTS)
    for _ in range(3):
        pair.to_daemon(raw(Kind.CREDIT, request_id, b"\xff\xff\xff\xff"))
    assert pair.daemon.calls[request_id].credit == conversation.CREDIT_LIMIT


def test_a_request_that_cannot_be_read_spoils_only_itself(pair):
    (misread,) = pair.to_daemon(raw(Kind.REQUEST, 1, b"\xc1", api.BY_NAME["up"].number))
    assert isinstance(misread, Misread)
    pair.daemon.error(1, misread.error)
    (misread,) = pair.to_daemon(raw(Kind.REQUEST, 2, b"", 999))
    assert isinstance(misread.error, errors.Unsupported)
    assert isinstance(pair.to_daemon(raw(Kind.REQUEST, 3, codec.encode(api.Nothing()), 42))[0], Called)


def test_a_replayed_request_ends_the_conversation(pair):
    _, data = pair.client.request("ping", api.Nothing())
    pair.to_daemon(data)
    with pytest.raises(ProtocolError, match="request 1 comes after request 1: numbers must grow"):
        pair.to_daemon(data)


def test_a_cancel_for_a_request_that_was_never_made_ends_the_conversation(pair):
    with pytest.raises(ProtocolError, match="request 5, which was never made"):
        pair.to_daemon(raw(Kind.CANCEL, 5))


def test_credit_for_a_command_is_out_of_place(pair):
    request_id = pair.ask("ping", api.Nothing())
    with pytest.raises(ProtocolError, match="a CREDIT frame is out of place: request 1 is ANSWER"):
        pair.to_daemon(raw(Kind.CREDIT, request_id, bytes(4)))


def test_a_reply_over_the_limit_leaves_the_call_open_for_an_error(pair):
    request_id = pair.ask("ping", api.Nothing())
    with pytest.raises(ProtocolError, match="over the limit"):
        pair.daemon.reply(request_id, "x" * (frame.PAYLOAD_LIMIT + 1))
    assert isinstance(pair.to_client(pair.daemon.error(request_id, ProtocolError("too much")))[0], Failed)


def test_pings_go_both_ways(pair):
    assert pair.to_daemon(pair.client.ping(b"a")) == [Pinged(b"a")]
    assert pair.to_client(pair.daemon.pong(b"a")) == [Ponged(b"a")]
    assert pair.to_client(pair.daemon.ping(b"b")) == [Pinged(b"b")]
    assert pair.to_daemon(pair.client.pong(b"b")) == [Ponged(b"b")]


def test_the_table_says_how_every_call_ends():
    for state in CallState:
        ends = {kind for kind in Kind if AFTER.get((state, kind), state) is None}
        assert ends == ({Kind.REPLY, Kind.ERROR} if state is CallState.ANSWER else {Kind.END, Kind.ERROR})


@pytest.mark.parametrize(("state", "kind"), [pair for pair in itertools.product(CallState, Kind) if pair not in AFTER])
def test_what_the_table_does_not_name_is_a_broken_rule(pair, state, kind):
    request_id = pair.ask("events", EVENTS)
    pair.client.calls[request_id].state = state
    with pytest.raises(ProtocolError, match="out of place"):
        pair.client._step(request_id, kind)
