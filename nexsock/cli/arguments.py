"""Arguments that several commands take, and how their text becomes values."""

from __future__ import annotations

import re
import signal
from datetime import datetime, tzinfo
from typing import Annotated

import typer

from nexsock import errors, units
from nexsock.cli.session import Session
from nexsock.model.status import Outcome
from nexsock.protocol.api import WaitTarget
from nexsock.views import hot

Services = Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", show_default=False)]
SomeServices = Annotated[list[str], typer.Argument(metavar="SERVICE...", show_default=False)]
Scale = Annotated[
    list[str] | None,
    typer.Option("--scale", metavar="SERVICE=N", help="Run N instances of a service until `down`; may be repeated."),
]
Service = Annotated[str, typer.Argument(metavar="SERVICE", show_default=False)]


def duration(text: str | None, option: str) -> float | None:
    """Seconds in "10s" or "1m30s"; None stays None.

    Raises:
        UsageError: it is no duration; the sentence names the option.
    """
    if text is None:
        return None
    try:
        return units.parse_duration(text)
    except ValueError as error:
        raise errors.UsageError(f"{option}: {error}") from None


def moment(text: str | None, option: str, now: float, zone: tzinfo) -> float | None:
    """Unix seconds of "5m" (so long ago), "2026-11-23T10:00" or "10:00:05" (today); None stays None.

    Raises:
        UsageError: it is neither; the sentence names the option.
    """
    if text is None:
        return None
    try:
        return now - units.parse_duration(text)
    except ValueError:
        pass
    today = datetime.fromtimestamp(now, zone).date().isoformat()
    try:
        found = datetime.fromisoformat(f"{today}T{text}" if re.match(r"\d\d?:", text) else text)
    except ValueError:
        raise errors.UsageError(
            f"{option}: {text!r} is no time", hint="write it like 5m (so long ago), 10:30 or 2026-11-23T10:30:00"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()


def run_number(text: str | None) -> int | None:
    """The number of a run, below 1 counted from the last; None stays None.

    Raises:
        UsageError: it is no number.
    """
    try:
        return None if text is None else int(text)
    except ValueError:
        raise errors.UsageError(f"{text!r} is no number of a run", hint="see them with 'nexsock history'") from None


def signal_name(text: str) -> str:
    """The name of a signal given as "HUP", "SIGHUP", "hup" or "1".

    Raises:
        UsageError: there is no such signal.
    """
    try:
        if text.isdecimal():
            return signal.Signals(int(text)).name
        return signal.Signals["SIG" + text.upper().removeprefix("SIG")].name
    except (KeyError, ValueError):
        raise errors.UsageError(f"there is no signal {text!r}", hint="for example HUP, TERM, USR1 or KILL") from None


def pattern(text: str | None) -> str | None:
    """A regular expression, checked.

    Raises:
        UsageError: it cannot be compiled.
    """
    try:
        re.compile(text or "")
    except re.error as error:
        raise errors.UsageError(f"--grep: {text!r} is no regular expression: {error}") from None
    except (RecursionError, OverflowError):
        raise errors.UsageError("--grep: the regular expression goes too deep", hint="make it simpler") from None
    return text


CONDITIONS = ("started", "healthy", "completed", "completed_successfully", "log_ready", "stopped")


def wait_target(text: str) -> WaitTarget:
    """What "web" or "web:healthy" waits for; Compose's "service_healthy" is the same as "healthy".

    Raises:
        UsageError: there is no such condition.
    """
    service, colon, condition = text.partition(":")
    condition = condition.removeprefix("service_")
    if colon and condition not in CONDITIONS:
        raise errors.UsageError(f"{text!r}: there is no condition {condition!r}", hint=f"use {', '.join(CONDITIONS)}")
    return WaitTarget(service=service, condition=condition or None)


def variables(given: list[str] | None) -> dict[str, str]:
    """The variables of "NAME=VALUE" texts; the last of a name wins.

    Raises:
        UsageError: one has no name or no "=".
    """
    pairs = [text.partition("=") for text in given or ()]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise errors.UsageError(f"--env: {name!r} has no value", hint="write it like NAME=VALUE")
    return {name: value for name, _, value in pairs}


def scale(given: list[str] | None) -> dict[str, int]:
    """The numbers of "SERVICE=N" texts; the last of a name wins.

    Raises:
        UsageError: one is not of that form, or N is no number.
    """
    pairs = [text.partition("=") for text in given or ()]
    for name, _, number in pairs:
        if not name or not number.isdecimal() or int(number) == 0:
            raise errors.UsageError(
                f"--scale: '{name}' has no number of instances", hint="write it like web=3; 'nexsock stop' is for none"
            )
    return {name: int(number) for name, _, number in pairs}


def finish(session: Session, outcome: Outcome) -> int:
    """Show how it ended, errors only with --quiet; returns the exit status."""
    shown = hot.render_outcome(outcome, session.look)
    return session.show(shown._replace(out="") if session.options.quiet and not session.options.json else shown)
