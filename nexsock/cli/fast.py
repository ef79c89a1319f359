"""The commands that must answer at once, without the command line: the daemon renders, this copies bytes.

Recognised are the plain forms of ps, status, start, stop, restart, logs, down, of up without a terminal, and the
list of services for completion.
Everything else, every mistake, and a daemon that does not answer go to the full command line, which says what is
wrong. Loads nothing but `os`, `sys`, `_socket` and modules like this one: a test holds it to that. What the start of a
daemon needs is loaded where none runs.
"""

import os

from nexsock import places
from nexsock.cli import surroundings
from nexsock.protocol import plain

RENDER = 28
"""Number of the operation `render` in protocol.api; a test compares it."""

VALUED = {
    "-f": "files",
    "--file": "files",
    "-p": "name",
    "--project-name": "name",
    "--project-directory": "directory",
}
FLAGS = {"--json": "json", "--no-color": "no_color"}

OWN_FLAGS = {
    "ps": {"-a": "all", "--all": "all"},
    "logs": {"-f": "follow", "--follow": "follow"},
    "up": {
        "-d": "detach",
        "--detach": "detach",
        "--wait": "detach",
        "-w": "watch",
        "--watch": "watch",
        "--no-deps": "no_deps",
        "--force-restart": "force_restart",
        "-y": "yes",
        "--yes": "yes",
    },
}
OWN_VALUED = {"logs": {"-n": "lines", "--lines": "lines", "--tail": "lines"}}

MANY = 9999
SERVICES = {
    "ps": (0, 0),
    "status": (1, 1),
    "start": (1, MANY),
    "stop": (1, MANY),
    "restart": (1, MANY),
    "logs": (0, MANY),
    "up": (0, MANY),
    "down": (0, MANY),
}
"""How many names each command takes, at least and at most."""

COMPLETE_SERVICES = ["__complete", "services"]
"""What the completion scripts of shells ask."""

PATIENCE_S = 5.0
"""How long the daemon's first word is waited for; then the full command line says that it does not answer."""

NEEDS_ENVIRON = ("up", "start", "restart")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def main(arguments: "list[str]") -> int:
    """Do what the arguments say. Ends the process after the short way, returns the exit status of the long one."""
    try:
        status = attempt(arguments)
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        status = 141
    if status is not None:
        os._exit(status)  # nothing is buffered; tidying up the interpreter takes a tenth of the whole time
    from nexsock.cli import entry

    return entry.main(arguments)


def attempt(arguments: "list[str]") -> "int | None":
    """The exit status of the short way, or None when it cannot be gone and nothing has been done or shown."""
    completing = arguments == COMPLETE_SERVICES
    found = parse(["ps", "--all", "--no-color"] if completing else arguments)
    if found is None:
        return None
    request = rendering(found, surroundings.folder(os.environ), os.environ, os.isatty(1) and not completing)
    if request is None:
        return None
    where = places.from_environ(os.environ, os.getuid())
    try:
        socket = connect(where.socket) or (None if completing else start(where))
    except OSError:
        return None
    if socket is None:
        return None
    try:
        socket.sendall(opening(request))
    except OSError:  # the daemon is just going away
        socket.close()
        return None
    try:
        return copy(socket, write_names if completing else write)
    finally:
        socket.close()


def parse(arguments: "list[str]") -> "dict[str, Any] | None":
    """The command, its services and its options; None for a line that this module does not know for certain."""
    found: dict[str, Any] = {"command": "", "files": [], "services": []}
    rest = iter(arguments)
    for argument in rest:
        command = found["command"]
        name, equals, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
        flag = OWN_FLAGS.get(command, {}).get(name) or FLAGS.get(name)
        valued = None if flag else OWN_VALUED.get(command, {}).get(name) or VALUED.get(name)
        if flag and not equals:
            found[flag] = True
        elif valued:
            value = value if equals else next(rest, "")
            if not value:
                return None
            found[valued] = [*found["files"], value] if valued == "files" else value
        elif argument.startswith("-") or not argument:
            return None
        elif command:
            found["services"].append(argument)
        else:
            found["command"] = argument
    return found if _is_whole(found) else None


def _is_whole(found: "dict[str, Any]") -> bool:
    least, most = SERVICES.get(found["command"], (1, 0))
    lines = found.get("lines", "0")
    if found.get("follow"):  # the full command line goes on when the daemon is replaced
        return False
    return least <= len(found["services"]) <= most and lines.isascii() and lines.isdigit() and len(lines) < 19


def rendering(
    found: "dict[str, Any]", cwd: str, environ: "Mapping[str, str]", is_terminal: bool
) -> "dict[str, Any] | None":
    """The fields of a protocol.api.RenderRequest; None when there is no project, and for `up` at a terminal.

    There `up` may stay and may ask: that is for the full command line.
    """
    if found["command"] == "up" and is_terminal:
        return None
    project = surroundings.project(
        cwd, environ, files=found["files"], name=found.get("name"), directory=found.get("directory")
    )
    if project is None:
        return None
    json = found.get("json", False)
    plain_text = json or found.get("no_color", False)
    return {
        "project": {**project, "environ": dict(environ) if found["command"] in NEEDS_ENVIRON else None},
        "command": found["command"],
        "services": found["services"],
        "json": json,
        "colour": not plain_text and surroundings.colour_wanted(environ, is_terminal),
        "columns": surroundings.columns(environ, 1, is_terminal),
        "all": found.get("all", False),
        "lines": int(found["lines"]) if "lines" in found else None,
        "follow": False,
        "no_deps": found.get("no_deps", False),
        "force_restart": found.get("force_restart", False),
        "watch": True if found.get("watch") else None,
    }


def connect(path: str) -> "Any":
    """A connected socket, or None when nobody listens.

    Raises:
        OSError: somebody may, and does not answer.
    """
    import _socket

    try:
        address, folder = places.socket_address(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    socket.settimeout(PATIENCE_S)
    try:
        socket.connect(address)
    except (FileNotFoundError, ConnectionRefusedError):
        socket.close()
        return None
    except OSError:
        socket.close()
        raise
    finally:
        if folder is not None:
            os.close(folder)
    return socket


def start(where: "places.Places") -> "Any":
    """A connected socket to a daemon that is started now; None when none comes up.

    Raises:
        OSError: there is no folder for it.
    """
    from nexsock.client import starter
    from nexsock.errors import NexsockError

    try:
        return starter.once(where, None, PATIENCE_S, lambda: connect(where.socket))
    except NexsockError:
        return None


def opening(request: object) -> bytes:
    """Hello, the request, and leave to send without limit: all in one go."""
    hello = plain.encode({"min": plain.VERSION, "max": plain.VERSION, "client": "nexsock"})
    return b"".join(
        (
            plain.frame(plain.HELLO, payload=hello),
            plain.frame(plain.REQUEST, RENDER, 1, plain.encode(request)),
            plain.frame(plain.CREDIT, RENDER, 1, plain.credit(plain.UNLIMITED_CREDIT)),
        )
    )


def copy(socket: "Any", write: "Callable[[int, bytes], None]") -> "int | None":
    """Write what the daemon rendered; the exit status that it gives, or None when it failed before it said anything.

    Args:
        write: takes a file descriptor, 1 or 2, and bytes.
    """
    shown = False
    while True:
        head = receive(socket, plain.HEADER_SIZE)
        socket.settimeout(None)  # it is awake: from here on it may take its time
        kind, _, size = plain.header(head) if len(head) == plain.HEADER_SIZE else (plain.ERROR, 0, 0)
        payload = receive(socket, size)
        if kind == plain.OUT or kind == plain.ERR:
            write(1 if kind == plain.OUT else 2, payload)
            shown = True
        elif kind == plain.END:
            return payload[0] if payload else 0
        elif kind == plain.ERROR:
            if not shown:
                return None
            said = plain.decode(payload)["message"] if payload else "the daemon ended the conversation"
            write(2, f"error: {said}\n".encode("utf-8", "surrogateescape"))
            return 3


def receive(socket: "Any", size: int) -> bytes:
    """So many bytes, or fewer when the conversation ends before."""
    pieces = bytearray()
    while len(pieces) < size:
        try:
            piece = socket.recv(min(size - len(pieces), 65536))
        except (ConnectionResetError, TimeoutError):
            break
        if not piece:
            break
        pieces += piece
    return bytes(pieces)


def write(descriptor: int, data: bytes) -> None:
    """All of the data, however little a pipe takes at once."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_names(descriptor: int, table: bytes) -> None:
    """Of the table of `ps`, the names: the first word of each line below the heading."""
    heading = b"NAME "
    if descriptor == 1 and heading in table:
        rows = table[table.index(heading) :].splitlines()[1:]
        write(1, b"".join(row.split(maxsplit=1)[0] + b"\n" for row in rows))
