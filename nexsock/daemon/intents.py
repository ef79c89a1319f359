"""Commands that are to start services and wait for checkouts first: what a person wanted last counts.

A clone can take minutes. Whoever stops the services meanwhile finds nothing that runs; the command that waits must not
start them afterwards.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from nexsock import errors


class Intent:
    """A command that is to start services. It is overtaken when all of them are stopped before it has done so."""

    def __init__(self, about: frozenset[str]) -> None:
        self.about = about
        self._overtaken = False
        self._work: asyncio.Future[bool] | None = None

    def begin(self, work: Coroutine[Any, Any, bool]) -> asyncio.Future[bool]:
        """Begin what has to be done before the start; it ends when nobody wants it any more."""
        self._work = asyncio.ensure_future(work)
        return self._work

    async def outcome(self) -> bool:
        """What the work has come to.

        Raises:
            Conflict: the command is overtaken.
        """
        assert self._work is not None
        await asyncio.wait([self._work])
        self.check()
        return self._work.result()

    def check(self) -> None:
        """Raises Conflict if the command is overtaken."""
        if self._overtaken:
            raise errors.Conflict("a later command stops what this one was to start")

    def overtake(self) -> None:
        self._overtaken = True
        if self._work is not None:
            self._work.cancel()


class Intents:
    """Those of one project."""

    def __init__(self) -> None:
        self._waiting: list[Intent] = []

    @contextmanager
    def start(self, services: Iterable[str]) -> Iterator[Intent]:
        """A command that is to start these, as long as it is not done with it."""
        intent = Intent(frozenset(services))
        self._waiting.append(intent)
        try:
            yield intent
        finally:
            self._waiting.remove(intent)

    def stop(self, services: Iterable[str] | None) -> None:
        """These, or with None all, are stopped: whoever was to start them and nothing else is overtaken."""
        for intent in self._waiting:
            if services is None or intent.about <= frozenset(services):
                intent.overtake()
