"""What services used in the last minutes, for the small lines of pages: one look for all pages, only while some ask."""

import asyncio
from collections import deque
from collections.abc import Callable

from nexsock.errors import NexsockError
from nexsock.model.project import ProjectRef
from nexsock.model.status import Usage
from nexsock.protocol.api import Api, TopRequest

INTERVAL_S = 5.0
KEPT = 60
"""Looks of one project that are kept: five minutes."""
UNASKED_S = 20.0
"""After so long without a question nobody is looking any more."""


class Meter:
    """Looks at a project's services every few seconds from the first question on, until questions cease.

    Args:
        now: seconds; any clock that goes forward.
    """

    def __init__(self, api: Api, now: Callable[[], float]) -> None:
        self._api = api
        self._now = now
        self._looks: dict[str, deque[Usage]] = {}
        self._asked: dict[str, float] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def looked(self, ref: ProjectRef) -> tuple[Usage, ...]:
        """The looks so far, oldest first; asking keeps them coming."""
        key = ref.name or ref.directory
        self._asked[key] = self._now()
        if key not in self._tasks:
            self._tasks[key] = asyncio.ensure_future(self._look(key, ref))
        return tuple(self._looks.get(key, ()))

    def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def _look(self, key: str, ref: ProjectRef) -> None:
        looks = self._looks[key] = deque(maxlen=KEPT)
        request = TopRequest(project=ref, interval_s=INTERVAL_S, samples=None)
        try:
            async for usage in self._api.top(request):
                looks.append(usage)
                if self._now() - self._asked[key] > UNASKED_S:
                    break
        except NexsockError:
            looks.clear()  # whoever asks next begins anew
        finally:
            del self._tasks[key]
