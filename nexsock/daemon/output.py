"""The output of a project's services, for all who read or follow it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import islice

from nexsock.engines.growth import Growth
from nexsock.logs import read
from nexsock.logs.follow import Follower
from nexsock.model.log import LogLine, LogQuery

FLUSH_S = 0.2
"""How long a line without its end is held back for those who follow."""
BATCH_LINES = 512
"""Lines of history that are read in one go, in a thread."""


class Output:
    """The log files of one project.

    Args:
        growth: tells when a run writes.
        instances: the runs of these services that may write now.
    """

    def __init__(self, logs_dir: str, growth: Growth, instances: Callable[[Iterable[str]], list[str]]) -> None:
        self._logs_dir = logs_dir
        self._growth = growth
        self._instances = instances
        self._followers: dict[asyncio.Event, frozenset[str]] = {}

    def launched(self, service: str) -> None:
        """A service has a new run: those who follow it have to ask for that one, too."""
        for grown, services in self._followers.items():
            if service in services:
                grown.set()

    async def lines(self, query: LogQuery, follow: bool) -> AsyncIterator[LogLine]:
        """The lines that a query selects, and with `follow` those that come, as they come."""
        if not follow:
            async for line in _without_blocking(read.read(self._logs_dir, query)):
                yield line
            return
        follower, grown = Follower(self._logs_dir, query), asyncio.Event()
        self._followers[grown] = frozenset(query.services)
        try:
            async for line in _without_blocking(follower.past()):
                yield line
            async for line in self._lines_to_come(follower, grown):
                yield line
        finally:
            del self._followers[grown]
            self._growth.leave(grown)
            follower.close()

    async def _lines_to_come(self, follower: Follower, grown: asyncio.Event) -> AsyncIterator[LogLine]:
        """What is written from now on; a line without its end is given out when nothing came for a moment."""
        flush = False
        while True:
            grown.clear()
            await self._growth.begin(self._instances(self._followers[grown]), grown)
            lines = follower.poll(flush=flush)
            for line in lines:
                yield line
            if lines:
                flush = False
                await asyncio.sleep(0)  # a flood is always ahead of us: everyone else has a turn
            elif flush:
                await grown.wait()
                flush = False
            else:
                flush = not await _within(FLUSH_S, grown)


async def _without_blocking(lines: Iterator[LogLine]) -> AsyncIterator[LogLine]:
    """The lines of a reader that waits for the disk and may search through gigabytes."""
    while batch := await asyncio.to_thread(lambda: list(islice(lines, BATCH_LINES))):
        for line in batch:
            yield line


async def _within(limit_s: float, happening: asyncio.Event) -> bool:
    """Whether it happens within this time."""
    try:
        async with asyncio.timeout(limit_s):
            await happening.wait()
    except TimeoutError:
        return False
    return True
