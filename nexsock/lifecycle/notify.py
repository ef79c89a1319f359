"""What a service says of itself by the sd_notify protocol, and what follows from it or from its silence."""

from msgspec import Struct
from msgspec.structs import replace

from nexsock.model.probe import Healthcheck
from nexsock.model.state import Health

STATUS_CHARACTERS = 1000
LONGEST_S = 366 * 86400.0
"""No time that a service asks for is longer: 2**64 microseconds (USEC_INFINITY) are 580,000 years."""


class Word(Struct, frozen=True, kw_only=True):
    """One datagram: the variables of sd_notify(3) that are understood. Times are seconds; None: not said."""

    ready: bool = False
    reloading: bool = False
    stopping: bool = False
    watchdog: str = ""
    """"1": it lives; "trigger": it knows that it is not well"""
    watchdog_s: float | None = None
    extend_s: float | None = None
    status: str | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """What is known of one run and waited for.

    Attributes:
        ready: READY=1 was said, and STOPPING=1 not since.
        until: when the next word is due at the latest, monotonic seconds; None: nothing is due.
        period_s: how often WATCHDOG=1 is due once it was said for the first time.
        overdue: it was not said in time, and not since.
        status: the last STATUS=.
    """

    ready: bool
    period_s: float
    until: float | None = None
    armed: bool = False
    overdue: bool = False
    status: str = ""


Answer = tuple[bool | None, str]
"""As ProbeResult has them: well or not (None: not said), and in which words."""


def parse(datagram: bytes) -> Word | None:
    """What a datagram says; None if it says nothing that is understood."""
    said = dict(line.partition("=")[::2] for line in datagram.decode("utf-8", "replace").split("\n") if "=" in line)
    word = Word(
        ready=said.get("READY") == "1",
        reloading=said.get("RELOADING") == "1",
        stopping=said.get("STOPPING") == "1",
        watchdog=said["WATCHDOG"] if said.get("WATCHDOG") in ("1", "trigger") else "",
        watchdog_s=_seconds(said.get("WATCHDOG_USEC")),
        extend_s=_seconds(said.get("EXTEND_TIMEOUT_USEC")),
        status=said["STATUS"][:STATUS_CHARACTERS] if "STATUS" in said else None,
    )
    return None if word == Word() else word


def _seconds(microseconds: str | None) -> float | None:
    if microseconds is None or not microseconds.isascii() or not microseconds.isdigit() or len(microseconds) > 20:
        return None
    return min(int(microseconds) / 1_000_000, LONGEST_S) or None


def begin(check: Healthcheck, health: Health, started: float) -> Standing:
    """The standing of a run that was started at this monotonic time, as far as the counts of its health tell."""
    if health.verdict == "starting":
        return Standing(ready=False, until=started + check.start_period_s, period_s=check.interval_s)
    return Standing(ready=True, period_s=check.interval_s, overdue=health.verdict == "unhealthy")


def hear(standing: Standing, word: Word, now: float) -> tuple[Standing, Answer | None]:
    """The standing after a word, and what is to be reported: None where nothing is different."""
    before = replace(
        standing,
        status=standing.status if word.status is None else word.status,
        period_s=word.watchdog_s or standing.period_s,
    )
    after = _extended(_moved(before, word, now), word, now)
    return after, _answer(standing, after, word)


def _moved(standing: Standing, word: Word, now: float) -> Standing:
    if word.stopping:
        return replace(standing, ready=False, armed=False, until=standing.until if not standing.ready else None)
    if word.ready:
        standing = replace(standing, ready=True, overdue=False, until=standing.until if standing.armed else None)
    if word.watchdog == "1" and standing.ready:
        return replace(standing, armed=True, overdue=False, until=now + standing.period_s)
    return standing


def _extended(standing: Standing, word: Word, now: float) -> Standing:
    if word.extend_s is None or standing.until is None:
        return standing
    return replace(standing, until=max(standing.until, now + word.extend_s))


def _answer(before: Standing, after: Standing, word: Word) -> Answer | None:
    if word.stopping:
        return False, _with_status("it said STOPPING=1", after.status)
    if word.watchdog == "trigger":
        return False, _with_status("it said WATCHDOG=trigger", after.status)
    if word.ready:
        return True, after.status or "it said READY=1"
    if word.watchdog == "1" and before.overdue and after.ready:
        return True, after.status or "it said WATCHDOG=1"
    if word.reloading:
        return None, _with_status("it is reloading", after.status)
    return None if word.status is None else (None, after.status)


def lapse(standing: Standing) -> tuple[Standing, Answer]:
    """The standing once `until` has come without a word, and what is to be reported."""
    missing = f"no WATCHDOG=1 for {standing.period_s:g}s" if standing.ready else "it did not say READY=1 in time"
    return replace(standing, overdue=True, until=None), (False, _with_status(missing, standing.status))


def _with_status(text: str, status: str) -> str:
    return f"{text}; its status: {status}" if status else text
