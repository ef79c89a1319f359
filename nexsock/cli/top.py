"""`top`: what services use, sampled as long as it is looked at."""

import shutil
from typing import Annotated

import typer

from nexsock import errors
from nexsock.cli import arguments
from nexsock.cli.session import Session
from nexsock.model.status import Usage
from nexsock.protocol.api import TopRequest
from nexsock.views import document
from nexsock.views import top as tables

app = typer.Typer(rich_markup_mode=None)


@app.command()
def top(
    context: typer.Context,
    services: arguments.Services = None,
    samples: Annotated[
        int | None, typer.Option("-n", "--samples", metavar="N", min=0, help="So many samples; 0 goes on.")
    ] = None,
    interval: Annotated[str, typer.Option("--interval", metavar="T", help="Time between two samples.")] = "1s",
) -> int:
    """Show what services use: processor, memory, threads, files, ports.

    Everything that a service started counts. On a terminal it is shown again after each interval until Ctrl-C;
    elsewhere there is one sample, unless -n says otherwise.
    """
    session: Session = context.obj
    wanted = samples if samples is not None else 0 if session.is_terminal else 1
    request = TopRequest(
        project=session.project(),
        services=tuple(services or ()),
        interval_s=arguments.duration(interval, "--interval") or 0.0,
        samples=wanted or None,
    )
    if request.interval_s <= 0:
        raise errors.UsageError("--interval: 0 is no time between two samples", hint="write it like 500ms or 2s")
    refreshing = session.look.colour and wanted != 1
    if refreshing:
        session.say(tables.CLEAR)
    for found in session.stream("top", request):
        session.say(_shown(session, found, refreshing))
    return 0


def _shown(session: Session, found: Usage, refreshing: bool) -> str:
    look = session.look
    if look.json:
        return document.line(document.plain(found))
    if not refreshing:
        return tables.render(found, colour=look.colour, columns=look.columns)
    rows = shutil.get_terminal_size().lines - 1
    return tables.in_place(tables.render(found, colour=look.colour, columns=look.columns, rows=rows))
