"""`up`, `down`, `plan`, `watch`: the whole project at once."""

from typing import Annotated

import typer
from msgspec.structs import replace

from nexsock import errors
from nexsock.cli import arguments, attached, progress
from nexsock.cli.session import Session
from nexsock.model.project import ProjectRef
from nexsock.model.status import Outcome, PlanStatus, ProjectStatus, ProjectSummary
from nexsock.protocol.api import (
    DownRequest,
    EventsRequest,
    Nothing,
    PlanRequest,
    ServicesRequest,
    UpRequest,
    WatchRequest,
)
from nexsock.views import document, events, hot, plan, style

CHANGES_PENDING = 5

app = typer.Typer(rich_markup_mode=None)


@app.command()
def up(
    context: typer.Context,
    services: arguments.Services = None,
    detach: Annotated[bool, typer.Option("-d", "--detach", help="Return when everything has settled.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Like -d; meant for --timeout.")] = False,
    timeout: Annotated[str | None, typer.Option("--timeout", metavar="T", help="Give up after this time: 60s.")] = None,
    watch: Annotated[bool, typer.Option("-w", "--watch", help="Apply changes of the files from now on.")] = False,
    no_deps: Annotated[bool, typer.Option("--no-deps", help="Only the named services, not what they need.")] = False,
    force_restart: Annotated[bool, typer.Option("--force-restart", help="Restart also what is up to date.")] = False,
    scale: arguments.Scale = None,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask before services are stopped.")] = False,
) -> int:
    """Make the machine match the file: start what is missing, restart what changed.

    On a terminal it then follows the logs; the first Ctrl-C stops what this `up` started, the second kills it.
    Without a terminal, or with -d, it returns when everything wanted has settled, and fails if anything did not.
    """
    session: Session = context.obj
    request = UpRequest(
        project=replace(session.project(with_environ=True), scale=arguments.scale(scale)),
        services=tuple(services or ()),
        no_deps=no_deps,
        force_restart=force_restart,
        watch=True if watch else None,
        timeout_s=arguments.duration(timeout, "--timeout"),
    )
    if not yes:
        request = replace(request, digest=_confirmed(session, request))
    if session.is_terminal and not (detach or wait or session.options.json):
        return attached.up(session, request)
    outcome = progress.follow(session, session.stream("up", request))
    return arguments.finish(session, outcome)


def _confirmed(session: Session, request: UpRequest) -> str | None:
    """Ask before an `up` that stops running services, such as those of another file for the same folder.

    Returns the digest of the plan that was agreed to; None when there was nothing to ask.
    """
    if session.answers is None or session.options.json:
        return None
    wanted = PlanRequest(
        project=request.project,
        services=request.services,
        no_deps=request.no_deps,
        force_restart=request.force_restart,
    )
    coming: PlanStatus = session.call("plan", wanted)
    stops = [step for step in coming.plan.steps if step.action == "stop"]
    if not stops:
        return None
    session.tell("".join(f"{step.service} will be stopped: {step.reason}\n" for step in stops))
    if not session.ask("Go on?"):
        raise errors.Interrupted("nothing was changed")
    return coming.digest


@app.command()
def down(
    context: typer.Context,
    services: arguments.Services = None,
    timeout: Annotated[
        str | None, typer.Option("-t", "--timeout", metavar="T", help="Time to end before SIGKILL; 0 kills at once.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The services of every project of this machine.")] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask before --all.")] = False,
) -> int:
    """Stop services until no process of them is left.

    What could not be ended is named, with its process ids.
    """
    session: Session = context.obj
    grace_s = arguments.duration(timeout, "--timeout")
    if everything:
        return _down_everywhere(session, grace_s, yes)
    request = DownRequest(project=session.project(), services=tuple(services or ()), timeout_s=grace_s)
    outcome = progress.follow(session, session.stream("down", request))
    return arguments.finish(session, outcome)


def _down_everywhere(session: Session, grace_s: float | None, yes: bool) -> int:
    projects: tuple[ProjectSummary, ...] = session.call("list_projects", Nothing())
    running = [project for project in projects if project.running]
    if running and not yes and session.answers is not None and not session.options.json:
        names = ", ".join(project.name for project in running)
        if not session.ask(f"Stop {style.plural(len(running), 'project')}: {names}?"):
            raise errors.Interrupted("nothing was stopped")
    outcomes: list[Outcome] = []
    for project in projects:
        known = ProjectRef(directory=project.dir, name=project.id)
        request = DownRequest(project=known, timeout_s=grace_s)
        outcomes.append(progress.follow(session, session.stream("down", request)))
    if session.options.json:
        ok = all(outcome.ok for outcome in outcomes)
        session.say(document.text({"ok": ok, "projects": [document.outcome(outcome) for outcome in outcomes]}))
        return max((hot.render_outcome(outcome, session.look).exit_status for outcome in outcomes), default=0)
    return max((arguments.finish(session, outcome) for outcome in outcomes), default=0)


@app.command(name="plan")
def show_plan(
    context: typer.Context,
    services: arguments.Services = None,
    no_deps: Annotated[bool, typer.Option("--no-deps", help="Only the named services, not what they need.")] = False,
    force_restart: Annotated[bool, typer.Option("--force-restart", help="Restart also what is up to date.")] = False,
    detailed: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 5 when there is something to do.")
    ] = False,
    scale: arguments.Scale = None,
) -> int:
    """Show what `up` would do now, and why, without doing it."""
    session: Session = context.obj
    request = PlanRequest(
        project=replace(session.project(with_environ=True), scale=arguments.scale(scale)),
        services=tuple(services or ()),
        no_deps=no_deps,
        force_restart=force_restart,
    )
    found: PlanStatus = session.call("plan", request)
    session.answer(document.plan(found), plan.render(found, colour=session.look.colour))
    return CHANGES_PENDING if detailed and found.plan.changes else 0


@app.command()
def watch(context: typer.Context) -> int:
    """Follow the files: apply changes until Ctrl-C.

    What a change does is shown as it happens. A project that was watched before stays watched.
    """
    session: Session = context.obj
    project = session.project(with_environ=True)
    before: ProjectStatus = session.call("list_services", ServicesRequest(project=session.project(), services=()))
    status: ProjectStatus = session.call("watch", WatchRequest(project=project, on=True))
    if not session.options.json:
        session.tell(f"Watching the files of {status.project.name}; Ctrl-C ends it.\n")
    try:
        for event in session.stream(
            "events", EventsRequest(project=session.project(), follow=True, since=session.now())
        ):
            look = session.look
            told = (
                document.line(document.plain(event))
                if look.json
                else events.line(event, colour=look.colour, zone=session.zone)
            )
            session.say(told)
    finally:
        if not before.project.watching:
            session.close()
            session.call("watch", WatchRequest(project=project, on=False))
    return 0
