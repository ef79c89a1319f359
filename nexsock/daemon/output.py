"""The output of a project's services, for all who read or follow it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from nexsock.daemon import search
from nexsock.engines.growth import Growth
from nexsock.logs import read
from nexsock.logs.batches import batches
from nexsock.logs.follow import Follower
from nexsock.model.log import LogLine, LogQuery

FLUSH_S = 0.2
"""How long a line without its end is held back for those who follow."""


class Reader(Protocol):
    """What reads the logs for one query: ourselves, or where it searches a process of its own."""

    def past(self) -> AsyncIterator[LogLine]:
        """The lines that are there."""

    async def poll(self, *, flush: bool) -> list[LogLine]:
        """The lines that have come since, as Follower.poll."""


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

    @contextmanager
    def following(self, services: Iterable[str]) -> Iterator[asyncio.Event]:
        """An event for `listen`; it is also set when one of these services has a new run."""
        grown = asyncio.Event()
        self._followers[grown] = frozenset(services)
        try:
            yield grown
        finally:
            del self._followers[grown]
            self._growth.leave(grown)

    async def listen(self, grown: asyncio.Event) -> None:
        """From now on an event of `following` is set when one of its services writes."""
        grown.clear()
        await self._growth.begin(self._instances(self._followers[grown]), grown)

    async def lines(self, query: LogQuery, follow: bool) -> AsyncIterator[LogLine]:
        """The lines that a query selects, and with `follow` those that come, as they come."""
        async with _reader(self._logs_dir, query, follow) as reader:
            with self.following(query.services) as grown:
                async for line in reader.past():
                    yield line
                if follow:
                    async for line in self._lines_to_come(reader, grown):
                        yield line

    async def _lines_to_come(self, reader: Reader, grown: asyncio.Event) -> AsyncIterator[LogLine]:
        """What is written from now on; a line without its end is given out when nothing came for a moment."""
        flush = False
        while True:
            await self.listen(grown)
            lines = await reader.poll(flush=flush)
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


@asynccontextmanager
async def _reader(folder: str, query: LogQuery, follow: bool) -> AsyncIterator[Reader]:
    if not query.grep:
        ours = _Ourselves(folder, query, follow)
        try:
            yield ours
        finally:
            ours.close()
        return
    searching = await search.begin(folder, query, follow=follow)
    try:
        yield searching
    finally:
        await searching.close()


class _Ourselves:
    """Reads in a thread what is there, and in the event loop what comes."""

    def __init__(self, folder: str, query: LogQuery, follow: bool) -> None:
        self._follower = Follower(folder, query) if follow else None
        self._past = self._follower.past() if self._follower else read.read(folder, query)

    def past(self) -> AsyncIterator[LogLine]:
        return _without_blocking(self._past)

    async def poll(self, *, flush: bool) -> list[LogLine]:
        return self._follower.poll(flush=flush) if self._follower else []

    def close(self) -> None:
        if self._follower:
            self._follower.close()


async def _without_blocking(lines: Iterator[LogLine]) -> AsyncIterator[LogLine]:
    """The lines of a reader that waits for the disk, in a thread, a batch at a time."""
    read_ahead = batches(lines)
    while batch := await asyncio.to_thread(next, read_ahead, None):
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
