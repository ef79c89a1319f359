"""From the answers of a probe to a verdict, and when to ask again."""

from typing import Literal

from msgspec.structs import replace

from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.state import Health

FIRST_PAUSE_S = 0.010
LONGEST_START_PAUSE_S = 0.5
"""While a service starts, the pause grows from 10 ms to 500 ms."""

GROWTH = 1.1
"""A pause is about a tenth of the time so far, and so is what a dependent waits too long; 41 probes in 5 s."""
GROWTH_OF_TEST = 1.5
"""A test is a program, a hundred times as dear as a connection."""

OUTPUT_LIMIT = 4096
LATE_S = 0.25
"""More than a busy machine usually makes of a time limit; where it makes more of it, the fault is not the service's
either."""


def stood_still(check: Healthcheck, result: ProbeResult) -> bool:
    """Whether a failed attempt lasted longer than its limit allows: then we, or the whole machine, were stopped
    meanwhile, and the service may have answered in time."""
    return result.ok is False and result.took_s > check.timeout_s + LATE_S


def judge(check: Healthcheck, health: Health, result: ProbeResult, *, age_s: float) -> Health:
    """The health after one more answer.

    Args:
        age_s: seconds since the run was started; failures within `start_period_s` do not count until the first
            success (as in Compose).
    """
    if result.ok is None:
        return replace(health, last_output=result.output[:OUTPUT_LIMIT], last_at=result.at)
    successes = health.successes + 1 if result.ok else 0
    spared = health.verdict == "starting" and age_s < check.start_period_s
    failures = 0 if result.ok else health.failures + (0 if spared else 1)
    return Health(
        verdict=_verdict(check, health, successes, failures),
        successes=successes,
        failures=failures,
        probes=health.probes + 1,
        last_output=result.output[:OUTPUT_LIMIT],
        last_ok=result.ok,
        last_at=result.at,
    )


def _verdict(
    check: Healthcheck, health: Health, successes: int, failures: int
) -> Literal["starting", "healthy", "unhealthy"]:
    if successes >= check.success_threshold:
        return "healthy"
    if failures >= check.retries:
        return "unhealthy"
    return health.verdict


def pause_s(check: Healthcheck, health: Health) -> float | None:
    """Seconds until the next probe; None when no more are needed: a log line that was seen stays seen, and a service
    that tells by itself is not asked."""
    if check.kind == "notify" or (check.kind == "log" and health.verdict == "healthy"):
        return None
    if health.verdict != "starting":
        return check.interval_s
    if check.start_interval_s is not None:
        return check.start_interval_s
    growth = GROWTH_OF_TEST if check.kind == "test" else GROWTH
    return float(min(LONGEST_START_PAUSE_S, FIRST_PAUSE_S * growth ** min(max(health.probes - 1, 0), 100)))
