"""Ask for the health of every run that has a healthcheck, one question at a time each, and report the answers."""

import asyncio
from collections.abc import Awaitable, Callable

from nexsock.engines.base import Reporter
from nexsock.lifecycle import health as judging
from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.report import Probed
from nexsock.model.service import Service
from nexsock.model.state import Health, Run

Attempt = Callable[[Service, Run, Healthcheck, dict[str, str]], Awaitable[ProbeResult]]
"""Ask once (runtime.probe); ends within the check's time limit whatever the other side does."""


class ProbingMonitor:
    """One task for each run that is attended.

    Args:
        attempt: asks once.
        health_of: the counts of a service as they stand, from which the next pause follows.
        wall: unix seconds now.
    """

    def __init__(
        self,
        attempt: Attempt,
        report: Reporter,
        health_of: Callable[[str], Health | None],
        wall: Callable[[], float],
    ) -> None:
        self._attempt = attempt
        self._report = report
        self._health_of = health_of
        self._wall = wall
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def attend(self, service: Service, run: Run, environment: dict[str, str]) -> None:
        self.leave(service.name)
        if service.healthcheck is not None:
            probing = self._probe(service, service.healthcheck, run, environment)
            self._tasks[service.name] = asyncio.create_task(probing, name=f"probe {service.name}")

    def leave(self, service: str) -> None:
        if (task := self._tasks.pop(service, None)) is not None:
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for name in list(self._tasks):
            self.leave(name)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _probe(self, service: Service, check: Healthcheck, run: Run, environment: dict[str, str]) -> None:
        while True:
            result = await self._answer(service, run, check, environment)
            self._report(Probed(service=service.name, instance=run.instance, result=result))
            pause = judging.pause_s(check, self._health_of(service.name) or Health())
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _answer(self, service: Service, run: Run, check: Healthcheck, environment: dict[str, str]) -> ProbeResult:
        """One answer. A probe that cannot be made at all is one that failed: the service is asked again."""
        try:
            return await self._attempt(service, run, check, environment)
        except Exception as error:
            output = f"the probe could not be made: {error!r}"
            return ProbeResult(kind=check.kind, ok=False, output=output, at=self._wall())
