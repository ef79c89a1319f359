"""Whether a dependency is what its dependent needs, and if not, what is missing."""

from msgspec import Struct

from nexsock.model.service import Condition, Dependency, Service
from nexsock.model.state import Record

_NEEDED: dict[Condition, str] = {
    "started": "to be started",
    "healthy": "to be healthy",
    "log_ready": "to log that it is ready",
    "completed": "to end",
    "completed_successfully": "to complete",
}


class Missing(Struct, frozen=True):
    """What a dependent waits for, as a clause; `hopeless` when no amount of waiting helps, and then why."""

    waits_for: str
    hopeless: bool = False
    because: str = ""


def is_met(condition: Condition, record: Record, service: Service) -> bool:
    """Whether the condition holds for a dependency in this state. `service` is the dependency as the file has it."""
    phase = record.phase
    match condition:
        case "started":
            launched = record.run is not None and record.run.started_mono is not None
            return (phase in ("starting", "unhealthy") and launched) or phase in ("running", "ready", "completed")
        case "healthy" | "log_ready":
            return phase == "ready" or (phase == "running" and service.healthcheck is None)
        case "completed":
            return phase in ("completed", "failed")
        case "completed_successfully":
            return phase == "completed"


def lack(name: str, need: Dependency, why_hopeless: str) -> Missing | None:
    """What is missing of a dependency whose condition does not hold.

    One that is not required is waited for only while there is hope.
    """
    if why_hopeless and not need.required:
        return None
    return Missing(f"{name} {_NEEDED[need.condition]}", bool(why_hopeless), why_hopeless)


def hopeless(name: str, record: Record, wanted: bool) -> str:
    """Why a condition that does not hold cannot come true by waiting; empty while it can."""
    match record.phase:
        case "failed":
            return f"{name} failed: {record.reason}" if record.reason else f"{name} failed"
        case "completed":
            return f"{name} {record.reason or 'completed'}"
    if wanted:
        return ""
    return f"{name} was stopped by hand" if record.intent == "stopped" else f"{name} is not wanted"
