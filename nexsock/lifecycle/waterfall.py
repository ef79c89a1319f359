"""How long the last `up` took and what it waited for: the runs that it began and the critical path through them. Pure.

All times are unix seconds: this is for display.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from nexsock.model.service import Condition, Service
from nexsock.model.state import CauseKind, Record, Run
from nexsock.model.status import Timing, Timings

SLACK_S = 1.0
"""What is asked for later than this after everything else had come was asked for by somebody else."""
_BY_ITSELF: frozenset[CauseKind] = frozenset({"crash", "unhealthy", "adopted"})
"""Causes that never are those of an `up`."""


class Span(Struct, frozen=True, kw_only=True):
    """One service in an `up`. `begun_at` None: it is still held. `came_at` None: it is not as it should be yet."""

    name: str
    asked_at: float
    phase: str
    begun_at: float | None = None
    came_at: float | None = None
    last_at: float | None = None
    """the end of its last try, where it did not come"""
    met: Mapping[Condition, float | None] = {}
    """when a dependent that waits for this condition could go on"""


def timings(
    services: Mapping[str, Service],
    records: Mapping[str, Record],
    runs: Mapping[str, Sequence[Run]],
    *,
    up_at: float,
    now: float,
) -> Timings:
    """The start-up of everything that the `up` at `up_at` began, in the order in which it began.

    Args:
        runs: by service, newest first.
    """
    found = [_span(service, records.get(name), runs.get(name, ()), up_at) for name, service in services.items()]
    spans = _of_the_up([span for span in found if span is not None], up_at)
    path = _critical_path(spans, services)
    came = [span.came_at for span in spans.values() if span.came_at is not None]
    return Timings(
        services=tuple(_timing(span, span.name in path, up_at, now) for span in spans.values()),
        critical_path=tuple(path),
        total_s=_seconds(max(came, default=up_at) - up_at),
        up_at=up_at,
    )


def _span(service: Service, record: Record | None, runs: Sequence[Run], up_at: float) -> Span | None:
    since = [run for run in reversed(runs) if run.asked_at is not None and (run.begun_at or 0.0) >= up_at]
    phase = record.phase if record is not None else "stopped"
    if not since or since[0].cause.kind in _BY_ITSELF:
        asked = record.asked_at if record is not None and record.phase == "blocked" else None
        return Span(name=service.name, asked_at=asked, phase=phase) if asked is not None and not since else None
    came = next((run for run in since if _came_at(service, run) is not None), None)
    first, shown = since[0], came or since[-1]
    ended_at = shown.exit.at if shown.exit is not None else None
    return Span(
        name=service.name,
        asked_at=first.asked_at or up_at,
        phase=phase,
        begun_at=first.begun_at,
        came_at=_came_at(service, came) if came is not None else None,
        last_at=ended_at,
        met={
            "started": shown.started_at,
            "healthy": shown.ready_at,
            "log_ready": shown.ready_at,
            "completed": ended_at,
            "completed_successfully": ended_at,
        },
    )


def _came_at(service: Service, run: Run) -> float | None:
    """When the run did what it is for: a oneshot when it completed, everything else when it was ready."""
    if not service.oneshot:
        return run.ready_at
    return run.exit.at if run.exit is not None and run.exit.code in service.success_exit_codes else None


def _of_the_up(spans: Sequence[Span], up_at: float) -> dict[str, Span]:
    """The spans that belong to it, in the order in which they began: nothing had been asked for after all had come."""
    found: dict[str, Span] = {}
    horizon = up_at + SLACK_S
    for span in sorted(spans, key=lambda span: span.asked_at):
        if span.asked_at > horizon:
            break
        found[span.name] = span
        horizon = max(horizon, span.came_at + SLACK_S) if span.came_at is not None else float("inf")
    return dict(sorted(found.items(), key=lambda item: item[1].begun_at or float("inf")))


def _critical_path(spans: Mapping[str, Span], services: Mapping[str, Service]) -> list[str]:
    """From the first service to the one that came last, each the last thing that the next one waited for."""
    last = max((span for span in spans.values() if span.came_at is not None), key=_came, default=None)
    path: list[str] = []
    while last is not None and last.name not in path:
        path.insert(0, last.name)
        last = _awaited(last, spans, services[last.name])
    return path


def _came(span: Span) -> float:
    return span.came_at or 0.0


def _awaited(span: Span, spans: Mapping[str, Span], service: Service) -> Span | None:
    """The dependency that came last before a service was begun."""
    came = [
        (at, spans[name])
        for name, need in service.depends_on.items()
        if name in spans and (at := spans[name].met.get(need.condition)) is not None and at <= (span.begun_at or 0.0)
    ]
    return max(came, key=lambda pair: pair[0], default=(0.0, None))[1]


def _timing(span: Span, critical: bool, up_at: float, now: float) -> Timing:
    begun = span.begun_at
    until = span.came_at or (span.last_at if span.phase in ("failed", "stopped") else None) or now
    return Timing(
        name=span.name,
        held_s=_seconds((begun if begun is not None else now) - up_at),
        starting_s=_seconds(until - begun) if begun is not None else 0.0,
        ready_at_s=_seconds(span.came_at - up_at) if span.came_at is not None else None,
        on_critical_path=critical,
        phase=span.phase,
    )


def _seconds(span_s: float) -> float:
    return round(max(span_s, 0.0), 3)
