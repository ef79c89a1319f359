"""The answer to `why SERVICE`: from what is seen to what causes it, and what comes next."""

from collections.abc import Sequence

from nexsock import units
from nexsock.model.status import Because, Next, Why
from nexsock.views import ps, style


def render(found: Why, *, colour: bool, now: float) -> str:
    """The page; a broken file is announced above it."""
    fault = ps.config_fault(found.config_error, colour=colour, now=now)
    head = f"{style.paint(found.service, 'bold', colour)} is {style.phase(found.phase, colour)}\n"
    return "".join(
        [
            fault,
            head,
            chain(found.chain, colour=colour, now=now),
            f"next: {_next(found.next, now)}\n" if found.next else "",
            f"last exit: {found.last_exit}\n" if found.last_exit else "",
            last_words(found.chain[-1].service, found.last_log, found.last_probe, colour=colour),
        ]
    )


def chain(links: Sequence[Because], *, colour: bool, now: float | None = None) -> str:
    """Each cause one step further to the right than what it causes."""
    return "".join(
        f"{'   ' * depth}└─ {style.paint(link.service, 'bold', colour)}: {style.one_line(link.because)}"
        f"{_since(link.since, now)}{style.paint(f'  ({link.origin})', 'dim', colour) if link.origin else ''}\n"
        for depth, link in enumerate(links)
    )


def _since(at: float | None, now: float | None) -> str:
    if at is None or now is None:
        return ""
    return f", for {units.format_duration(max(now - at, 0.0))}"


def _next(coming: Next, now: float) -> str:
    action = style.one_line(coming.action)
    if coming.at is None:
        return action
    return f"{action} in {units.format_duration(coming.at - now)}" if coming.at > now else f"{action} now"


def last_words(service: str, log: Sequence[str], probe: str | None, *, colour: bool) -> str:
    """The last output of the probe and the last lines of the log, each under its heading; "" when there are none."""
    probed = f"last probe of {service}: {style.one_line(probe)}\n" if probe else ""
    if not log:
        return probed
    bar = style.paint("│", "dim", colour) if colour else "|"
    lines = "".join(f"  {bar} {style.output(text, colour)}\n" for text in log)
    return f"{probed}last lines of {service}:\n{lines}"
