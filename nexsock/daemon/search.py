"""A search through logs, done by a process of its own that dies with it (see search_worker)."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

import nexsock
from nexsock import errors
from nexsock.daemon.search_worker import FLUSH, LENGTH, POLL, Found, Request
from nexsock.model import packed
from nexsock.model.log import LogLine, LogQuery

WORKER = (sys.executable, "-P", "-m", "nexsock.daemon.search_worker")


class Search:
    """One search. Read `past` to its end, then `poll` where it was begun with `follow`; `close` it in any case."""

    def __init__(self, worker: asyncio.subprocess.Process) -> None:
        """Take over a worker that has its request. See `begin`."""
        self._worker = worker

    async def past(self) -> AsyncIterator[LogLine]:
        """What is there and matches.

        Raises:
            UsageError: it is no regular expression, or one that takes too long on a line.
        """
        while lines := await self._found():
            for line in lines:
                yield line

    async def poll(self, *, flush: bool) -> list[LogLine]:
        """As Follower.poll."""
        assert self._worker.stdin is not None
        try:
            self._worker.stdin.write(FLUSH if flush else POLL)
            await self._worker.stdin.drain()
        except ConnectionError:
            pass  # it has said why
        return await self._found()

    async def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._worker.kill()
        await self._worker.wait()

    async def _found(self) -> list[LogLine]:
        assert self._worker.stdout is not None
        try:
            (length,) = LENGTH.unpack(await self._worker.stdout.readexactly(LENGTH.size))
            found = packed.decode(await self._worker.stdout.readexactly(length), Found)
        except EOFError as error:
            raise errors.NexsockError("the program that searches the logs has ended; search again") from error
        if found.problem:
            raise errors.UsageError(found.problem)
        return found.lines


async def begin(folder: str, query: LogQuery, *, follow: bool) -> Search:
    """Start a worker on a query that has a `grep`."""
    worker = await asyncio.create_subprocess_exec(
        *WORKER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=_environment(),
        cwd="/",
    )
    assert worker.stdin is not None
    body = packed.encode(Request(folder=folder, query=query, follow=follow))
    with contextlib.suppress(ConnectionError):  # the first answer says so
        worker.stdin.write(LENGTH.pack(len(body)) + body)
        await worker.stdin.drain()
    return Search(worker)


def _environment() -> dict[str, str]:
    """Our own; the worker runs the same nexsock as we do, wherever it was imported from."""
    return {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(nexsock.__file__)))}
