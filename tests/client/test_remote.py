import asyncio
import os

import pytest

from nexsock.client import remote
from nexsock.daemon import listen
from nexsock.errors import NotFound, Unreachable
from nexsock.model.event import Event
from nexsock.protocol import conversation
from nexsock.protocol.api import EventsRequest, Nothing
from nexsock.testing.scripted import ScriptedApi

FOLLOW = EventsRequest(follow=True)


def event(seq: int) -> Event:
    return Event(at=1.0, seq=seq, project="shop", kind="phase")


@pytest.fixture
async def served(tmp_path):
    """A scripted Api, and a client of it over a real socket."""
    path, api = f"{tmp_path}/run/nexsockd.sock", ScriptedApi()
    door = listen.Door(api.api, os.getuid())
    door.open(listen.bind_unix(path, os.getuid()))
    client = await remote.connect(path)
    yield api, client, door
    client.close()
    await door.close(0.0)


async def test_a_call_gives_its_reply(served):
    _, client, _ = served
    assert await client.api.ping(Nothing()) == Nothing()


async def test_many_calls_at_once_get_their_own_answers(served):
    api, client, _ = served
    api.answers["list_projects"] = ()
    answers = await asyncio.gather(*(client.api.list_projects(Nothing()) for _ in range(50)))
    assert answers == [()] * 50


async def test_an_error_arrives_as_it_was_raised(served):
    api, client, _ = served
    api.answers["ping"] = NotFound("no")
    with pytest.raises(NotFound, match="no"):
        await client.api.ping(Nothing())


async def test_a_stream_gives_its_items_many_times_the_window(served):
    api, client, _ = served
    count = conversation.WINDOW * 3
    api.answers["events"] = [event(number) for number in range(count)]
    assert [found.seq async for found in client.api.events(FOLLOW)] == list(range(count))


async def test_a_stream_that_is_left_is_cancelled(served):
    api, client, _ = served
    closed = asyncio.Event()

    async def endless(request):
        try:
            while True:
                yield event(1)
        finally:
            closed.set()

    api.answers["events"] = endless
    items = client.api.events(FOLLOW)
    await anext(items)
    await items.aclose()
    async with asyncio.timeout(60):
        await closed.wait()


async def test_a_stream_that_is_not_taken_holds_the_daemon_back(served):
    api, client, _ = served
    produced = []

    async def endless(request):
        while True:
            produced.append(1)
            yield event(len(produced))

    api.answers["events"] = endless
    items = client.api.events(FOLLOW)
    await anext(items)
    for _ in range(3):
        await client.api.ping(Nothing())
    assert len(produced) <= conversation.WINDOW + 1
    await items.aclose()


async def test_everything_under_way_fails_when_the_daemon_ends(served):
    api, client, door = served
    never = asyncio.Event()
    api.answers["ping"] = lambda request: never.wait()
    call = asyncio.ensure_future(client.api.ping(Nothing()))
    await asyncio.sleep(0)
    await door.close(0.0)
    with pytest.raises(Unreachable, match="ended the conversation"):
        await call
    with pytest.raises(Unreachable):
        await client.api.ping(Nothing())


async def test_nobody_there_is_unreachable(tmp_path):
    with pytest.raises(Unreachable, match="does not run"):
        await remote.connect(f"{tmp_path}/nobody.sock")


async def test_what_is_no_operation_is_no_attribute(served):
    _, client, _ = served
    with pytest.raises(AttributeError):
        _ = client.teleport
