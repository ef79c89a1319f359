"""The full command line on the real outside: this process's streams, variables and folder, and the user's daemon."""

import os
import sys
import time
from datetime import datetime

from nexsock.cli import app, hosts, surroundings, terminal
from nexsock.cli.connection import Connection
from nexsock.cli.session import Session


def main(arguments: list[str]) -> int:
    """Do what the arguments say; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    is_terminal = sys.stdout.isatty()
    session = Session(
        connect=connect,
        out=sys.stdout,
        err=sys.stderr,
        environ=os.environ,
        cwd=surroundings.folder(os.environ),
        now=time.time,
        execute=terminal.replace_process,
        zone=datetime.now().astimezone().tzinfo or Session.zone,
        is_terminal=is_terminal,
        answers=sys.stdin if is_terminal and sys.stdin is not None and sys.stdin.isatty() else None,
        columns=surroundings.columns(os.environ, 1, is_terminal),
    )
    try:
        return app.run(arguments, session)
    except KeyboardInterrupt:
        return 130


def connect(host: str | None, *, start: bool) -> Connection:
    """A conversation with the daemon at `host`, or with the user's own, which is started where that is allowed."""
    from nexsock.client import locate

    if host is None:
        return locate.connect(start=start)
    if host.startswith("ssh://"):
        from nexsock.client import ssh

        return ssh.connect(ssh.box(host), start=start)
    name, port = hosts.tcp_address(host)
    return locate.connect_tcp(name, port, hosts.token(os.environ, os.getuid()))
