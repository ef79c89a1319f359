"""When a tunnel lets through, how many may wait before it and how long, and what is said of those who could not."""

from nexsock import units
from nexsock.model.state import SERVING, Record
from nexsock.model.tunnel import Route

WAITING_LIMIT = 512
"""Connections that wait before one tunnel; what comes beyond is reset."""
PATIENCE_S = 60.0
"""Longer than a database needs to recover, shorter than people believe that something still happens."""


def passes(record: Record) -> bool:
    """Whether connections are let through to a service.

    One that was ready and is unhealthy now gets them, too: it may answer, and holding them helps nobody.
    """
    if record.phase in SERVING:
        return True
    return record.phase == "unhealthy" and record.run is not None and record.run.ready_mono is not None


def dropped(route: Route, reason: str, count: int, error: str) -> str:
    """What happened to connections that were sent away, for people.

    Args:
        reason: one of relay.wire.REASONS.
        error: what stood in the way of the last try to reach the target.
    """
    one = count == 1
    if reason == "too_many":
        return f"tunnel to {route.name}: {WAITING_LIMIT} connections wait already, {count} more {_were(one)} closed"
    waited = f"waited {units.format_duration(PATIENCE_S)} and {_were(one)} closed"
    why = (error and f"{route.target}: {error}") if route.passes else f"{route.name} is not ready"
    return f"tunnel to {route.name}: {'a connection' if one else f'{count} connections'} {waited}; {why}".rstrip("; ")


def _were(one: bool) -> str:
    return "was" if one else "were"
