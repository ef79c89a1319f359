"""Commands about the machine: `daemon`, `db`, `version`."""

import os
import platform
from typing import Annotated

import typer

import nexsock
from nexsock import errors, places
from nexsock.cli.session import Session
from nexsock.model.status import DaemonStatus
from nexsock.protocol.api import DatabaseRequest, DatabaseStatus, Nothing, ShutdownRequest
from nexsock.views import document, lists, style, table

STDIN, STDOUT = 0, 1

app = typer.Typer(rich_markup_mode=None)
daemon = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Start, stop or look at the daemon.")
db = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Look at the memory of a project, or change its schema."
)
app.add_typer(daemon, name="daemon")
app.add_typer(db, name="db")


@daemon.command(name="start")
def start_daemon(context: typer.Context) -> int:
    """Start the daemon; every command that needs it does so by itself."""
    return _daemon_status(context.obj)


@daemon.command(name="status")
def daemon_status(context: typer.Context) -> int:
    """Show the daemon, without starting it."""
    session: Session = context.obj
    session.connect_only()
    return _daemon_status(session)


def _daemon_status(session: Session) -> int:
    found: DaemonStatus = session.call("system_status", Nothing())
    text = lists.daemon(found, colour=session.look.colour, now=session.now())
    return session.answer(document.daemon(found), text)


@daemon.command(name="stop")
def stop_daemon(context: typer.Context) -> int:
    """Stop the daemon. Services keep running; the next command finds them again."""
    session: Session = context.obj
    try:
        session.connect_only()
    except errors.NotRunning:
        return session.answer({"stopped": False}, "nexsockd does not run\n")
    found: DaemonStatus = session.call("system_status", Nothing())
    session.call("shutdown", ShutdownRequest())
    running = sum(project.running for project in found.projects)
    left = (
        f"{style.plural(running, 'service')} running: 'nexsock down --all' ends what runs" if running else "no services"
    )
    return session.answer({"stopped": True}, f"nexsockd has ended and leaves {left}\n")


@daemon.command(name="restart")
def restart_daemon(context: typer.Context) -> int:
    """Replace the daemon by a new one of the installed version. Services keep running."""
    session: Session = context.obj
    session.call("shutdown", ShutdownRequest(restart=True))
    session.close()
    return _daemon_status(session)


@daemon.command(name="logs")
def daemon_logs(
    context: typer.Context,
    lines: Annotated[int, typer.Option("-n", "--lines", metavar="N", min=0, help="The last N lines.")] = 100,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is written from now on.")] = False,
) -> int:
    """Show what the daemon wrote about itself."""
    session: Session = context.obj
    session.only_here("daemon logs")
    path = places.from_environ(session.environ, os.getuid()).daemon_log
    if not os.path.exists(path):
        raise errors.NotFound(f"there is no {path}", hint="the daemon has not written anything yet")
    command = ("tail", "-n", str(lines), *(("-F",) if follow else ()), path)
    return session.execute(command, "/", session.environ)


@daemon.command(name="install")
def install_daemon(
    context: typer.Context,
    show: Annotated[bool, typer.Option("--print", help="Print the unit and do nothing.")] = False,
) -> int:
    """Have systemd start the daemon when you log in, and start it now.

    Writes a unit of your own, which needs no root. Services keep running.
    """
    from nexsock.cli import unit

    session: Session = context.obj
    session.only_here("daemon install")
    if show:
        content = unit.text(unit.command(), session.environ)
        return session.answer({"unit": content}, content)
    path = unit.install(session)
    return session.answer(
        {"file": path},
        f"{path} is written, enabled and started: the daemon is there when you log in\n"
        f"Undo it with 'systemctl --user disable --now {unit.NAME}'; to have it without a login as well:"
        " 'loginctl enable-linger'\n",
    )


@daemon.command(name="stdio")
def carry_conversation(
    context: typer.Context,
    no_start: Annotated[bool, typer.Option("--no-start", help="Fail where no daemon runs.")] = False,
) -> int:
    """Carry a conversation with the daemon on standard input and output.

    This is what `--host ssh://user@box` runs on the other machine.
    """
    from nexsock.client import locate, relay

    session: Session = context.obj
    session.only_here("daemon stdio")
    with locate.reach(start=not no_start) as connection:
        relay.carry(connection, STDIN, STDOUT)
    return 0


@db.command(name="status")
def db_status(context: typer.Context) -> int:
    """Show where the memory of the project lies and which schema it has."""
    return _database(context.obj, "status")


@db.command(name="migrate")
def db_migrate(context: typer.Context) -> int:
    """Bring the memory of the project to the newest schema."""
    return _database(context.obj, "migrate")


@db.command(name="rollback")
def db_rollback(
    context: typer.Context,
    steps: Annotated[int, typer.Option("--steps", metavar="N", min=1, help="How many migrations to undo.")] = 1,
) -> int:
    """Take back the newest migrations, for an older nexsock."""
    return _database(context.obj, "rollback", steps)


def _database(session: Session, action: str, steps: int = 1) -> int:
    request = DatabaseRequest(project=session.project(), action=action, steps=steps)  # type: ignore[arg-type]
    found: DatabaseStatus = session.call("database", request)
    facts = [
        ("file", found.path),
        ("schema", f"{found.version}, newest {found.newest}"),
        ("applied", ", ".join(found.applied) or "none"),
        ("pending", ", ".join(found.pending) or "none"),
    ]
    known = {"path": found.path, "schema": found.version, "newest": found.newest}
    migrations = {"applied": list(found.applied), "pending": list(found.pending)}
    return session.answer({**known, **migrations}, table.pairs(facts, colour=session.look.colour, indent=""))


@app.command()
def version(context: typer.Context) -> int:
    """Print the version."""
    session: Session = context.obj
    facts = {"nexsock": nexsock.__version__, "python": platform.python_version(), "platform": platform.platform()}
    return session.answer(facts, f"nexsock {nexsock.__version__} (Python {facts['python']}, {facts['platform']})\n")
