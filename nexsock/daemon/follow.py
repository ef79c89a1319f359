"""Follow a project until what was asked for has come true or cannot: events on the way, a verdict for each service."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping

from nexsock.daemon.bus import Subscription
from nexsock.model.event import Event
from nexsock.reconcile.settle import Settled
from nexsock.runtime import clock

Judge = Callable[[], Settled]

ASK_AGAIN_S = 0.02
"""How old the answer to "when may a verdict change by itself" may be."""


class Following:
    """The verdicts as they come in.

    Args:
        judges: asks for the verdict of each service that is waited for.
        wake_at: the monotonic time at which a verdict may change without an event, or None.
        deadline: the monotonic time at which to give up, or None.
    """

    def __init__(
        self,
        subscription: Subscription,
        project: str,
        judges: Mapping[str, Judge],
        wake_at: Callable[[set[str]], float | None],
        deadline: float | None,
    ) -> None:
        self._subscription = subscription
        self._project = project
        self._judges = judges
        self._wake_at = wake_at
        self._deadline = deadline
        self.pending = set(judges)
        self.failed: list[str] = []
        self.overtaken: list[str] = []
        self.steps = 0
        """steps that were taken on the way"""
        self.moved: set[str] = set()
        """services that went into another phase on the way"""
        self.timed_out = False
        self._asked_at = 0.0
        self._wake: float | None = None

    async def events(self) -> AsyncIterator[Event]:
        """The project's events until nothing is pending or the deadline has passed."""
        self._judge(set(self.pending))
        while self.pending:
            patience = self._patience()
            if not self.pending:
                break
            if await self._subscription.arrived(patience):
                batch = self._subscription.take()
                for event in self._ours(batch):
                    yield event
                self._judge(self._touched(batch))
                continue
            self._judge(set(self.pending))
            self._asked_at = 0.0
            if self._deadline is not None and clock.monotonic() >= self._deadline:
                self.timed_out = bool(self.pending)
                return
        for event in self._ours(self._subscription.take()):
            yield event

    def _ours(self, batch: Iterable[Event]) -> list[Event]:
        found = [event for event in batch if event.project == self._project]
        self.steps += sum(event.kind == "plan" for event in found)
        self.moved.update(event.service for event in found if event.kind == "phase" and event.service is not None)
        return found

    def _touched(self, batch: Iterable[Event]) -> set[str]:
        """The services to judge anew; all of them where events were dropped, or one failed that others wait for."""
        if any(event.service is None or event.phase in ("backoff", "unhealthy") for event in batch):
            return set(self.pending)
        return self.pending & {event.service for event in batch if event.service is not None}

    def _judge(self, names: set[str]) -> None:
        for name in names:
            verdict = self._judges[name]()
            if verdict != "waiting":
                self.pending.discard(name)
            if verdict == "failed":
                self.failed.append(name)
            if verdict == "overtaken":
                self.overtaken.append(name)

    def _patience(self) -> float | None:
        """Seconds to wait for an event. While many come, the moment of the next verdict is not asked for each time.

        Where no moment is left to wait for, one may have passed since the verdicts were asked for: they are, once more.
        """
        now = clock.monotonic()
        if now >= self._asked_at + ASK_AGAIN_S:
            self._asked_at, self._wake = now, self._wake_at(self.pending)
            if self._wake is None:
                self._judge(set(self.pending))
        elif self._wake is None:
            self._wake = self._asked_at + ASK_AGAIN_S
        moments = [at for at in (self._deadline, self._wake) if at is not None]
        return max(0.0, min(moments) - now) if moments else None
