"""What becomes of a service whose run has ended by itself: done, another try after a delay, or given up."""

from typing import Literal

from msgspec import Struct

from nexsock.model.service import Restart, Service
from nexsock.model.state import Exit


class Verdict(Struct, frozen=True, kw_only=True):
    """`attempts` and `failed_mono` are the new counts; `retry_mono` is set exactly when the outcome is "retry"."""

    outcome: Literal["done", "retry", "give_up"]
    reason: str
    attempts: int = 0
    failed_mono: tuple[float, ...] = ()
    retry_mono: float | None = None


def delay_s(policy: Restart, attempts: int) -> float:
    """Seconds before the next start after `attempts` (1 or more) ends in a row."""
    try:
        grown = policy.delay_s * policy.factor ** (attempts - 1)
    except OverflowError:
        return policy.max_delay_s
    return min(policy.max_delay_s, grown)


def after_end(
    service: Service,
    end: Exit,
    *,
    served_s: float,
    attempts: int,
    failed_mono: tuple[float, ...],
    now: float,
    because: str = "",
) -> Verdict:
    """Judge the end of a run that nobody asked for.

    Args:
        served_s: how long the run did what it is for (was ready); at least `reset_after_s` starts the counting anew.
            A run that never got ready has served 0 seconds, however long it took to fail.
        attempts: ends in a row before this one.
        failed_mono: when earlier ones of them were, monotonic seconds.
        because: a clause that tells it better than the exit does.
    Source: docs/reference.md, "restart_policy"; the counts are of attempts as well as of time, because a slow start
    never fits a window (an Erlang/OTP lesson, erlang/otp#1287).
    """
    policy = service.restart
    unseen = service.oneshot and end.code is None and not because
    because = because or str(end)
    success = end.code in service.success_exit_codes
    if success and (service.oneshot or policy.mode in ("no", "on-failure")):
        return Verdict(outcome="done", reason=because)
    if policy.mode == "no" or unseen:  # what may have done its work is not done twice
        return Verdict(outcome="give_up", reason=because)
    if served_s >= policy.reset_after_s:
        attempts, failed_mono = 0, ()
    attempts += 1
    recent = (*(at for at in failed_mono if now - at < policy.window_s), now) if policy.max_in_window else ()
    if policy.max_attempts is not None and attempts > policy.max_attempts:
        tries = "1 restart" if policy.max_attempts == 1 else f"{policy.max_attempts} restarts"
        return Verdict(outcome="give_up", reason=f"{because}, given up after {tries}", attempts=attempts)
    if recent and len(recent) >= policy.max_in_window:
        reason = f"{because}, given up after {len(recent)} runs that ended within {policy.window_s:g}s"
        return Verdict(outcome="give_up", reason=reason, attempts=attempts)
    return Verdict(
        outcome="retry",
        reason=because,
        attempts=attempts,
        failed_mono=recent,
        retry_mono=now + delay_s(policy, attempts),
    )
