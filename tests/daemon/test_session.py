import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from nexsock.daemon.link import HIGH_BYTES
from nexsock.daemon.session import Session
from nexsock.daemon.turns import Turns
from nexsock.errors import NotFound, ProtocolError, Refused, Unreachable
from nexsock.model.event import Event
from nexsock.model.project import ProjectRef
from nexsock.protocol import api, frame
from nexsock.protocol.api import EventsRequest, Nothing, Rendered, RenderRequest
from nexsock.protocol.client_side import ClientSide
from nexsock.protocol.conversation import WINDOW, Arrived, Ended, Failed, Happening, Ponged, Replied, Welcomed
from nexsock.protocol.frame import Frame, Kind
from nexsock.testing.scripted import ScriptedApi

FOLLOW = EventsRequest(follow=True)
LIMIT_S = 30.0


def event(seq: int, text: str = "") -> Event:
    return Event(at=1.0, seq=seq, project="shop", kind="phase", reason=text)


class Tracked:
    """An endless stream that remembers how far it got and that it was closed."""

    def __init__(self, text: str = "") -> None:
        self.produced = 0
        self.closed = asyncio.Event()
        self.text = text

    async def items(self, request: object) -> AsyncIterator[Event]:
        try:
            while True:
                self.produced += 1
                yield event(self.produced, self.text)
        finally:
            self.closed.set()


class Client:
    """The other end of a session's socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.talk = ClientSide()
        self._loop = asyncio.get_running_loop()
        self._heard: list[Happening] = []

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self.socket, data)

    async def hear(self) -> Happening:
        """The next thing that the daemon tells."""
        async with asyncio.timeout(LIMIT_S):
            while not self._heard:
                data = await self._loop.sock_recv(self.socket, 65536)
                if not data:
                    raise Unreachable("closed")
                self._heard.extend(self.talk.receive(data))
        return self._heard.pop(0)

    async def hear_all(self) -> list[Happening]:
        """Everything until the daemon closes."""
        heard = []
        while True:
            try:
                heard.append(await self.hear())
            except Unreachable:
                return heard

    async def greet(self) -> "Client":
        await self.send(self.talk.hello(client="test"))
        assert isinstance(await self.hear(), Welcomed)
        return self

    async def ask(self, operation: str, request: object) -> int:
        request_id, data = self.talk.request(operation, request)
        await self.send(data)
        return request_id

    def close(self) -> None:
        self.socket.close()


class House:
    """Sessions over socket pairs, served by a scripted Api."""

    def __init__(self) -> None:
        self.api = ScriptedApi()
        self.ended = asyncio.Event()
        self.sessions: list[Session] = []
        self.clients: list[Client] = []

    def connect(self, **options: object) -> Client:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        session = Session(ours, self.api.api, lambda _: self.ended.set(), Turns(), **options)
        session.start()
        self.sessions.append(session)
        self.clients.append(Client(theirs))
        return self.clients[-1]

    async def gone(self) -> None:
        """Wait for the end of a session."""
        async with asyncio.timeout(LIMIT_S):
            await self.ended.wait()


@pytest.fixture
async def house():
    house = House()
    yield house
    for client in house.clients:
        client.close()
    if house.clients:
        await house.gone()


async def turns() -> None:
    """Let everything that can go on without new bytes go on."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_request_is_answered(house):
    client = await house.connect().greet()
    request_id = await client.ask("ping", Nothing())
    assert await client.hear() == Replied(request_id, Nothing())
    assert house.api.asked == [("ping", Nothing())]


async def test_a_stream_has_its_items_and_an_end(house):
    house.api.answers["events"] = [event(1), event(2)]
    client = await house.connect().greet()
    request_id = await client.ask("events", FOLLOW)
    heard = [await client.hear() for _ in range(3)]
    assert heard == [Arrived(request_id, event(1)), Arrived(request_id, event(2)), Ended(request_id)]


async def test_answers_come_in_the_order_in_which_they_are_ready(house):
    slow = asyncio.Event()

    async def wait(request: object) -> Nothing:
        await slow.wait()
        return Nothing()

    house.api.answers["shutdown"] = wait
    client = await house.connect().greet()
    first = await client.ask("shutdown", api.ShutdownRequest())
    second = await client.ask("ping", Nothing())
    assert await client.hear() == Replied(second, Nothing())
    slow.set()
    assert await client.hear() == Replied(first, Nothing())


async def test_an_error_of_the_api_arrives_as_it_was_raised(house):
    house.api.answers["ping"] = NotFound("no service 'wbe'", hint="did you mean 'web'?")
    client = await house.connect().greet()
    await client.ask("ping", Nothing())
    failed = await client.hear()
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, NotFound)
    assert str(failed.error) == "no service 'wbe'; did you mean 'web'?"


async def test_a_fault_of_ours_is_told_and_logged_and_the_connection_goes_on(house, caplog):
    house.api.answers["ping"] = ZeroDivisionError("division by zero")
    client = await house.connect().greet()
    await client.ask("ping", Nothing())
    assert "fault of its own in 'ping': ZeroDivisionError" in str((await client.hear()).error)
    assert "operation 'ping' failed" in caplog.text
    await client.ask("shutdown", api.ShutdownRequest())
    assert isinstance(await client.hear(), Replied)


async def test_a_stream_that_fails_ends_with_its_error(house):
    house.api.answers["events"] = [event(1), NotFound("gone")]
    client = await house.connect().greet()
    await client.ask("events", FOLLOW)
    assert isinstance(await client.hear(), Arrived)
    assert str((await client.hear()).error) == "gone"


@pytest.mark.parametrize(("json", "out"), [(False, ""), (True, '"code": "not_found"')])
async def test_a_failed_hot_command_is_told_in_text_with_its_exit_status(house, json, out):
    house.api.answers["render"] = [Rendered(out=""), NotFound("no service 'wbe'")]
    client = await house.connect().greet()
    await client.ask("render", RenderRequest(project=ProjectRef(), command="ps", json=json))
    shown = Rendered()
    while not isinstance(heard := await client.hear(), Ended):
        shown = Rendered(
            out=shown.out + heard.value.out, err=shown.err + heard.value.err, exit_status=heard.value.exit_status
        )
    assert out in shown.out
    assert "no service 'wbe'" in shown.err
    assert shown.exit_status == 1


async def test_a_cancelled_stream_is_closed_and_ended(house):
    tracked = Tracked()
    house.api.answers["events"] = tracked.items
    client = await house.connect().greet()
    request_id = await client.ask("events", FOLLOW)
    assert isinstance(await client.hear(), Arrived)
    await client.send(client.talk.cancel(request_id))
    while isinstance(heard := await client.hear(), Arrived):
        continue
    assert heard == Ended(request_id)
    assert tracked.closed.is_set()


async def test_a_stream_that_is_cancelled_with_its_request_is_ended(house):
    client = await house.connect().greet()
    request_id, data = client.talk.request("events", FOLLOW)
    await client.send(data + client.talk.cancel(request_id))
    assert await client.hear() == Ended(request_id)


async def test_a_stream_without_credit_is_not_asked_for_more(house):
    tracked = Tracked()
    house.api.answers["events"] = tracked.items
    client = await house.connect().greet()
    request_id = await client.ask("events", FOLLOW)
    for _ in range(WINDOW):
        await client.hear()
    await turns()
    assert tracked.produced == WINDOW
    await client.send(b"".join(client.talk.consumed(request_id) for _ in range(WINDOW // 2)))
    for _ in range(WINDOW // 2):
        await client.hear()
    await turns()
    assert tracked.produced == WINDOW + WINDOW // 2


async def test_a_reader_that_stalls_costs_one_buffer(house):
    tracked = Tracked("x" * 10_000)
    house.api.answers["events"] = tracked.items
    client = await house.connect().greet()
    request_id, data = client.talk.request("events", FOLLOW)
    unlimited = frame.to_bytes(Frame(Kind.CREDIT, 0, request_id, b"\xff" * 4))
    await client.send(data + unlimited)
    before = -1
    while tracked.produced > before:
        before = tracked.produced
        await turns()
    buffers = HIGH_BYTES + client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) * 2
    assert 0 < tracked.produced * 10_000 < buffers + 20_000


async def test_a_stalled_reader_does_not_keep_others_waiting(house):
    house.api.answers["events"] = Tracked("x" * 10_000).items
    stalled, other = await house.connect().greet(), await house.connect().greet()
    request_id, data = stalled.talk.request("events", FOLLOW)
    await stalled.send(data + frame.to_bytes(Frame(Kind.CREDIT, 0, request_id, b"\xff" * 4)))
    await other.ask("ping", Nothing())
    assert isinstance(await other.hear(), Replied)


async def test_whoever_reads_nothing_is_not_heard_either(house):
    house.api.answers["list_projects"] = lambda request: "x" * 100_000
    client = await house.connect().greet()
    wire = b"".join(client.talk.request("list_projects", Nothing())[1] for _ in range(2000))
    sending = asyncio.ensure_future(client.send(wire))
    before = -1
    while len(house.api.asked) > before:
        before = len(house.api.asked)
        await turns()
    assert len(house.api.asked) < 200
    sending.cancel()


async def test_a_disconnect_ends_the_clients_streams(house):
    tracked = Tracked()
    house.api.answers["events"] = tracked.items
    client = await house.connect().greet()
    await client.ask("events", FOLLOW)
    await client.hear()
    client.close()
    async with asyncio.timeout(LIMIT_S):
        await tracked.closed.wait()


async def test_a_command_is_completed_when_its_client_is_gone(house):
    going, done = asyncio.Event(), asyncio.Event()

    async def work(request: object) -> Nothing:
        going.set()
        await house.gone()
        done.set()
        return Nothing()

    house.api.answers["shutdown"] = work
    client = await house.connect().greet()
    await client.ask("shutdown", api.ShutdownRequest())
    await going.wait()
    client.close()
    async with asyncio.timeout(LIMIT_S):
        await done.wait()


async def test_too_many_requests_at_once_are_refused_one_by_one(house):
    never = asyncio.Event()
    house.api.answers["shutdown"] = lambda request: never.wait()
    client = await house.connect().greet()
    for _ in range(65):
        await client.ask("shutdown", api.ShutdownRequest())
    failed = await client.hear()
    assert isinstance(failed.error, Refused)
    await house.sessions[0].close(0.0)


async def test_a_client_that_says_nothing_is_closed(house):
    client = house.connect(hello_s=0.05)
    with pytest.raises(ProtocolError, match="its hello did not come in time"):
        await client.hear()
    client.close()
    await house.gone()


async def test_a_frame_that_stops_in_the_middle_is_closed(house):
    client = await house.connect(frame_s=0.05).greet()
    await client.send(frame.to_bytes(Frame(Kind.PING, payload=b"abc"))[:-1])
    with pytest.raises(ProtocolError, match="the rest of a frame did not come in time"):
        await client.hear()
    client.close()
    await house.gone()


async def test_a_quiet_client_is_left_alone(house):
    client = await house.connect(hello_s=0.3, frame_s=0.01).greet()
    await asyncio.sleep(0.35)
    await client.ask("ping", Nothing())
    assert isinstance(await client.hear(), Replied)


async def test_pings_are_answered(house):
    client = await house.connect().greet()
    await client.send(client.talk.ping(b"now"))
    assert await client.hear() == Ponged(b"now")


async def test_a_request_that_cannot_be_read_is_answered_and_the_connection_goes_on(house):
    client = await house.connect().greet()
    client.talk.request("ping", Nothing())
    await client.send(frame.to_bytes(Frame(Kind.REQUEST, 999, 1)))
    assert "operation 999 is not known here" in str((await client.hear()).error)
    await client.ask("ping", Nothing())
    assert isinstance(await client.hear(), Replied)


async def test_garbage_is_answered_with_an_error_and_the_end(house):
    client = house.connect()
    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(ProtocolError, match="HTTP is not spoken here"):
        await client.hear()
    client.close()
    await house.gone()


async def test_random_bytes_harm_nobody_else(house):
    healthy = await house.connect().greet()
    for seed in range(100):
        mad = house.connect()
        await mad.send(os.urandom(seed * 7))
        mad.close()
    await healthy.ask("ping", Nothing())
    assert isinstance(await healthy.hear(), Replied)


async def test_an_answer_over_the_limit_is_an_error(house):
    house.api.answers["list_projects"] = "x" * (frame.PAYLOAD_LIMIT + 1)
    client = await house.connect().greet()
    await client.ask("list_projects", Nothing())
    assert "over the limit" in str((await client.hear()).error)


async def test_closing_ends_streams_and_finishes_requests(house):
    house.api.answers["events"] = Tracked().items
    client = await house.connect().greet()
    stream = await client.ask("events", FOLLOW)
    command = await client.ask("ping", Nothing())
    while not isinstance(await client.hear(), Arrived):
        continue
    closing = asyncio.ensure_future(house.sessions[0].close(LIMIT_S))
    heard = await client.hear_all()
    await closing
    assert [found for found in heard if isinstance(found, Replied)] == [Replied(command, Nothing())]
    assert [(found.request_id, found.error.code) for found in heard if isinstance(found, Failed)] == [
        (stream, "unreachable")
    ]
