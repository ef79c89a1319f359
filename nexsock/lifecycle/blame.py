"""What to look at when a service does not work any more: the last run that did, and what has changed since. Pure."""

from collections.abc import Callable, Sequence

from nexsock.model.service import Service
from nexsock.model.state import CauseKind, Run

_OF_ITSELF: frozenset[CauseKind] = frozenset({"crash", "unhealthy"})


def worked(service: Service, run: Run) -> bool:
    """Whether a run that is over did what it is for: completed, was ended by somebody while it was ready, or was ready
    for so long that its restart policy does not count its end as a failed start."""
    if run.exit is not None and run.exit.code in service.success_exit_codes:
        return True
    if run.ready_at is None or run.exit is None or service.oneshot:
        return False
    if run.ended is not None and run.ended.kind not in _OF_ITSELF:
        return True
    return run.exit.at - run.ready_at >= service.restart.reset_after_s


def last_good(service: Service, runs: Sequence[Run]) -> Run | None:
    """The newest run that worked. `runs` are newest first."""
    return next((run for run in runs if worked(service, run)), None)


def changed_in(runs: Sequence[Run], good: Run, differs: Callable[[Run], bool]) -> Run | None:
    """The first run after `good` that differs from it. `runs` are newest first."""
    return next((run for run in reversed(runs) if run.number > good.number and differs(run)), None)
