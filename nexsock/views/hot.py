"""The commands that must answer at once, rendered the same by the daemon (for the launcher) and by the command line.

Every function gives the text of the two streams, and the exit status where the answer decides it.
"""

from typing import NamedTuple

from nexsock.errors import NexsockError
from nexsock.model.event import Event
from nexsock.model.log import LogLine
from nexsock.model.status import Outcome, ProjectStatus, ServiceDetail
from nexsock.views import document, failure, logs, progress, ps, status
from nexsock.views import outcome as outcomes


class Look(NamedTuple):
    """What the reader's terminal can show. `columns` 0 is unlimited: not a terminal."""

    json: bool = False
    colour: bool = False
    columns: int = 0


class Shown(NamedTuple):
    """Text for standard output and standard error, and the exit status."""

    out: str = ""
    err: str = ""
    exit_status: int = 0


def render_ps(found: ProjectStatus, look: Look, *, everything: bool, now: float) -> Shown:
    """`ps`; `now` is unix seconds."""
    if look.json:
        return Shown(document.text(document.status(found, everything)))
    return Shown(ps.render(found, colour=look.colour, columns=look.columns, everything=everything, now=now))


def render_detail(found: ServiceDetail, look: Look, *, now: float) -> Shown:
    """`status SERVICE`."""
    if look.json:
        return Shown(document.text(document.detail(found)))
    return Shown(status.render(found, colour=look.colour, columns=look.columns, now=now))


def render_outcome(found: Outcome, look: Look) -> Shown:
    """The end of `up`, `down`, `start`, `stop`, `restart`, `wait`."""
    exit_status = outcomes.exit_status(found)
    told = outcomes.failures(found, colour=look.colour)
    if look.json:
        return Shown(document.text(document.outcome(found)), told, exit_status)
    return Shown(outcomes.render(found, colour=look.colour, columns=look.columns), told, exit_status)


def render_line(found: LogLine, look: Look, lines: logs.Lines) -> str:
    """One line of `logs`; `lines` is made once a command, with the names of the services it shows."""
    if look.json:
        return document.line(document.plain(found))
    return lines.draw(found)


def progress_of(look: Look) -> progress.Progress:
    """What draws the events of one command while it goes on."""
    return progress.Progress(colour=look.colour, columns=look.columns)


def render_event(event: Event, look: Look, drawing: progress.Progress) -> str:
    """Text for the error stream; "" when there is nothing to tell. After the last event, tell `drawing.end()`."""
    return "" if look.json else drawing.draw(event)


def render_error(error: NexsockError, look: Look) -> Shown:
    """Any of them when it could not be done."""
    out, told = failure.render(error, json=look.json, colour=look.colour)
    return Shown(out, told, error.exit_status)
