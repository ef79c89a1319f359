"""`nexsock web` becomes this: python -m nexsock.web OPTIONS, where OPTIONS is one JSON document."""

import asyncio
import os
import secrets
import sys
import time
import webbrowser
from contextlib import suppress
from html import escape

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from nexsock import places
from nexsock.client import remote
from nexsock.errors import NexsockError
from nexsock.model.project import ProjectRef
from nexsock.web import security, serve
from nexsock.web.answering import Surroundings
from nexsock.web.app import Web
from nexsock.web.link import Daemon
from nexsock.web.sessions import LINK_S, Sessions


class Options(Struct, frozen=True, kw_only=True):
    """What the command line has found out. The project's variables are this process's own."""

    port: int | None = None
    open: bool = False
    project: ProjectRef | None = None


async def run(options: Options) -> int:
    """Serve until the end; returns the exit status."""
    where = places.from_environ(os.environ, os.getuid())
    listener = serve.bind(options.port)
    port = listener.getsockname()[1]
    token = secrets.token_urlsafe(32)
    sessions = Sessions(time.monotonic, token)
    project = None if options.project is None else replace(options.project, environ=dict(os.environ))
    daemon = Daemon(lambda: remote.connect(where.socket))
    web = Web(Surroundings(api=daemon.api, sessions=sessions, port=port, now=time.time, project=project))
    token_file, door = where.web_token(port), where.web_door(port)
    try:
        places.make_private(os.path.dirname(token_file), os.getuid())
        serve.write_private(token_file, token + "\n")
        serve.say(greeting(port, sessions.link(), token_file))
        if options.open:
            serve.write_private(door, doorway(url(port, sessions.link())))
            await asyncio.to_thread(webbrowser.open, f"file://{door}")
        if sys.stdin is not None and sys.stdin.isatty():
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), another, port, sessions)
        await serve.serve(web, listener)
    finally:
        daemon.close()
        for path in (token_file, door):
            with suppress(FileNotFoundError):
                os.unlink(path)
    return 0


def url(port: int, code: str, host: int = 0) -> str:
    return f"http://{security.hosts(port)[host]}{security.ENTRANCE}{code}"


def greeting(port: int, code: str, token_file: str) -> str:
    """What the command prints."""
    return (
        f"nexsock is at   {url(port, code)}\n"
        f"           or   {url(port, code, 1)}\n"
        f"The link signs one browser in, once, within {LINK_S / 60:.0f} minutes. Enter prints another, Ctrl-C ends.\n"
        f"Programs: http://{security.hosts(port)[1]}/api/openapi.json, with the bearer token in {token_file}"
    )


def another(port: int, sessions: Sessions) -> None:
    """Somebody has pressed Enter: a new link. At the end of the input there is nobody."""
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        return
    serve.say(f"nexsock is at   {url(port, sessions.link())}")


def doorway(address: str) -> str:
    """A page for the browser to open: the arguments of programs can be read by other users, this file cannot."""
    return f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(address)}"><title>nexsock</title>'


def main(arguments: list[str]) -> int:
    try:
        return asyncio.run(run(msgspec.json.decode(arguments[0], type=Options)))
    except NexsockError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
