"""Commands that act on services by name: `start`, `stop`, `restart`, `kill`, `wait`."""

from typing import Annotated

import typer

from nexsock.cli import arguments, progress
from nexsock.cli.session import Session
from nexsock.model.status import ProjectStatus
from nexsock.protocol.api import KillRequest, ServicesRequest, WaitRequest
from nexsock.views import document

app = typer.Typer(rich_markup_mode=None)

Grace = Annotated[
    str | None, typer.Option("-t", "--timeout", metavar="T", help="Time to end before SIGKILL; 0 kills at once.")
]
Variables = Annotated[
    list[str] | None,
    typer.Option("-e", "--env", metavar="NAME=VALUE", help="A variable for this run only; may be repeated."),
]


@app.command()
def start(context: typer.Context, services: arguments.SomeServices, env: Variables = None) -> int:
    """Start services, and what they need."""
    session: Session = context.obj
    return _act(session, "start_service", services, with_environ=True, environment=arguments.variables(env))


@app.command()
def stop(context: typer.Context, services: arguments.SomeServices, timeout: Grace = None) -> int:
    """Stop services and keep them stopped.

    They stay stopped, also through `up`, until `start` or `up` names them.
    """
    return _act(context.obj, "stop_service", services, timeout=timeout)


@app.command()
def restart(
    context: typer.Context, services: arguments.SomeServices, timeout: Grace = None, env: Variables = None
) -> int:
    """Stop services and start them again."""
    session: Session = context.obj
    return _act(
        session,
        "restart_service",
        services,
        with_environ=True,
        timeout=timeout,
        environment=arguments.variables(env),
    )


def _act(
    session: Session,
    operation: str,
    services: list[str],
    *,
    with_environ: bool = False,
    timeout: str | None = None,
    environment: dict[str, str] | None = None,
) -> int:
    request = ServicesRequest(
        project=session.project(with_environ=with_environ),
        services=tuple(services),
        timeout_s=arguments.duration(timeout, "--timeout"),
        environment=environment or {},
    )
    return arguments.finish(session, progress.follow(session, session.stream(operation, request)))


@app.command()
def kill(
    context: typer.Context,
    services: arguments.SomeServices,
    signal: Annotated[str, typer.Option("-s", "--signal", metavar="SIG", help="Name or number of it.")] = "KILL",
) -> int:
    """Send a signal to services.

    What follows from it is the service's restart policy: `stop` is the command that keeps one down.
    """
    session: Session = context.obj
    name = arguments.signal_name(signal)
    found: ProjectStatus = session.call(
        "kill", KillRequest(project=session.project(), services=tuple(services), signal=name)
    )
    told = "" if session.options.quiet else f"Sent {name} to {', '.join(services)}\n"
    return session.answer(document.status(found), told)


@app.command()
def wait(
    context: typer.Context,
    targets: Annotated[list[str], typer.Argument(metavar="SERVICE[:CONDITION]...", show_default=False)],
    timeout: Annotated[str | None, typer.Option("--timeout", metavar="T", help="Give up after this time: 60s.")] = None,
) -> int:
    """Wait until services are as they should be.

    Conditions: started, healthy, completed, completed_successfully, log_ready, stopped. Without one: completed
    successfully for a oneshot, healthy where there is a healthcheck, else started.
    """
    session: Session = context.obj
    request = WaitRequest(
        project=session.project(),
        targets=tuple(arguments.wait_target(text) for text in targets),
        timeout_s=arguments.duration(timeout, "--timeout"),
    )
    return arguments.finish(session, progress.follow(session, session.stream("wait", request)))
