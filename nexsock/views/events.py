"""One line for each thing that happened."""

from datetime import tzinfo

from nexsock.model.event import Event
from nexsock.views import style, times


def line(event: Event, *, colour: bool, zone: tzinfo) -> str:
    """ "10:00:01.123  web  ready  healthy after 0.4s  (nexsock.yaml:14:7)" with its newline."""
    name = f"{event.service or event.project:<12}"
    said = " ".join(part for part in (_what(event, colour), style.one_line(event.reason)) if part)
    place = style.paint(f"  ({event.origin})", "dim", colour) if event.origin else ""
    at = style.paint(times.clock(event.at, zone), "dim", colour)
    return f"{at}  {style.paint(name, 'bold', colour)}  {said}{place}\n"


def _what(event: Event, colour: bool) -> str:
    """The new phase, or the kind of event; the reason follows it."""
    match event.kind:
        case "phase":
            word = style.phase(event.phase or "", colour)
        case "plan" if event.action:
            word = event.action
        case "exit":
            code = "" if event.exit_code is None else f" {event.exit_code}"
            word = style.paint(f"exit{code}", "green" if event.exit_code == 0 else "red", colour)
        case "warning":
            word = style.paint("warning", "yellow", colour)
        case _:
            word = event.kind
    return f"{word}:" if event.reason else word


def transition(event: Event, *, colour: bool) -> str | None:
    """The line that plain progress prints for a change of phase, or of a service that keeps its phase; else None."""
    if event.service is None:
        return None
    said = style.one_line(event.reason)
    if event.kind in ("output", "warning", "git"):
        return f"{event.service}: {said}\n"
    if event.kind == "plan" and event.action == "update":
        return f"{event.service}: updated ({said})\n"
    if event.kind != "phase" or event.phase is None:
        return None
    return f"{event.service}: {style.phase(event.phase, colour)}{' (' + said + ')' if said else ''}\n"
