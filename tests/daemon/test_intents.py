"""Who was to start services and finds them stopped meanwhile."""

import asyncio

import pytest

from nexsock.daemon.intents import Intents
from nexsock.errors import Conflict


async def provided(done: asyncio.Event) -> bool:
    await done.wait()
    return True


@pytest.mark.parametrize("stopped", [None, ("web", "db"), ("web", "db", "api")])
async def test_who_waits_to_start_what_is_stopped_is_overtaken_at_once(stopped):
    intents = Intents()
    with intents.start(("web", "db")) as intent:
        work = intent.begin(provided(asyncio.Event()))
        intents.stop(stopped)
        with pytest.raises(Conflict):
            await intent.outcome()
    assert work.cancelled()


@pytest.mark.parametrize("stopped", [(), ("db",), ("api",)])
async def test_who_is_to_start_more_than_that_goes_on(stopped):
    intents, done = Intents(), asyncio.Event()
    with intents.start(("web", "db")) as intent:
        intent.begin(provided(done))
        intents.stop(stopped)
        done.set()
        assert await intent.outcome()
        intent.check()


async def test_what_is_stopped_while_others_change_the_project_overtakes_too():
    intents, done = Intents(), asyncio.Event()
    done.set()
    with intents.start(("web",)) as intent:
        intent.begin(provided(done))
        assert await intent.outcome()
        intents.stop(("web",))
        with pytest.raises(Conflict):
            intent.check()


async def test_what_comes_later_is_not_overtaken():
    intents, done = Intents(), asyncio.Event()
    done.set()
    intents.stop(None)
    with intents.start(("web",)) as intent:
        intent.begin(provided(done))
        assert await intent.outcome()
