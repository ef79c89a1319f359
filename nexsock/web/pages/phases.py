"""How phases look: a colour class, a shape and a word each, so that no meaning hangs on colour alone."""

from nexsock.model.status import ServiceStatus

KINDS = {
    "stopped": "idle",
    "blocked": "wait",
    "starting": "move",
    "running": "good",
    "ready": "good",
    "unhealthy": "bad",
    "stopping": "move",
    "backoff": "wait",
    "completed": "done",
    "failed": "bad",
}
"""The class in the stylesheet. A phase that a newer daemon invents is drawn as one that rests."""

WORDS = {
    "bad": "failing",
    "wait": "waiting",
    "move": "changing",
    "good": "up",
    "done": "completed",
    "idle": "stopped",
}
"""What services of a look do, trouble first."""

IMPLIED = {"starting": "starting", "ready": "healthy", "unhealthy": "unhealthy"}
"""The health that each of these phases has anyway."""

GOOD = frozenset({"running", "ready", "completed"})
STARTABLE = frozenset({"stopped", "failed", "completed", "backoff", "blocked"})
"""Phases in which Start means something; in all others it is Restart and Stop."""


def kind(phase: str) -> str:
    return KINDS.get(phase, "idle")


def health(service: ServiceStatus) -> str:
    """Its health where the phase does not say it already; else ""."""
    return "" if service.health in ("-", IMPLIED.get(service.phase)) else service.health


def reason(service: ServiceStatus) -> str:
    """Why it is in a phase that needs words; "" where the phase says it all."""
    said = "" if service.phase in GOOD else service.reason.strip()
    if not said and service.phase == "failed" and service.exit_code is not None:
        said = f"exited with {service.exit_code}"
    if service.stale:
        return f"{said}; a restart is pending" if said else "a restart is pending"
    return said


def counts(services: tuple[ServiceStatus, ...]) -> list[tuple[str, int, str]]:
    """(class, how many, word) of what there is, trouble first."""
    found = [(look, sum(kind(one.phase) == look for one in services), word) for look, word in WORDS.items()]
    return [one for one in found if one[1]]
