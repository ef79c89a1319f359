"""The daemon of another machine: the same conversation, carried by `ssh BOX nexsock daemon stdio`.

OpenSSH knows how the machine is reached, who may come in, and what to ask the person at the terminal. Nothing of that
is known here, and its configuration (~/.ssh/config) counts.
"""

import re
import shlex
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from typing import IO, NamedTuple

from nexsock.client import locate
from nexsock.client.blocking import BlockingClient
from nexsock.errors import NotRunning, ProtocolError, Unreachable, UsageError

WELCOME_S = 120.0
"""A person may have to type a passphrase first."""
CONNECT_S = 15
"""How long OpenSSH may try to reach the machine."""
SHOWN_LINES = 3
"""Of what OpenSSH or the other machine said last."""

ENDING_S = 1.0
"""How long a carrier may take to end once nobody talks through it."""

NO_CONNECTION = 255
NO_SUCH_PROGRAM = 127
"""Exit codes of ssh(1), EXIT STATUS, and of a POSIX shell; every other one is that of the program over there."""

IGNORING_CTRL_C = ("/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh")
"""The first Ctrl-C stops services in order, through this very conversation. OpenSSH lets it be ignored."""

_ADDRESS = re.compile(
    r"ssh://(?P<user>[^\s@:/-][^\s@:/]*@)?(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s@:/-][^\s@:/]*))"
    r"(?::(?P<port>\d{1,5}))?(?P<program>/\S+)?/?"
)


class Box(NamedTuple):
    """A machine as ssh names it, and where nexsock is on it."""

    name: str
    """with the user, where one was given: "ann@box"; never begins with a dash"""
    port: str = ""
    program: str = "nexsock"


def box(text: str) -> Box:
    """What "ssh://[USER@]HOST[:PORT][/PATH/TO/nexsock]" names.

    Raises:
        UsageError: it has another form.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise UsageError(f"--host {text}: this is no address", hint="write it like ssh://user@box")
    name = (found["user"] or "") + (found["ipv6"] or found["name"])
    return Box(name, found["port"] or "", found["program"] or "nexsock")


def argv(where: Box, *, start: bool) -> list[str]:
    """The command that carries a conversation on its standard input and output."""
    port = ("-p", where.port) if where.port else ()
    there = [where.program, "daemon", "stdio", *(() if start else ("--no-start",))]
    return ["ssh", "-T", "-o", f"ConnectTimeout={CONNECT_S}", *port, "--", where.name, shlex.join(there)]


def connect(where: Box, *, start: bool) -> BlockingClient:
    """A conversation with the daemon of the user there, which is started if `start` allows it.

    Raises:
        Unreachable: the machine, nexsock on it, or its daemon; the text has the last words of who failed.
        ProtocolError: something else answers. Incompatible: the daemon there speaks another version.
    """
    if shutil.which("ssh") is None:
        raise Unreachable("this machine has no program ssh", hint="install OpenSSH's client")
    ours, theirs = socket.socketpair()
    with theirs, tempfile.TemporaryFile() as said:
        command = [*IGNORING_CTRL_C, *argv(where, start=start)]
        carrier = subprocess.Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=said)
        theirs.close()
        try:
            return Carried(ours, carrier)
        except BaseException as error:
            status = _status(carrier)
            match error:
                case Unreachable():
                    raise _failure(where, status, _words(said)) from None
                case ProtocolError():
                    raise ProtocolError(
                        f"{where.name} answers, but not in nexsock's protocol",
                        hint=f"a start file of its shell may print something: look at 'ssh {where.name} true'",
                    ) from None
            raise


class Carried(BlockingClient):
    """A conversation that a program carries, which ends with it."""

    def __init__(self, connection: socket.socket, carrier: "subprocess.Popen[bytes]") -> None:
        super().__init__(connection, WELCOME_S)
        self._carrier = carrier

    def close(self) -> None:
        """Close our end. OpenSSH is not killed over it: other sessions may go through the same connection."""
        super().close()
        with suppress(subprocess.TimeoutExpired):
            self._carrier.wait(ENDING_S)


def _status(carrier: "subprocess.Popen[bytes]") -> int:
    """The exit code of a carrier that nobody listens to any more."""
    try:
        return carrier.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        carrier.terminate()
        return carrier.wait()


def _words(said: IO[bytes]) -> str:
    said.seek(0)
    lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    return "; ".join(lines[-SHOWN_LINES:]).removeprefix("error: ").rstrip(".")


def _failure(where: Box, status: int, words: str) -> Unreachable:
    if status == NO_SUCH_PROGRAM:
        return Unreachable(
            f"{where.name} has no program {where.program!r} where its shell looks for one",
            hint="install nexsock there, or say where it is: ssh://user@box/path/to/nexsock",
        )
    if status == NO_CONNECTION:
        return Unreachable(f"{where.name} cannot be reached with ssh: {words or 'it did not say why'}")
    if words.startswith(locate.NONE_RUNS):
        return NotRunning(f"{where.name}: {words}")
    return Unreachable(f"{where.name}: {words or 'nexsockd did not answer'}")
