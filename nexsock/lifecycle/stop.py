"""The ladder of an end: the stop signal, the grace period, SIGKILL, and then the report of what would not go."""

from nexsock.model.state import Stopping

UNKILLABLE_AFTER_S = 5.0
"""Seconds after SIGKILL at which what is left (in uninterruptible sleep, say) is reported instead of waited for."""
LOOK_AGAIN_S = 5.0
"""Seconds until what survived SIGKILL is tried again."""


def kill_due(stopping: Stopping, now: float) -> bool:
    """Whether the grace period is over and SIGKILL has not been sent."""
    return not stopping.killed and stopping.kill_mono is not None and now >= stopping.kill_mono
