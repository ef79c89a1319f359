"""The global options: declared once, accepted before the name of the command and after it.

After the name, an option gives way to one of the command's own with the same letter: `nexsock -f a.yaml logs -f`.
"""

from typing import Any

import typer
from typer.core import TyperGroup, TyperOption

from nexsock.cli.session import Options

DECLARED: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("files", ("-f", "--file"), "FILE", "Use this file instead of looking for nexsock.yaml; may be repeated."),
    ("project_name", ("-p", "--project-name"), "NAME", "A project that nexsock knows, by name or id."),
    ("project_directory", ("--project-directory",), "DIR", "Look for the project in this folder."),
    ("env_files", ("--env-file",), "FILE", "Variables for ${...} in the file, instead of .env; may be repeated."),
    ("profiles", ("--profile",), "PROFILE", "Also the services of this profile; may be repeated."),
    ("host", ("--host",), "ADDR", "Another daemon: ssh://user@box or tcp://HOST:PORT."),
    ("json", ("--json",), "", "Answer in JSON, and only in JSON."),
    ("no_color", ("--no-color",), "", "No colour; also with NO_COLOR set or without a terminal."),
    ("quiet", ("-q", "--quiet"), "", "Only errors."),
    ("verbose", ("-v", "--verbose"), "", "Also the reasons while something is going on."),
)
"""Field of session.Options, spellings, what the value is called ("" for a flag), help."""

REPEATED = frozenset({"files", "env_files", "profiles"})


def add(command: Any, *, hidden: bool) -> None:
    """Give a command, and every command below it, the global options that it does not spell itself.

    `command` is what typer builds from a function or a Typer: its base class is named differently from version to
    version, and is therefore not named here.
    """
    taken = {spelling for parameter in command.params for spelling in parameter.opts}
    for field, spellings, metavar, text in DECLARED:
        free = [spelling for spelling in spellings if spelling not in taken]
        if free:
            command.params.append(_option(field, free, metavar, text, hidden))
    if isinstance(command, TyperGroup):
        for below in command.commands.values():
            add(below, hidden=True)


def _option(field: str, spellings: list[str], metavar: str, text: str, hidden: bool) -> TyperOption:
    def remember(context: typer.Context, _parameter: object, value: Any) -> None:
        if not value:
            return
        options: Options = context.obj.options
        setattr(options, field, [*getattr(options, field), *value] if field in REPEATED else value)

    return TyperOption(
        param_decls=[f"global_{field}", *spellings],
        metavar=metavar or None,
        is_flag=not metavar,
        default=None if metavar else False,
        multiple=field in REPEATED,
        expose_value=False,
        callback=remember,
        help=text,
        hidden=hidden,
    )
