"""`up` on a terminal: progress, then the logs until Ctrl-C, which stops what this `up` started; a second one kills."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from nexsock.cli import progress
from nexsock.cli.session import Session
from nexsock.model.event import Event
from nexsock.model.log import LogLine, LogQuery
from nexsock.model.project import ProjectRef
from nexsock.model.state import ALIVE
from nexsock.model.status import Outcome, ProjectStatus
from nexsock.protocol.api import DownRequest, EventsRequest, LogsRequest, ServicesRequest, UpRequest
from nexsock.views import events, hot, logs, style

INTERRUPTED = 130
LAST_LINES_S = 0.3
"""How long a quiet stream of logs is waited for after the last service has ended: its last lines are on their way."""

LIVES = ALIVE | {"backoff"}
UNDER_WAY = LIVES | {"blocked"}
TOLD = frozenset({"failed", "backoff", "unhealthy", "completed"})
"""Phases that are told between the lines of the logs."""


def up(session: Session, request: UpRequest) -> int:
    """Bring services up and stay; returns the exit status."""
    began_at = session.now()
    started: list[str] = []
    try:
        outcome = progress.follow(session, session.stream("up", request), started, _live(session))
        status = session.show(hot.render_outcome(outcome, session.look))
        if not request.watch and not _under_way(_phases(outcome)):
            return status
        phases = follow(session, request, outcome, began_at)
    except KeyboardInterrupt:
        return stop(session, request.project, started)
    return 1 if status or "failed" in phases.values() else 0


def _live(session: Session) -> progress.Display | None:
    wanted = session.look.colour and session.err.isatty() and not (session.options.quiet or session.options.verbose)
    return progress.Live(session) if wanted else None


def _phases(outcome: Outcome) -> dict[str, str]:
    return {service.name: service.phase for service in outcome.services}


def _under_way(phases: dict[str, str]) -> bool:
    return any(phase in UNDER_WAY for phase in phases.values())


def follow(session: Session, request: UpRequest, outcome: Outcome, since: float) -> dict[str, str]:
    """Show the logs of the services, and what befalls them, until all have ended; returns their last phases."""
    phases = _phases(outcome)
    names = tuple(phases)
    drawing = logs.Lines(names, colour=session.look.colour)
    feeds = Feeds(session)
    feeds.add("events", EventsRequest(project=request.project, follow=True, since=session.now()))
    feeds.add("logs", LogsRequest(project=request.project, query=LogQuery(services=names, since=since), follow=True))
    for item in feeds.items(lambda: request.watch is True or _under_way(phases)):
        match item:
            case LogLine():
                session.say(drawing.draw(item))
            case Event():
                if item.kind == "phase" and item.service in phases and item.phase:
                    phases[item.service] = item.phase
                session.say(told(item, session.look.colour))
    return phases


def told(event: Event, colour: bool) -> str:
    """The line between the lines of the logs for an event that a person should see; "" for the others."""
    if event.kind == "phase" and event.phase not in TOLD:
        return ""
    if event.kind in ("config", "watch"):
        place = f"{event.origin}: " if event.origin else ""
        return (
            style.paint(f"── {event.service or event.kind}: {place}{style.one_line(event.reason)} ──", "dim", colour)
            + "\n"
        )
    return events.transition(event, colour=colour) or ""


def stop(session: Session, project: ProjectRef, started: list[str]) -> int:
    """Stop what was started here, in order; interrupted again, end it at once."""
    session.close()  # it may have been interrupted in the middle of a frame
    chosen = _to_stop(session, project, started)
    if chosen is None:
        session.tell("\nNothing was started here: the services keep running. 'nexsock down' stops them.\n")
        return INTERRUPTED
    session.tell(f"\nStopping {', '.join(chosen) or 'everything'}; Ctrl-C again kills.\n")
    try:
        _down(session, DownRequest(project=project, services=chosen))
    except KeyboardInterrupt:
        session.tell("\nKilling.\n")
        session.close()
        _down(session, DownRequest(project=project, services=chosen, timeout_s=0))
    return INTERRUPTED


def _to_stop(session: Session, project: ProjectRef, started: list[str]) -> tuple[str, ...] | None:
    """What a `down` has to name: nothing where nothing else lives, so that no service counts as stopped by hand.

    None: everything that lives was there before.
    """
    found: ProjectStatus = session.call("list_services", ServicesRequest(project=project, services=()))
    others = {service.name for service in found.services if service.phase in LIVES}.difference(started)
    if not others:
        return ()
    return tuple(started) or None


def _down(session: Session, request: DownRequest) -> None:
    outcome = progress.follow(session, session.stream("down", request))
    session.show(hot.render_outcome(outcome, session.look))


class Feeds:
    """Several streams as one, each on its own connection and in its own thread."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.open = 0

    def add(self, operation: str, request: Struct) -> None:
        self.open += 1
        threading.Thread(target=self._pump, args=(operation, request), daemon=True).start()

    def _pump(self, operation: str, request: Struct) -> None:
        """Threads end with their streams, or with the process: the daemon cancels what loses its connection."""
        try:
            for item in self.session.open(start=False).stream(operation, request):
                self.arrived.put(item)
        except Exception as error:
            self.arrived.put(error)
        else:
            self.arrived.put(None)

    def items(self, goes_on: Callable[[], bool]) -> Iterator[Any]:
        """Items as they come, while `goes_on()`; then what is still on its way. A stream that fails raises here."""
        while self.open:
            try:
                item = self.arrived.get(timeout=None if goes_on() else LAST_LINES_S)
            except queue.Empty:
                return
            if isinstance(item, Exception):
                raise item
            if item is None:
                self.open -= 1
            else:
                yield item
