"""`config`: the file as it is understood; one service of it, and its fields, to read and to change."""

import os
from typing import Annotated, Any

import typer

from nexsock import errors, places, reservations
from nexsock.cli import arguments, edit
from nexsock.cli.session import Session
from nexsock.model.edit import Definition
from nexsock.model.load import Reserved
from nexsock.protocol.api import ServiceRequest, UpdateConfigRequest

app = typer.Typer(rich_markup_mode=None)
config = typer.Typer(rich_markup_mode=None, invoke_without_command=True)
app.add_typer(config, name="config")


@config.callback()
def print_config(
    context: typer.Context,
    resolved: Annotated[  # noqa: ARG001 - what is printed is always resolved; the name says it for scripts
        bool, typer.Option("--resolved", help="With variables, includes and defaults filled in; always so.")
    ] = False,
    origins: Annotated[bool, typer.Option("--origins", help="With the place that each value comes from.")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="With the values that are masked.")] = False,
) -> int:
    """Print the file as it is understood; read or change a service in it.

    Variables, includes and defaults are filled in. Values whose names say that they are secret, and passwords in URLs,
    are masked.
    """
    if context.invoked_subcommand is not None:
        return 0
    from nexsock.cli import resolved as drawing
    from nexsock.config import load

    session: Session = context.obj
    understand = load.resolved if show_secrets else load.veiled
    found = understand(session.project_here(with_environ=True), reserved=_reserved(session))
    places: dict[str, Any] = {"origins": drawing.origins(found)} if origins else {}
    return session.answer({"config": found.plain(), **places}, drawing.yaml(found, with_origins=origins))


def _reserved(session: Session) -> Reserved:
    """The ports that the daemon has chosen; those that it has not get the numbers that it would choose first."""
    table = reservations.read(places.from_environ(session.environ, os.getuid()).ports)
    return Reserved(ports={name: held.ports for name, held in table.items()})


@config.command()
def get(
    context: typer.Context,
    service: arguments.Service,
    field: Annotated[str | None, typer.Argument(metavar="[FIELD]", show_default=False)] = None,
) -> int:
    """Print a service as the file defines it, or one field of it: environment.PORT."""
    from nexsock.config import changes, written

    session: Session = context.obj
    found: Definition = session.call(
        "get_config", ServiceRequest(project=session.project(with_environ=True), service=service)
    )
    around = {"service": service, "file": found.file, "origin": found.origin, "digest": found.digest}
    if field is None:
        value: Any = found.config
        return session.answer({**around, "config": value, "origins": found.origins}, written.text(value))
    path = changes.path_of(field)
    value = _value(found, path, field)
    origin = {"origin": found.origins.get(".".join(path), found.origin)}
    text = f"{value}\n" if isinstance(value, str) else written.text(value)
    return session.answer({**around, **origin, "field": field, "value": value}, text)


def _value(found: Definition, path: tuple[str, ...], field: str) -> Any:
    value: Any = found.config
    for name in path:
        members = dict(enumerate(value)) if isinstance(value, list) else value
        key = int(name) if isinstance(value, list) and name.isdecimal() else name
        if not isinstance(members, dict) or key not in members:
            raise errors.NotFound(f"service '{found.service}' has no '{field}' ({found.origin})")
        value = members[key]
    return value


@config.command()
def update(
    context: typer.Context,
    service: arguments.Service,
    fields: edit.SomeFields = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="FIELD", help="Take this field out; may be repeated.")
    ] = None,
    no_apply: edit.NoApply = False,
) -> int:
    """Change fields of a service in the file.

    Values are YAML: nexsock config update web environment.PORT=3001 ports='{http: auto}'
    """
    session: Session = context.obj
    if not fields and not unset:
        raise errors.UsageError("there is nothing to change", hint="say FIELD=VALUE or --unset FIELD")
    request = UpdateConfigRequest(
        project=session.project(with_environ=True),
        service=service,
        fields=edit.assignments(fields or ()),
        unset=tuple(unset or ()),
        apply=not no_apply,
    )
    return edit.tell(session, session.call("update_config", request), "changed")
