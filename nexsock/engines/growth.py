"""Wait until services have written something, without looking again and again."""

import asyncio
from collections.abc import Iterable

from nexsock.runtime.hands import Hands
from nexsock.runtime.kept import Refused


class Growth:
    """Who waits for the logs of which runs. Shared by all projects of a daemon.

    A wait that begins is in effect before anything is read: `begin`, then read what is there, then `wait`.
    """

    def __init__(self, keeper: Hands) -> None:
        self._keeper = keeper
        self._waiting: dict[str, set[asyncio.Event]] = {}

    async def begin(self, instances: Iterable[str], grown: asyncio.Event) -> None:
        """Have `grown` set when one of these runs writes from now on."""
        for instance in instances:
            waiting = self._waiting.setdefault(instance, set())
            asked = bool(waiting)
            waiting.add(grown)
            if not asked:
                try:
                    await self._keeper.notice(instance)
                except Refused:  # it has ended, or is about to be started: whoever is told of that asks again
                    self._waiting.pop(instance, None)

    def leave(self, grown: asyncio.Event) -> None:
        """Nobody waits for this any more."""
        for instance, known in list(self._waiting.items()):
            known.discard(grown)
            if not known:
                del self._waiting[instance]

    def lost(self) -> None:
        """The keeper is gone, and with it what it was asked: everyone looks, and asks the next one."""
        for instance in list(self._waiting):
            self.tell(instance)

    def tell(self, instance: str) -> None:
        """The log of this run has grown."""
        for grown in self._waiting.pop(instance, ()):
            grown.set()
