"""Commands that tell as it happens: `logs`, `events`."""

from typing import Annotated

import typer

from nexsock import errors
from nexsock.cli import arguments, following
from nexsock.cli.session import Session
from nexsock.model.log import LogQuery
from nexsock.model.status import ProjectStatus
from nexsock.protocol.api import EventsRequest, LogsRequest, ServicesRequest
from nexsock.views import document, hot
from nexsock.views import events as happenings
from nexsock.views import logs as drawings

app = typer.Typer(rich_markup_mode=None)

Since = Annotated[str | None, typer.Option("--since", metavar="T", help="From 5m ago, from 10:30, or from a date.")]


@app.command()
def logs(
    context: typer.Context,
    services: arguments.Services = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is written from now on.")] = False,
    lines: Annotated[
        str | None, typer.Option("-n", "--lines", "--tail", metavar="N", help="Only the last N lines; or 'all'.")
    ] = None,
    since: Since = None,
    until: Annotated[str | None, typer.Option("--until", metavar="T", help="Up to this time.")] = None,
    grep: Annotated[str | None, typer.Option("--grep", metavar="RE", help="Only lines in which this matches.")] = None,
    run: Annotated[
        int | None, typer.Option("--run", metavar="N", help="Only of run N; -1 is the one before the last.")
    ] = None,
    timestamps: Annotated[bool, typer.Option("-t", "--timestamps", help="With the time of each line.")] = False,
    no_prefix: Annotated[
        bool, typer.Option("--no-prefix", "--no-log-prefix", help="Without the name of the service.")
    ] = False,
) -> int:
    """Show what services wrote.

    Without a name: of all services, merged by time. Lines of services that have ended, and of earlier runs, are kept.
    """
    session: Session = context.obj
    project = session.project()
    now, zone = session.now(), session.zone
    query = LogQuery(
        services=tuple(services or ()),
        last_lines=_line_count(lines),
        since=arguments.moment(since, "--since", now, zone),
        until=arguments.moment(until, "--until", now, zone),
        grep=arguments.pattern(grep),
        run=run,
    )
    look = session.look
    names = _names(session, query.services)
    drawing = drawings.Lines(names, colour=look.colour, prefix=not no_prefix, timestamps=timestamps)
    for line in following.lines(session, LogsRequest(project=project, query=query, follow=follow)):
        session.say(hot.render_line(line, look, drawing))
    return 0


def _line_count(text: str | None) -> int | None:
    if text is None or text == "all":
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    raise errors.UsageError(f"-n: {text!r} is no number of lines", hint="write it like 100, or 'all'")


def _names(session: Session, services: tuple[str, ...]) -> list[str]:
    request = ServicesRequest(project=session.project(), services=services)
    found: ProjectStatus = session.call("list_services", request)
    return [service.name for service in found.services]


@app.command()
def events(
    context: typer.Context,
    services: arguments.Services = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what happens from now on.")] = False,
    since: Since = None,
) -> int:
    """Show what happened."""
    session: Session = context.obj
    request = EventsRequest(
        project=session.project(),
        follow=follow,
        since=arguments.moment(since, "--since", session.now(), session.zone),
        services=tuple(services or ()),
    )
    look = session.look
    for event in session.stream("events", request):
        if look.json:
            session.say(document.line(document.plain(event)))
        else:
            session.say(happenings.line(event, colour=look.colour, zone=session.zone))
    return 0
