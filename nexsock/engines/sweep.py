"""Look at the machine for many runs at once: however many ask for processes, one pass over /proc answers them.

Looking through /proc takes a millisecond for 90 processes. When 200 services end together, each wants to know what
it has left behind; they share a pass.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Collection, Iterable

from nexsock.runtime import commits, identity, ports, tree
from nexsock.runtime.ages import Ages

GATHER_S = 0.002
"""How long questions are gathered before the pass that answers them, when many come: one that comes alone has its
answer at once."""
ALONE_S = 0.02
"""After so long without a pass, a question is taken to come alone."""

LOOKS = 100
"""How often one looks again for a run of which nothing was found while processes ended under our eyes: two seconds of
a storm of forks, which need not be the run's own."""


class Sweep:
    """Shared by the engines of all projects."""

    def __init__(self) -> None:
        self._ages = Ages()
        self._next: asyncio.Future[tree.Table] | None = None
        self._since_ticks = sys.maxsize
        self._looked_at = 0.0
        self._ports: dict[int, tuple[int, ...]] | None = None
        self._commits: dict[str, str | None] = {}

    async def members(self, leader: identity.Identity, fifos: Collection[str]) -> list[identity.Identity]:
        """The live processes of the run that `leader` leads or led. None: nobody was there (tree.Table.settled)."""
        for _ in range(LOOKS):
            table = await self._table(leader.start_ticks)
            found = table.members(leader, fifos)
            if found or table.settled:
                return found
        return []

    def now(self, leader: identity.Identity, fifos: Collection[str]) -> list[identity.Identity]:
        """The same with a look of its own."""
        return tree.members(leader, fifos)

    def signal(self, processes: Iterable[identity.Identity], number: signal.Signals) -> None:
        """Send a signal to each that is still what it was; never to a stranger."""
        tree.kill_all(processes, number)

    async def ended(self, processes: Iterable[identity.Identity]) -> None:
        """Return when the first of these has ended; at once when one has already."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        watched: list[int] = []
        try:
            for process in processes:
                try:
                    watched.append(os.pidfd_open(process.pid))
                except ProcessLookupError:
                    return
                loop.add_reader(watched[-1], done.set)
            await done.wait()
        finally:
            for descriptor in watched:
                loop.remove_reader(descriptor)
                with contextlib.suppress(OSError):
                    os.close(descriptor)

    def listening(self) -> dict[int, tuple[int, ...]]:
        """Listening sockets by port, looked up at most once in a turn of the loop."""
        if self._ports is None:
            self._ports = ports.listening()
            asyncio.get_running_loop().call_soon(self._forget_ports)
        return self._ports

    def commit(self, folder: str) -> str | None:
        """The commit that is checked out around a folder, looked up at most once in a turn of the loop."""
        if not self._commits:
            asyncio.get_running_loop().call_soon(self._commits.clear)
        if folder not in self._commits:
            self._commits[folder] = commits.commit_of(folder)
        return self._commits[folder]

    async def _table(self, since_ticks: int) -> tree.Table:
        self._since_ticks = min(self._since_ticks, since_ticks)
        if self._next is None:
            loop = asyncio.get_running_loop()
            self._next = loop.create_future()
            is_alone = loop.time() >= self._looked_at + ALONE_S
            loop.call_later(0.0 if is_alone else GATHER_S, self._look, self._next)
        return await asyncio.shield(self._next)

    def _forget_ports(self) -> None:
        self._ports = None

    def _look(self, waiting: asyncio.Future[tree.Table]) -> None:
        since_ticks, self._since_ticks, self._next = self._since_ticks, sys.maxsize, None
        if not waiting.done():
            waiting.set_result(tree.Table(since_ticks, self._ages))
        self._looked_at = asyncio.get_running_loop().time()
