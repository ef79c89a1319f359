"""Whether an answer came in time, on a machine that may be too busy to give anybody any."""

import asyncio
from collections.abc import Callable
from typing import Any

OUR_OWN_S = 0.05
"""What is added once more, because it may be us who were late: stopped, or without a processor."""
EXTENSIONS = 2


async def in_time(answer: "asyncio.Task[Any]", timeout_s: float, queued_s: Callable[[], float]) -> bool:
    """Wait for an answer; whether it has come, or ended otherwise, within the limit.

    What its process has stood in line for a processor is given back to it, twice at most and never more than the limit.

    Args:
        queued_s: how long it has stood in line in all its life (runtime.usage.queued_s).
    """
    before, allowed = queued_s(), timeout_s
    for _ in range(1 + EXTENSIONS):
        done, _pending = await asyncio.wait({answer}, timeout=allowed)
        if done:
            return True
        now = queued_s()
        before, allowed = now, min(max(now - before, OUR_OWN_S), timeout_s)
    return False
