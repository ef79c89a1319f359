"""`python -m tests.reliability.rush HOW HOME COUNT`: so many processes want a daemon in the same moment.

Prints one JSON document: for each of them the pid of the daemon that served it, or what went wrong.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable

from nexsock.client import locate
from nexsock.places import from_environ
from nexsock.protocol.api import Nothing

LIMIT_S = 60.0


def careful(home: str) -> object:
    """What every command does: find the daemon or start it, and ask it something."""
    with locate.connect(places=from_environ({"NEXSOCK_HOME": home}, os.getuid()), limit_s=LIMIT_S) as daemon:
        daemon.call("ping", Nothing())
        assert daemon.welcome is not None
        return daemon.welcome.pid


def careless(home: str) -> object:
    """What a daemon does that trusts bind to keep others out; asyncio removes the socket that is there."""

    async def serve() -> int:
        server = await asyncio.start_unix_server(lambda reader, writer: writer.close(), f"{home}/careless.sock")
        await asyncio.sleep(0.2)
        server.close()
        return os.getpid()

    return asyncio.run(serve())


HOW: dict[str, Callable[[str], object]] = {"careful": careful, "careless": careless}


def rush(how: Callable[[str], object], home: str, count: int) -> list[object]:
    """What each of so many processes got; all of them wait for the same end of a pipe and then run."""
    gate, opening = os.pipe()
    answers, answering = os.pipe()
    for _ in range(count):
        if os.fork() == 0:
            os.close(opening)
            os.read(gate, 1)
            try:
                got = how(home)
            except Exception as error:
                got = f"{type(error).__name__}: {error}"
            os.write(answering, json.dumps(got).encode() + b"\n")
            os._exit(0)
    os.close(opening)
    os.close(answering)
    with open(answers, "rb") as told:
        found = [json.loads(line) for line in told]
    for _ in range(count):
        os.wait()
    return found


if __name__ == "__main__":
    print(json.dumps(rush(HOW[sys.argv[1]], sys.argv[2], int(sys.argv[3]))))
