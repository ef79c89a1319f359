"""The way to a daemon that comes and goes."""

import pytest

from nexsock.errors import NotFound, Unreachable
from nexsock.protocol.api import Nothing
from nexsock.testing.scripted import ScriptedApi
from nexsock.web.link import Daemon


class Remote(ScriptedApi):
    """A conversation; `lost` as in client.remote."""

    lost = False

    def close(self) -> None:
        self.lost = True


class Road:
    """Gives conversations one after the other; an error where there is none."""

    def __init__(self, *found):
        self.found = list(found)

    async def __call__(self):
        one = self.found.pop(0)
        if isinstance(one, Exception):
            raise one
        return one


async def test_calls_share_one_conversation():
    daemon = Daemon(Road(Remote()))
    await daemon.api.ping(Nothing())
    await daemon.api.ping(Nothing())


async def test_a_conversation_that_is_lost_is_replaced():
    first = Remote()
    daemon = Daemon(Road(first, Remote()))
    await daemon.api.ping(Nothing())
    first.lost = True
    await daemon.api.ping(Nothing())


async def test_one_that_breaks_off_under_a_call_fails_it_and_the_next_call_begins_anew():
    daemon = Daemon(Road(Remote(ping=Unreachable("it ended")), Remote()))
    with pytest.raises(Unreachable):
        await daemon.api.ping(Nothing())
    await daemon.api.ping(Nothing())


async def test_another_error_keeps_the_conversation():
    daemon = Daemon(Road(Remote(ping=NotFound("no such thing"))))
    for _ in range(2):
        with pytest.raises(NotFound):
            await daemon.api.ping(Nothing())


async def test_while_there_is_none_calls_and_streams_say_so():
    daemon = Daemon(Road(ConnectionRefusedError(), TimeoutError(), Remote(events=())))
    with pytest.raises(Unreachable):
        await daemon.api.ping(Nothing())
    with pytest.raises(Unreachable):
        [event async for event in daemon.api.events(Nothing())]
    assert [event async for event in daemon.api.events(Nothing())] == []
