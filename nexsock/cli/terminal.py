"""Commands on the user's own terminal: `run`, `exec`, `env`. The daemon says how, this process becomes the command."""

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import typer

from nexsock import errors
from nexsock.cli import arguments, progress
from nexsock.cli.session import Session
from nexsock.model.status import ServiceDetail, ServiceEnvironment
from nexsock.protocol.api import CommandSpec, ServiceRequest, UpRequest
from nexsock.views import document, hot

app = typer.Typer(rich_markup_mode=None)

EVERYTHING_AFTER_THE_NAME = {"allow_interspersed_args": False, "ignore_unknown_options": True}
"""`nexsock exec web ls -l`: the -l is for ls."""


@app.command(context_settings=EVERYTHING_AFTER_THE_NAME)
def run(
    context: typer.Context,
    service: arguments.Service,
    extra: Annotated[list[str] | None, typer.Argument(metavar="[-- ARG]...", show_default=False)] = None,
    no_deps: Annotated[bool, typer.Option("--no-deps", help="Do not bring up what the service needs.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also when a oneshot's inputs are unchanged.")] = False,
) -> int:
    """Run a service's command here, on this terminal.

    What it needs is brought up first. Arguments are added to the command; its exit code is the exit code. A oneshot
    whose inputs are unchanged since it ran is left alone, unless there are arguments, or --force.
    """
    session: Session = context.obj
    session.only_here("run")
    added, spec = _without_dashes(extra), _command(session, service)
    if spec.skip and not (force or added):
        return session.show(hot.Shown(err=f"{service} is up to date: {spec.skip}; --force runs it all the same\n"))
    if not no_deps and (status := _bring_up_needs(session, service)):
        return status
    spec = _command(session, service, os.getpid())
    return _become(session, with_arguments(spec.command, added), spec)


@app.command(name="exec", context_settings=EVERYTHING_AFTER_THE_NAME)
def execute(
    context: typer.Context,
    service: arguments.Service,
    command: Annotated[list[str] | None, typer.Argument(metavar="-- CMD [ARG]...", show_default=False)] = None,
) -> int:
    """Run a command as a service would: its folder, its environment."""
    session: Session = context.obj
    session.only_here("exec")
    wanted = _without_dashes(command)
    if not wanted:
        raise errors.UsageError("exec needs a command", hint=f"write it like 'nexsock exec {service} -- ls -l'")
    return _become(session, wanted, _command(session, service, os.getpid(), verb="exec"))


def _without_dashes(words: Sequence[str] | None) -> tuple[str, ...]:
    given = tuple(words or ())
    return given[1:] if given[:1] == ("--",) else given


def _bring_up_needs(session: Session, service: str) -> int:
    """0 when everything that the service needs is as it should be, else the exit status, after saying why."""
    request = ServiceRequest(project=session.project(), service=service)
    detail: ServiceDetail = session.call("service_status", request)
    missing = tuple(needed.name for needed in detail.depends_on if needed.required and not needed.met)
    if not missing:
        return 0
    outcome = progress.follow(
        session, session.stream("up", UpRequest(project=session.project(with_environ=True), services=missing))
    )
    return session.show(hot.render_outcome(outcome, session.look)._replace(out=""))


def _command(
    session: Session, service: str, pid: int | None = None, verb: Literal["run", "exec"] = "run"
) -> CommandSpec:
    """What the service would be run by; with the pid of the process that becomes it, its secrets, too."""
    request = ServiceRequest(project=session.project(with_environ=True), service=service, pid=pid, verb=verb)
    found: CommandSpec = session.call("command", request)
    return found


def with_arguments(command: tuple[str, ...], extra: tuple[str, ...]) -> tuple[str, ...]:
    """The command with arguments added; those of a shell line reach its last command as "$@"."""
    if extra and len(command) == 3 and command[1] == "-c":
        shell, option, line = command
        return (shell, option, f'{line} "$@"', shell, *extra)
    return (*command, *extra)


def _become(session: Session, command: tuple[str, ...], spec: CommandSpec) -> int:
    session.close()
    values = {variable: _value(path) for variable, path in spec.values.items()}
    return session.execute(command, spec.working_dir, {**spec.environment, **values})


def _value(path: str) -> str:
    """What a secret's file holds.

    Raises:
        LaunchError: it cannot be read here: the daemon is another user's, or on another machine.
    """
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read())
    except OSError as error:
        raise errors.LaunchError(
            f"the secret in {path} cannot be read: {(error.strerror or str(error)).lower()}"
        ) from None


def replace_process(command: Sequence[str], folder: str, environ: Mapping[str, str]) -> int:
    """Become the command: same process, terminal and streams. Does not return.

    Raises:
        LaunchError: the folder or the program is missing, or may not be used.
    """
    try:
        os.chdir(folder)
        os.execvpe(command[0], list(command), dict(environ))  # noqa: S606 - starting it is what was asked for
    except OSError as error:
        raise errors.LaunchError(
            f"{command[0]!r} cannot be run in {folder}: {(error.strerror or str(error)).lower()}",
            hint="'nexsock env' shows the PATH that it is looked for in",
        ) from None


@app.command()
def env(context: typer.Context, service: arguments.Service) -> int:
    """Print the environment that a service gets.

    One NAME=VALUE a line, quoted for a shell where it must be; secrets are masked.
    """
    session: Session = context.obj
    request = ServiceRequest(project=session.project(with_environ=True), service=service)
    found: ServiceEnvironment = session.call("environment", request)
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in found.environment.items())
    return session.answer(document.plain(found), text)
