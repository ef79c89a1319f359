"""A client that does nothing but ping, and what its answers amount to."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nexsock.protocol.api import Nothing
from tests.reliability.visitor import Visitor, percentile

PAUSE_S = 0.002


class Pinging:
    """A client in a thread of its own that pings until it is stopped."""

    def __init__(self, path: str, limit_s: float) -> None:
        self._visitor = Visitor(path, limit_s=limit_s)
        self._enough = threading.Event()
        self._took: list[float] = []
        self._thread = threading.Thread(target=self._ping)

    def __enter__(self) -> list[float]:
        """Seconds of each answer; complete when this is left."""
        self._thread.start()
        return self._took

    def __exit__(self, *_error: object) -> None:
        self._enough.set()
        self._thread.join()
        self._visitor.close()

    def _ping(self) -> None:
        while not self._enough.wait(PAUSE_S):
            self._took.append(self._visitor.took_s("ping", Nothing()))


@asynccontextmanager
async def beside_the_loop() -> AsyncIterator[list[float]]:
    """Seconds by which a loop is late for each of its steps, while something blocks it."""
    took: list[float] = []

    async def ping() -> None:
        while True:
            due = time.perf_counter() + PAUSE_S
            await asyncio.sleep(PAUSE_S)
            took.append(time.perf_counter() - due)

    pinging = asyncio.create_task(ping())
    try:
        yield took
    finally:
        pinging.cancel()


def p99_in_ms(took: list[float]) -> float:
    """Of pings in even steps: one that was late stands for those that could not be asked meanwhile."""
    asked = [late - step * PAUSE_S for late in took for step in range(int(late / PAUSE_S) + 1)]
    return percentile(asked, 0.99) * 1000
