"""One run of a service as a process, from its preparation to the moment when nothing of it is left."""

import asyncio
import signal
from collections.abc import Coroutine

from nexsock.engines.sweep import Sweep
from nexsock.lifecycle.stop import UNKILLABLE_AFTER_S
from nexsock.model.service import Service
from nexsock.model.state import Run
from nexsock.runtime import clock, identity


class Life:
    """One run: the task that launches it, its end, and the wish to kill it."""

    def __init__(self, service: Service, run: Run) -> None:
        self.service = service
        self.run = run
        self.leader = _leader(run) if run.pid is not None else None
        self.spawning = False
        self.launching: asyncio.Task[None] | None = None
        self.ended = asyncio.Event()
        self.kill = asyncio.Event()


async def clear(life: Life, sweep: Sweep, fifos: tuple[str, str]) -> tuple[int, ...]:
    """Wait until nothing of the run is left, killing when told to; return the pids that would not end."""
    assert life.leader is not None
    signalled: set[int] = {life.leader.pid}
    deadline: float | None = None
    while True:
        if not life.kill.is_set():
            await _first(life.ended.wait(), life.kill.wait())
        left = await sweep.members(life.leader, fifos)
        if not left and life.ended.is_set():
            return ()
        if life.kill.is_set():
            deadline = deadline or clock.monotonic() + UNKILLABLE_AFTER_S
            if clock.monotonic() >= deadline:
                return tuple(found.pid for found in left)
            sweep.signal(left, signal.SIGKILL)
        else:
            fresh = [found for found in left if found.pid not in signalled]
            sweep.signal(fresh, signal.Signals[life.service.stop.signal])
            signalled.update(found.pid for found in fresh)
        await _some_end(life, sweep, left, deadline)


async def _some_end(life: Life, sweep: Sweep, left: list[identity.Identity], deadline: float | None) -> None:
    """Return when one of these has ended, when the end of the main process or the wish to kill comes, or at the
    deadline."""
    coming = [told.wait() for told in (life.ended, life.kill) if not told.is_set()]
    waits: list[Coroutine[None, None, object]] = [sweep.ended(left), *coming]
    limit = None if deadline is None else max(0.0, deadline - clock.monotonic())
    await _first(*waits, timeout_s=limit)


def _leader(run: Run) -> identity.Identity:
    return identity.Identity(run.pid or 0, run.start_ticks or 0, run.boot_id, run.instance)


async def _first(*waits: Coroutine[None, None, object], timeout_s: float | None = None) -> None:
    """Wait for the first of these to end, and cancel the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
