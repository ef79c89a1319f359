"""The command line itself: a group that loads the module of a command when that command is used."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import nexsock
from nexsock import errors
from nexsock.cli import catalogue, fail, options
from nexsock.cli.session import Session

BROKEN_PIPE = 141
"""128 + SIGPIPE: what a shell shows for a program whose reader left."""

UsageFault: Any = typer.BadParameter.__mro__[1]
"""The error of a line that cannot be understood; typer carries it under another name from version to version."""

assert UsageFault.__name__ == "UsageError"


class Commands(TyperGroup):
    """The commands of the catalogue, each imported when it is asked for; `--help` imports none."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(catalogue.COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        module = catalogue.MODULES.get(cmd_name)
        return None if module is None else load(cmd_name, module)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] not in catalogue.MODULES:
            raise errors.UsageError(f"there is no command {args[0]!r}", hint=_nearest(args[0]))
        return args[0], self.get_command(ctx, args[0]), args[1:]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        for title, commands in catalogue.GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<9}", entry.summary) for name, entry in commands.items()])


def load(name: str, module: str) -> Any:
    """The command as typer builds it, with the global options."""
    commands = typer.main.get_group(importlib.import_module(f"nexsock.cli.{module}").app)
    command = commands.commands[name]
    command.epilog = "Global options (see 'nexsock --help') may stand here as well."
    options.add(command, hidden=True)
    return command


def _nearest(name: str) -> str:
    near = _closest(name, catalogue.COMMANDS)
    return f"did you mean {near!r}?" if near else "'nexsock --help' lists the commands"


def _closest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, known, n=1)), None)


app = typer.Typer(
    cls=Commands,
    name="nexsock",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="'nexsock COMMAND --help' explains a command. Exit codes: 0 done, 1 failed, 2 usage or configuration, "
    "3 no daemon, 4 refused, 5 changes pending, 124 time limit, 130 interrupted.",
)


def _print_version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        context.obj.say(f"nexsock {nexsock.__version__}\n")
        raise typer.Exit


@app.callback()
def nexsock_command(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Keep local services as nexsock.yaml says."""


def run(arguments: Sequence[str], session: Session) -> int:
    """Do what the arguments say; returns the exit status. Every expected error is told, none is raised."""
    root: Any = typer.main.get_group(app)
    options.add(root, hidden=False)
    try:
        status = root.main(args=list(arguments) or ["--help"], prog_name="nexsock", standalone_mode=False, obj=session)
        return status if isinstance(status, int) else 0
    except errors.NexsockError as error:
        return fail.report(session, error)
    except UsageFault as fault:
        session.options.json = session.options.json or "--json" in arguments
        return fail.report(session, _as_usage_error(fault))
    except BrokenPipeError:
        return BROKEN_PIPE
    finally:
        session.close()


def _as_usage_error(fault: Any) -> errors.UsageError:
    message = fault.format_message().strip().rstrip(".")
    path = fault.ctx.command_path if fault.ctx is not None else "nexsock"
    if (option := getattr(fault, "option_name", None)) is not None and hasattr(fault, "possibilities"):
        near = _closest(option, fault.possibilities or ())
        hint = f"did you mean {near!r}?" if near else f"'{path} --help' lists the options"
        return errors.UsageError(f"there is no option {option!r}", hint=hint)
    message = message.replace("a valid int range", "a whole number").replace("a valid integer", "a whole number")
    if message.startswith("Usage:"):  # the whole help: a group that was named alone
        message = f"'{path}' needs one of its commands: {', '.join(fault.ctx.command.commands)}"
    return errors.UsageError(message[:1].lower() + message[1:], hint=f"'{path} --help' explains it")
