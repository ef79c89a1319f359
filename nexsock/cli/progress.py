"""What is seen while a stream of progress goes on: nothing, one line a change, or a live view on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from nexsock import errors, units
from nexsock.cli.session import Session
from nexsock.model.event import Event
from nexsock.model.state import SETTLED
from nexsock.model.status import Outcome
from nexsock.protocol.api import Progress
from nexsock.views import events, hot, style, table

if TYPE_CHECKING:
    from rich.text import Text


class Display(Protocol):
    """Shows events until it is left."""

    def __enter__(self) -> Display: ...
    def __exit__(self, *cause: object) -> None: ...
    def show(self, event: Event) -> None: ...


class Silent:
    """Shows nothing: JSON and --quiet."""

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *cause: object) -> None: ...

    def show(self, event: Event) -> None: ...


class Lines(Silent):
    """As the daemon renders it for the hot commands (views.progress), on the error stream."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.drawing = hot.progress_of(session.look)

    def __exit__(self, *cause: object) -> None:
        self.session.tell(self.drawing.end())

    def show(self, event: Event) -> None:
        self.session.tell(hot.render_event(event, self.session.look, self.drawing))


class Everything(Silent):
    """One line for each event: --verbose."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def show(self, event: Event) -> None:
        self.session.tell(events.line(event, colour=self.session.look.colour, zone=self.session.zone))


class Seen(NamedTuple):
    """What the live view knows of a service; `ended` is when it settled, None while it is under way."""

    phase: str
    reason: str
    began: float
    ended: float | None


class Live:
    """The services with the time they take, redrawn in place and gone at the end."""

    def __init__(self, session: Session) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self.session = session
        self.services: dict[str, Seen] = {}
        self.console = Console(file=session.err, force_terminal=True, highlight=False)
        self.drawing = RichLive(
            console=self.console, get_renderable=self.picture, transient=True, refresh_per_second=10
        )

    def __enter__(self) -> Display:
        self.drawing.start()
        return self

    def __exit__(self, *cause: object) -> None:
        self.drawing.stop()

    def show(self, event: Event) -> None:
        if event.service and event.kind == "phase" and event.phase:
            now, before = self.session.now(), self.services.get(event.service)
            began = before.began if before and before.ended is None else now
            ended = now if event.phase in SETTLED else None
            self.services[event.service] = Seen(event.phase, event.reason, began, ended)
        elif event.kind in ("output", "warning", "plan") and (line := events.transition(event, colour=True)):
            self.console.print(self.coloured(line.rstrip("\n")))

    def picture(self) -> Text:
        """All services, or without room for all those that are under way; and how many are settled.

        Runs in the thread that draws, on a copy of what is known.
        """
        now, services = self.session.now(), dict(self.services)
        moving = {name: seen for name, seen in services.items() if seen.ended is None}
        room = max(self.console.height - 2, 1)
        shown = services if len(services) <= room else moving
        rows = [
            [
                style.phase(seen.phase, True),
                name,
                units.format_duration((seen.ended or now) - seen.began),
                style.one_line(seen.reason),
            ]
            for name, seen in list(shown.items())[:room]
        ]
        settled = f"{len(services) - len(moving)} of {style.plural(len(services), 'service')} settled"
        return self.coloured(table.render(("", "", "", ""), rows, colour=True) + style.paint(settled, "dim", True))

    @staticmethod
    def coloured(line: str) -> Text:
        from rich.text import Text

        text = Text.from_ansi(line)
        text.no_wrap, text.overflow = True, "ellipsis"
        return text


def display(session: Session) -> Display:
    """The way to show progress that suits the options of the session."""
    if session.options.json or session.options.quiet:
        return Silent()
    return Everything(session) if session.options.verbose else Lines(session)


def follow(
    session: Session, items: Iterator[Any], started: list[str] | None = None, show: Display | None = None
) -> Outcome:
    """Show a stream of progress to its end and return the outcome.

    Args:
        items: protocol.api.Progress, the last with the outcome.
        started: takes the names of the services that were started, each once, also when this is interrupted.
        show: how it is shown, if not as `display` says.
    Raises:
        Unreachable: the stream ended without an outcome.
    """
    with show or display(session) as shown:
        for item in items:
            assert isinstance(item, Progress)
            if item.outcome is not None:
                return item.outcome
            if item.event is not None:
                _note_start(item.event, started)
                shown.show(item.event)
    raise errors.Unreachable(
        "nexsockd ended the conversation before the work was done",
        hint="'nexsock ps' shows what stands, 'nexsock daemon logs' what happened",
    )


def _note_start(event: Event, started: list[str] | None) -> None:
    begins = event.kind == "phase" and event.phase == "starting"
    if started is not None and begins and event.service and event.service not in started:
        started.append(event.service)
