"""End a daemon that has had nothing to do for a while, where the settings say so."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

LOOKS = 4
"""How often in that time it is looked whether there is something to do."""


class Occupied(Protocol):
    """Whether a project gives the daemon something to do (daemon.host.Host)."""

    @property
    def busy(self) -> bool: ...


async def end_when_idle(
    timeout_s: float, hosts: Callable[[], Iterable[Occupied]], clients: Callable[[], int], end: Callable[[], None]
) -> None:
    """Call `end` once at each look for so long no client was connected and no project was busy."""
    quiet = 0
    while quiet < LOOKS:
        await asyncio.sleep(timeout_s / LOOKS)
        quiet = 0 if clients() or any(host.busy for host in hosts()) else quiet + 1
    end()
