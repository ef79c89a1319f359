"""When a command may return: whether what it asked for has come true, has failed for good, or is still on its way."""

from collections.abc import Collection, Mapping
from typing import Literal

from nexsock.model.service import Condition, Service
from nexsock.model.state import Record
from nexsock.plan import conditions

PROVING_S = 0.2
"""Seconds a service without healthcheck must have run before `up` believes in it: most that cannot start at all
(a missing module, a bad option, a port in use) end within this time."""

TRIES = 5
"""Runs that failed in a row, each soon after the other, after which nobody is kept waiting: the next tries go on behind
the command's back, ever more seldom (with the default delays the fifth comes 1.5 s after the first)."""

Settled = Literal["well", "failed", "overtaken", "waiting"]
"""`overtaken`: another command asked for the opposite before this one's wish had come true."""


def up(
    service: Service,
    records: Mapping[str, Record],
    wanted: Collection[str],
    *,
    now: float,
    proving_s: float = PROVING_S,
) -> Settled:
    """Whether a service that was asked for is as it should be. `now` is monotonic seconds.

    Args:
        wanted: the names of what should be up now.
    """
    record = records.get(service.name) or Record(name=service.name)
    if service.name not in wanted:
        return "overtaken"
    if _held_for_good(record) or _in_vain(records, service.name):
        return "failed"
    if record.replace is not None and record.phase != "failed":
        return "waiting"
    match record.phase:
        case "ready":
            return "well"
        case "running" if not service.oneshot:
            return "well" if now >= proven_at(record, proving_s) else "waiting"
        case "completed":
            return "well"
        case "failed" | "unhealthy":
            return "failed"
    return "waiting"


def _in_vain(records: Mapping[str, Record], name: str) -> bool:
    """Whether it, or something that it waits for, fails again and again or is unhealthy."""
    waiting, seen = [name], {name}
    while waiting:
        record = records.get(waiting.pop())
        if record is None:
            continue
        if (record.phase == "backoff" and record.attempts >= TRIES) or _sick(record):
            return True
        if record.phase == "blocked" and record.held is not None:
            fresh = set(record.held.on) - seen
            seen |= fresh
            waiting.extend(fresh)
    return False


def _sick(record: Record) -> bool:
    """Whether it is unhealthy, and nothing will be done about it."""
    return record.phase == "unhealthy" and record.replace is None


def _held_for_good(record: Record) -> bool:
    """Whether what it waits for has failed."""
    return record.phase == "blocked" and record.held is not None and record.held.failed


def proven_at(record: Record, proving_s: float = PROVING_S) -> float:
    """The monotonic time from which a running service counts as well."""
    began = record.run.started_mono if record.run is not None else None
    return began + proving_s if began is not None else 0.0


def stopped(record: Record | None, instance: str) -> Settled:
    """Whether nothing of a run is left; a later run of the service says the same of it."""
    if record is None or record.run is None or record.run.instance != instance:
        return "well"
    if record.alive:
        return "waiting"
    return "failed" if record.survivors else "well"


def down(record: Record | None, instance: str, wanted: Collection[str]) -> Settled:
    """Whether a run that was to be ended has: one that is wanted again before its turn came is left as it is.

    Args:
        wanted: the names of what should be up now.
    """
    verdict = stopped(record, instance)
    if verdict == "waiting" and record is not None and record.phase != "stopping" and record.name in wanted:
        return "overtaken"
    return verdict


def condition(wanted: Condition, service: Service, record: Record) -> Settled:
    """Whether a condition of `wait` holds, or cannot come true without somebody's doing."""
    if conditions.is_met(wanted, record, service):
        return "well"
    if record.phase == "failed" or _held_for_good(record):
        return "failed"
    if record.phase == "completed" or (record.phase == "stopped" and record.intent == "stopped"):
        return "failed"
    return "waiting"
