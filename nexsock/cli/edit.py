"""Commands that edit nexsock.yaml and then apply it: `add`, `remove`, `dependency`. `config` shares what is below."""

from typing import Annotated, Any

import typer
from msgspec.structs import replace

from nexsock import errors
from nexsock.cli import arguments, progress
from nexsock.cli.session import Session
from nexsock.model.edit import EditStatus, ListedDependency
from nexsock.model.status import Outcome
from nexsock.protocol.api import (
    AddServiceRequest,
    DependencyRequest,
    RemoveServiceRequest,
    ServicesRequest,
    WaitRequest,
    WaitTarget,
)
from nexsock.views import document, edits
from nexsock.views import outcome as outcomes

app = typer.Typer(rich_markup_mode=None)
dependency = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="List what services need, or change it in the file."
)
app.add_typer(dependency, name="dependency")

SomeFields = Annotated[list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...", show_default=False)]
NoApply = Annotated[bool, typer.Option("--no-apply", help="Only write the file; leave what runs as it is.")]
Others = Annotated[list[str], typer.Argument(metavar="ON...", show_default=False)]

STARTING = frozenset({"start", "run", "restart"})
"""Steps that lead to a new run."""


@app.command()
def add(context: typer.Context, name: arguments.Service, fields: SomeFields = None, no_apply: NoApply = False) -> int:
    """Add a service to the file.

    Values are YAML: nexsock add web command='npm run dev' ports.http=auto depends_on='[db]'
    """
    session: Session = context.obj
    request = AddServiceRequest(
        project=session.project(with_environ=True),
        service=name,
        fields=assignments(fields or ()),
        apply=not no_apply,
    )
    return tell(session, session.call("add_service", request), "added")


@app.command()
def remove(
    context: typer.Context,
    name: arguments.Service,
    force: Annotated[bool, typer.Option("--force", help="Also remove the dependencies of others on it.")] = False,
    no_apply: NoApply = False,
) -> int:
    """Remove a service from the file.

    If it runs, it is stopped.
    """
    session: Session = context.obj
    request = RemoveServiceRequest(
        project=session.project(with_environ=True), service=name, force=force, apply=not no_apply
    )
    return tell(session, session.call("remove_service", request), "removed")


@dependency.command(name="add")
def add_dependency(
    context: typer.Context,
    service: arguments.Service,
    others: Others,
    condition: Annotated[
        str | None, typer.Option("--condition", metavar="CONDITION", help="What to wait for, such as healthy.")
    ] = None,
    tunnel: Annotated[bool, typer.Option("--tunnel", help="Reach it through a local address of its own.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Restart SERVICE when the other one is.")] = False,
    optional: Annotated[bool, typer.Option("--optional", help="Go on without it when it cannot be had.")] = False,
    no_apply: NoApply = False,
) -> int:
    """Have SERVICE need others, or set how it needs them."""
    session: Session = context.obj
    given = {
        "condition": condition,
        "required": "false" if optional else None,
        "restart": "true" if restart else None,
        "tunnel": "true" if tunnel else None,
    }
    request = DependencyRequest(
        project=session.project(with_environ=True),
        service=service,
        others=tuple(others),
        fields={name: value for name, value in given.items() if value is not None},
        apply=not no_apply,
    )
    return tell(session, session.call("add_dependency", request), f"needs {', '.join(others)}")


@dependency.command(name="remove")
def remove_dependency(
    context: typer.Context, service: arguments.Service, others: Others, no_apply: NoApply = False
) -> int:
    """Have SERVICE no longer need others."""
    session: Session = context.obj
    request = DependencyRequest(
        project=session.project(with_environ=True), service=service, others=tuple(others), apply=not no_apply
    )
    return tell(session, session.call("remove_dependency", request), f"no longer needs {', '.join(others)}")


@dependency.command(name="list")
def list_dependencies(context: typer.Context, services: arguments.Services = None) -> int:
    """List what needs what; with names, what these services need."""
    session: Session = context.obj
    request = ServicesRequest(project=session.project(with_environ=True), services=tuple(services or ()))
    found: tuple[ListedDependency, ...] = session.call("list_dependencies", request)
    return session.answer(
        {"dependencies": document.plain(found)}, edits.dependencies(found, colour=session.look.colour)
    )


def assignments(given: list[str] | tuple[str, ...]) -> dict[str, str]:
    """The fields of "FIELD=VALUE" texts; the last of a name wins.

    Raises:
        UsageError: one has no field or no "=".
    """
    pairs = [text.partition("=") for text in given]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise errors.UsageError(f"{name!r} has no value", hint="write it like FIELD=VALUE: environment.PORT=3001")
    return {name: value for name, _, value in pairs}


def tell(session: Session, edited: EditStatus, done: str) -> int:
    """Show what an edit came to, and wait for the runs that it began; not 0 if one of them is not as it should be."""
    look = session.look
    if not (look.json or session.options.quiet):
        session.say(edits.render(edited, done, colour=look.colour))
    outcome = _follow(session, edited)
    if look.json:
        failed: dict[str, Any] = {"failed": document.plain(outcome.failed)} if outcome is not None else {}
        session.say(document.text({"ok": outcome is None or outcome.ok, **document.edit(edited), **failed}))
        return 0 if outcome is None else outcomes.exit_status(outcome)
    return 0 if outcome is None else arguments.finish(session, outcome)


def _follow(session: Session, edited: EditStatus) -> Outcome | None:
    """What came of the runs that the edit began; None if there are none."""
    steps = edited.plan.steps if edited.plan is not None else ()
    begun = dict.fromkeys(step.service for step in steps if step.action in STARTING)
    if not begun:
        return None
    request = WaitRequest(project=session.project(), targets=tuple(WaitTarget(service=name) for name in begun))
    return replace(progress.follow(session, session.stream("wait", request)), changes=len(steps))
