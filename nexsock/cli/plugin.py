"""`plugin`: list what is in use, check a file, begin a new one."""

import os
from typing import Annotated

import typer

from nexsock import errors, places
from nexsock.cli.session import Session
from nexsock.model import settings
from nexsock.model.plugin import PluginStatus
from nexsock.protocol.api import PluginsRequest
from nexsock.views import document
from nexsock.views import plugins as drawing

app = typer.Typer(rich_markup_mode=None)
plugin = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="List the plugins, check one, or begin a new one."
)
app.add_typer(plugin, name="plugin")

HAS_PROBLEMS = 2


@plugin.command(name="list")
def list_plugins(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those of other projects.")] = False,
) -> int:
    """Show every plugin: whether it is used, and if not, why not and what to do."""
    session: Session = context.obj
    project = None
    if not everything:
        try:
            project = session.project()
        except errors.UsageError:  # no project here: then it is about all of them
            project = None
    found: tuple[PluginStatus, ...] = session.call("plugins", PluginsRequest(project=project))
    text = drawing.listed(found, colour=session.look.colour, columns=session.look.columns)
    return session.answer({"plugins": [drawing.told(status) for status in found]}, text)


@plugin.command()
def check(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="A .py or .lua file.")],
) -> int:
    """Say whether a plugin can be used, and everything that is wrong with it. Runs nothing of it.

    Exit code 2 when there are problems.
    """
    from nexsock.plugins import check as checking

    session: Session = context.obj
    path = os.path.normpath(os.path.join(session.cwd, file))
    if not os.path.exists(path):
        raise errors.NotFound(f"there is no {path}")
    found = checking.check(path, os.getuid())
    problems = [(problem.line, problem.message, problem.hint) for problem in found.problems]
    about = drawing.told(found.plugin, in_use=False)
    told = {"ok": not problems, "plugin": about, "problems": document.plain(found.problems)}
    session.answer(told, drawing.checked(found.plugin, problems, colour=session.look.colour))
    return HAS_PROBLEMS if problems else 0


@plugin.command()
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    lua: Annotated[bool, typer.Option("--lua", help="In Lua, which can reach nothing but what it is given.")] = False,
    here: Annotated[bool, typer.Option("--here", help="For a project: into the working folder.")] = False,
) -> int:
    """Write a commented plugin that works and does nothing yet. An existing file is never touched."""
    from nexsock.plugins import sample
    from nexsock.plugins.manifest import NAME

    session: Session = context.obj
    if not NAME.fullmatch(name):
        raise errors.UsageError(
            f"a plugin cannot be called {name!r}", hint="use 1 to 64 lowercase letters, digits, hyphens and underscores"
        )
    folder = session.cwd if here else f"{_folder(session)}/{'lua' if lua else 'native'}"
    path = f"{folder}/{name}.{'lua' if lua else 'py'}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        raise errors.UsageError(f"{path} exists already", hint="choose another name") from None
    except OSError as error:
        raise errors.UsageError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
    with open(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o644)
        file.write(sample.text(name, lua=lua))
    then = f"list it in nexsock.yaml as 'plugins: [{name}{path[-4 if lua else -3 :]}]'" if here else "it is in use now"
    return session.answer({"file": path}, f"Wrote {path}; {then}. Look at it with 'nexsock plugin list'.\n")


def _folder(session: Session) -> str:
    """Where the user's plugins are, as the daemon has it."""
    from nexsock.config import settings as reading

    where = places.from_environ(session.environ, os.getuid())
    told = settings.effective(session.environ, reading.read(where.settings_file))["plugins.dir"].value
    home = session.environ.get("HOME") or os.path.expanduser("~")
    return told.replace("~", home, 1) if told.startswith("~/") else told or where.plugins_dir
