"""Looks at what services use: one for all who ask, and none when nobody does."""

import asyncio

from nexsock.errors import Unreachable
from nexsock.model.project import ProjectRef
from nexsock.model.status import Usage
from nexsock.testing.scripted import ScriptedApi
from nexsock.web import meter

SHOP = ProjectRef(directory="/shop")


class Looks:
    """A stream of looks that come when a test says so."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Usage] = asyncio.Queue()
        self.begun = 0
        self.ended = asyncio.Event()

    async def stream(self, _request: object):
        self.begun += 1
        try:
            while True:
                yield await self.queue.get()
        finally:
            self.ended.set()

    async def give(self, at: float) -> None:
        await self.queue.put(Usage(at=at, memory="pss"))
        while not self.queue.empty():
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)


async def test_looks_are_shared_and_end_when_nobody_asks():
    looks, moment = Looks(), [0.0]
    found = meter.Meter(ScriptedApi(top=looks.stream).api, lambda: moment[0])
    assert found.looked(SHOP) == found.looked(SHOP) == ()
    await looks.give(1.0)
    assert [one.at for one in found.looked(SHOP)] == [1.0]
    assert looks.begun == 1
    moment[0] = meter.UNASKED_S + 1
    await looks.give(2.0)
    await asyncio.wait_for(looks.ended.wait(), 10)


async def test_looks_begin_anew_after_the_daemon_was_away():
    answers: list[object] = [Unreachable("away")]
    api = ScriptedApi(top=lambda _: answers.pop() if answers else ())
    found = meter.Meter(api.api, lambda: 0.0)
    for _ in range(3):
        assert found.looked(SHOP) == ()
        for _ in range(5):
            await asyncio.sleep(0)
    assert len(api.asked) == 3
