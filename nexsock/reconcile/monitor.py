"""Ask for the health of every run that has a healthcheck, one question at a time each, and report the answers.

A run that tells by itself (sd_notify) is listened to instead.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from nexsock.engines.base import Reporter
from nexsock.lifecycle import health as judging
from nexsock.lifecycle import notify
from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.report import Probed
from nexsock.model.service import Service
from nexsock.model.state import Health, Run
from nexsock.reconcile.ledger import Clock

STANDSTILLS = 4
"""Attempts in a row that may fall into a time in which we were stopped; after that the machine is too slow to tell."""

Attempt = Callable[[Service, Run, Healthcheck, dict[str, str]], Awaitable[ProbeResult]]
"""Ask once (runtime.probe); ends within the check's time limit whatever the other side does."""


class Words(Protocol):
    """What a run says (runtime.notify.Mailbox)."""

    async def words(self, until: float | None) -> list[notify.Word]:
        """What was said, as soon as anything was; nothing when `until` (monotonic) came in silence."""


Listen = Callable[[Service, Run], Awaitable[Words | None]]
"""The words of a run; None if it was started without a way to say any."""


class ProbingMonitor:
    """One task for each run that is attended.

    Args:
        attempt: asks once.
        listen: for a run with a healthcheck of kind `notify`.
        health_of: the counts of a service as they stand, from which the next pause follows.
        clock: wall and monotonic time.
    """

    def __init__(
        self,
        attempt: Attempt,
        listen: Listen,
        report: Reporter,
        health_of: Callable[[str], Health | None],
        clock: Clock,
    ) -> None:
        self._attempt = attempt
        self._listen = listen
        self._report = report
        self._health_of = health_of
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def attend(self, service: Service, run: Run, environment: dict[str, str]) -> None:
        self.leave(service.name)
        if (check := service.healthcheck) is not None:
            asking = check.kind != "notify"
            probing = self._probe(service, check, run, environment) if asking else self._hear(service, check, run)
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

    async def _hear(self, service: Service, check: Healthcheck, run: Run) -> None:
        """Report what the run says of itself, and that it is silent when a word is due."""

        def tell(answer: notify.Answer) -> None:
            result = ProbeResult(kind="notify", ok=answer[0], output=answer[1], at=self._clock.wall())
            self._report(Probed(service=service.name, instance=run.instance, result=result))

        said = await self._listen(service, run)
        if said is None:
            tell((False, f"it was started without NOTIFY_SOCKET; run 'nexsock restart {service.name}'"))
            return
        started = run.started_mono if run.started_mono is not None else self._clock.monotonic()
        standing = notify.begin(check, self._health_of(service.name) or Health(), started)
        while True:
            words = await said.words(standing.until)
            for word in words:
                standing, answer = notify.hear(standing, word, self._clock.monotonic())
                if answer is not None:
                    tell(answer)
            if not words:
                standing, answer = notify.lapse(standing)
                tell(answer)

    async def _answer(self, service: Service, run: Run, check: Healthcheck, environment: dict[str, str]) -> ProbeResult:
        """One answer, for which the service is asked anew when we stood still over the last."""
        for _ in range(STANDSTILLS):
            result = await self._ask(service, run, check, environment)
            if not judging.stood_still(check, result):
                break
        return result

    async def _ask(self, service: Service, run: Run, check: Healthcheck, environment: dict[str, str]) -> ProbeResult:
        """One attempt. A probe that cannot be made at all is one that failed: the service is asked again."""
        try:
            return await self._attempt(service, run, check, environment)
        except Exception as error:
            output = f"the probe could not be made: {error!r}"
            return ProbeResult(kind=check.kind, ok=False, output=output, at=self._clock.wall())
