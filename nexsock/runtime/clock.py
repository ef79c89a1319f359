"""The one reader of clocks."""

import time


def monotonic() -> float:
    """Seconds of CLOCK_MONOTONIC: what every decision uses; it neither jumps nor counts a suspended machine."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def wall() -> float:
    """Seconds since 1970: for people only, it may jump."""
    return time.time()
