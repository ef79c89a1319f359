"""The web process around the application."""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.types import Receive, Scope, Send

from nexsock.errors import PortBusy
from nexsock.web import __main__ as process
from nexsock.web import serve


def test_it_listens_on_loopback_alone():
    with serve.bind(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_what_is_sent_goes_at_once():
    with serve.bind(0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_was_asked_for_and_is_taken_is_an_error():
    with serve.bind(0) as taken, pytest.raises(PortBusy, match="is taken"):
        serve.bind(taken.getsockname()[1])


def test_without_a_wish_another_port_is_taken_where_the_usual_one_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = taken.getsockname()[1]
        with serve.bind(None, usual=busy) as listener:
            assert listener.getsockname()[1] != busy


def test_a_private_file_is_private_and_follows_no_link(tmp_path):
    elsewhere, path = tmp_path / "elsewhere", tmp_path / "token"
    elsewhere.write_text("mine")
    path.symlink_to(elsewhere)
    serve.write_private(str(path), "secret")
    assert (path.read_text(), elsewhere.read_text()) == ("secret", "mine")
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o600


def test_the_browser_is_led_by_a_page_that_only_the_user_can_read():
    page = process.doorway("http://nexsock.localhost:7717/enter/a&b")
    assert 'content="0;url=http://nexsock.localhost:7717/enter/a&amp;b"' in page


def test_the_greeting_has_one_link_under_both_names():
    said = process.greeting(7717, "code", "/run/7717.token")
    assert "http://nexsock.localhost:7717/enter/code\n" in said
    assert "http://127.0.0.1:7717/enter/code\n" in said
    assert said.endswith("/run/7717.token")


LIMIT_S = 60.0
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"


class Hasty(serve.Connection):
    head_s = 0.2


@asynccontextmanager
async def served(connection: type[serve.Connection], answer: asyncio.Event) -> AsyncIterator[int]:
    """The port of a server that answers everything once `answer` is set; what never ends fails the test."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})

    listener = serve.bind(0)
    server = serve.Server(serve.settings(app, connection), answer.set)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(LIMIT_S):
            yield listener.getsockname()[1]
    finally:
        server.end()
        await serving


async def opened(port: int, *pieces: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    return reader, writer


async def test_a_connection_without_the_head_of_a_request_ends():
    async with served(Hasty, asyncio.Event()) as port:
        for pieces in ((), (REQUEST[:-9],)):
            reader, writer = await opened(port, *pieces)
            assert await reader.read() == b""
            writer.close()


async def test_the_rest_of_a_head_cannot_come_forever():
    async with served(Hasty, asyncio.Event()) as port:
        reader, writer = await opened(port, b"GET / HTTP/1.1\r\n")
        ended = asyncio.gather(
            reader.read(), return_exceptions=True
        )  # an end, or a reset: a line may just be on its way
        while not ended.done():
            writer.write(b"x: y\r\n")
            await asyncio.sleep(0.01)
        writer.close()


async def test_an_answer_takes_as_long_as_it_takes():
    answer = asyncio.Event()
    async with served(Hasty, answer) as port:
        reader, writer = await opened(port, REQUEST)
        silent, other = await opened(port)
        assert await silent.read() == b""  # so much time has gone by
        answer.set()
        assert await reader.readuntil(b"here")
        for one in (writer, other):
            one.close()


async def test_who_waits_longest_without_a_request_makes_room_for_the_next():
    answer = asyncio.Event()
    async with served(serve.Connection, answer) as port:
        asking = await opened(port, REQUEST)
        silent = [await opened(port) for _ in range(serve.CONNECTIONS + 20)]
        answer.set()
        late = await opened(port, REQUEST)
        for reader, _ in (asking, late):
            assert (await reader.readuntil(b"here")).startswith(b"HTTP/1.1 200")
        assert [await reader.read() for reader, _ in silent[:22]] == [b""] * 22
        for _, writer in [asking, late, *silent]:
            writer.close()


async def sending_on(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has its answer, and goes on with the body all the same."""
    reader, writer = await opened(port, HALF)
    await reader.readuntil(b"here\r\n0\r\n\r\n")
    writer.write(b"x")
    return reader, writer


async def test_a_body_that_comes_after_its_answer_does_not_keep_the_connection():
    answer = asyncio.Event()
    answer.set()
    async with served(Hasty, answer) as port:
        reader, writer = await sending_on(port)
        assert await reader.read() == b""
        writer.close()


async def test_bodies_that_come_after_their_answers_make_room_for_a_request():
    answer = asyncio.Event()
    answer.set()
    async with served(serve.Connection, answer) as port:
        held = [await sending_on(port) for _ in range(serve.CONNECTIONS + 20)]
        late = await opened(port, REQUEST)
        assert (await late[0].readuntil(b"here")).startswith(b"HTTP/1.1 200")
        for _, writer in [late, *held]:
            writer.close()


async def test_nobody_outside_writes_to_the_terminal(caplog):
    upgrade = REQUEST[:-2] + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    answer = asyncio.Event()
    answer.set()
    async with served(serve.Connection, answer) as port:
        for piece, end in ((b"\x16\x03\x01\r\n\r\n", b"received."), (upgrade, b"here")):
            reader, writer = await opened(port, piece)
            await reader.readuntil(end)
            writer.close()
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn")] == []
