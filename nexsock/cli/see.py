"""Commands that look: `ps`, `status`, `why`, `history`, `diff`, `timings`, `graph`, `port`, `url`, `ls`."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from nexsock import errors
from nexsock.cli import arguments
from nexsock.cli.session import Session
from nexsock.model.status import Graph, ProjectStatus, ProjectSummary, RunDiff, RunStatus, ServiceDetail, Timings, Why
from nexsock.protocol.api import DiffRequest, EventsRequest, Nothing, PlanRequest, ServiceRequest, ServicesRequest
from nexsock.views import diff as diffs
from nexsock.views import document, hot, lists, status
from nexsock.views import graph as drawings
from nexsock.views import timings as waterfall
from nexsock.views import why as reasons

app = typer.Typer(rich_markup_mode=None)

CLEAR = "\x1b[H\x1b[2J\x1b[3J"
"""Cursor home, clear the screen and what scrolled away (ECMA-48 8.3.39; xterm's ED 3)."""


@app.command()
def ps(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("-a", "--all", help="Also services of inactive profiles.")] = False,
    watch: Annotated[bool, typer.Option("-w", "--watch", help="Show it again whenever something changes.")] = False,
) -> int:
    """List the services and how they do.

    A service that crashed stays in the list, with the reason.
    """
    session: Session = context.obj
    request = ServicesRequest(project=session.project(), services=())
    if not watch:
        found: ProjectStatus = session.call("list_services", request)
        return session.show(hot.render_ps(found, session.look, everything=everything, now=session.now()))
    for found in _changing(session, request):
        shown = hot.render_ps(found, session.look, everything=everything, now=session.now())
        session.say(
            document.line(document.status(found, everything)) if session.options.json else _again(session, shown)
        )
    return 0


def _again(session: Session, shown: hot.Shown) -> str:
    return CLEAR + shown.out if session.look.colour else shown.out + "\n"


def _changing(session: Session, request: ServicesRequest) -> Iterator[ProjectStatus]:
    """The status now, and again after each event, as long as the daemon tells events."""
    told = session.open().stream("events", EventsRequest(project=request.project, follow=True, since=session.now()))
    yield session.call("list_services", request)
    for _ in told:
        yield session.call("list_services", request)


@app.command(name="status")
def show_status(context: typer.Context, service: arguments.Service) -> int:
    """Show everything about one service."""
    session: Session = context.obj
    return session.show(hot.render_detail(_detail(session, service), session.look, now=session.now()))


def _detail(session: Session, service: str) -> ServiceDetail:
    found: ServiceDetail = session.call("service_status", ServiceRequest(project=session.project(), service=service))
    return found


@app.command()
def why(context: typer.Context, service: arguments.Service) -> int:
    """Explain why a service is in the state that it is in.

    From the symptom to the first cause, with the place in the file, the last exit, the last lines of the log, and
    what comes next.
    """
    session: Session = context.obj
    found: Why = session.call("why", ServiceRequest(project=session.project(), service=service))
    text = reasons.render(found, colour=session.look.colour, now=session.now())
    return session.answer(document.plain(found), text)


@app.command()
def history(context: typer.Context, service: arguments.Service) -> int:
    """List the runs of a service."""
    session: Session = context.obj
    found: tuple[RunStatus, ...] = session.call("history", ServiceRequest(project=session.project(), service=service))
    look = session.look
    table = status.runs(found, colour=look.colour, columns=look.columns, now=session.now())
    text = table if found else f"{service} has never been started\n"
    return session.answer({"service": service, "runs": document.plain(found)}, text)


RunNumber = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="Its number; 0 is the last, -1 the one before.", show_default=False),
]


@app.command(context_settings={"ignore_unknown_options": True})
def diff(context: typer.Context, service: arguments.Service, run: RunNumber = None, other: RunNumber = None) -> int:
    """Show what differed between two runs of a service.

    Without numbers: between the last two; with one: between that run and the last.
    """
    session: Session = context.obj
    request = DiffRequest(
        project=session.project(),
        service=service,
        first=arguments.run_number(run),
        second=arguments.run_number(other),
    )
    found: RunDiff = session.call("diff", request)
    return session.answer(document.plain(found), diffs.render(found, colour=session.look.colour, now=session.now()))


@app.command()
def timings(context: typer.Context) -> int:
    """Draw how the last `up` went: what was held, what took how long, and the critical path."""
    session: Session = context.obj
    found: Timings = session.call("timings", ServicesRequest(project=session.project(), services=()))
    look = session.look
    text = waterfall.render(found, colour=look.colour, columns=look.columns, now=session.now())
    return session.answer(document.plain(found), text)


class GraphFormat(StrEnum):
    TEXT = "text"
    DOT = "dot"
    MERMAID = "mermaid"
    SVG = "svg"
    JSON = "json"


@app.command()
def graph(
    context: typer.Context,
    form: Annotated[GraphFormat, typer.Option("--format", help="How to draw it.")] = GraphFormat.TEXT,
) -> int:
    """Draw what needs what."""
    session: Session = context.obj
    found: Graph = session.call("graph", PlanRequest(project=session.project(with_environ=True)))
    if form is GraphFormat.JSON or session.options.json:
        session.say(document.text(document.plain(found)))
        return 0
    session.say(_drawn(found, form, session.look.colour))
    return 0


def _drawn(found: Graph, form: GraphFormat, colour: bool) -> str:
    match form:
        case GraphFormat.DOT:
            return drawings.dot(found)
        case GraphFormat.MERMAID:
            return drawings.mermaid(found)
        case GraphFormat.SVG:
            from nexsock.views import graph_svg

            return graph_svg.svg(found)
        case _:
            return drawings.tree(found, colour=colour)


PortName = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Name of the port; the first one if absent.")]


@app.command()
def port(context: typer.Context, service: arguments.Service, name: PortName = None) -> int:
    """Print the port of a service."""
    session: Session = context.obj
    chosen, number = _port(session, service, name)
    return session.answer({"service": service, "name": chosen, "port": number}, f"{number}\n")


@app.command()
def url(context: typer.Context, service: arguments.Service, name: PortName = None) -> int:
    """Print the address of a service."""
    session: Session = context.obj
    chosen, number = _port(session, service, name)
    address = f"http://127.0.0.1:{number}"
    return session.answer({"service": service, "name": chosen, "url": address}, address + "\n")


def _port(session: Session, service: str, name: str | None) -> tuple[str, int]:
    """The name and number of a port of a service, the first one without a name."""
    ports = _detail(session, service).service.ports
    if not ports:
        raise errors.NotFound(f"service {service!r} declares no port", hint="give it 'ports:' in the file")
    chosen = name or next(iter(ports))
    if chosen not in ports:
        raise errors.NotFound(f"service {service!r} has no port {chosen!r}", hint=f"it has {', '.join(ports)}")
    return chosen, ports[chosen]


@app.command(name="ls")
def list_projects(context: typer.Context) -> int:
    """List the projects of this machine."""
    session: Session = context.obj
    found: tuple[ProjectSummary, ...] = session.call("list_projects", Nothing())
    text = lists.projects(found, colour=session.look.colour, columns=session.look.columns)
    return session.answer({"projects": document.plain(found)}, text)
