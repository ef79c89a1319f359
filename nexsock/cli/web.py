"""`web`: this process becomes the web process, after it has seen to it that there is a daemon."""

import sys
from typing import Annotated

import msgspec
import typer

from nexsock import errors
from nexsock.cli.session import Session
from nexsock.model.project import ProjectRef
from nexsock.protocol.api import Nothing

app = typer.Typer(rich_markup_mode=None)


@app.command()
def web(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", min=0, max=65535, help="7717, or any that is free.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> int:
    """Serve the web page and the REST API on this machine.

    Prints a link that signs a browser in. Ends with Ctrl-C; services do not notice.
    """
    session: Session = context.obj
    session.only_here("web")
    session.call("ping", Nothing())
    session.close()
    options = {"port": port, "open": open_it, "project": _project(session)}
    command = (sys.executable, "-P", "-m", "nexsock.web", msgspec.json.encode(options).decode())
    return session.execute(command, "/", session.environ)


def _project(session: Session) -> ProjectRef | None:
    """The project that commands here mean; where there is none, the page begins with all of them."""
    try:
        return session.project()
    except errors.UsageError:
        return None
