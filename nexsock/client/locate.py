"""Find the user's daemon, or have it started: the way from a folder of the user to a conversation."""

import os
import socket
import struct
import time

from nexsock import places as folders
from nexsock.client import starter
from nexsock.client.blocking import BlockingClient, Gone
from nexsock.errors import NotRunning, Refused, Unreachable
from nexsock.places import Places

LIMIT_S = 10.0
"""How long a command waits for a daemon altogether."""

NONE_RUNS = "nexsockd does not run"


def connect(
    *, start: bool = True, places: Places | None = None, argv: list[str] | None = None, limit_s: float = LIMIT_S
) -> BlockingClient:
    """A conversation with the user's daemon, which is started if `start` allows it and none is there.

    Args:
        argv: the command that starts a daemon; None: the installed one.
    Raises:
        Unreachable: there is none, or it did not come up in `limit_s`; the text shows the end of its log.
        Refused: somebody else's process answers. Incompatible: it speaks another version.
    """
    where = places or folders.from_environ(os.environ, os.getuid())
    deadline = time.monotonic() + limit_s
    if client := _attempt(where.socket, deadline):
        return client
    if not start:
        raise NotRunning(NONE_RUNS, hint="start it with 'nexsock daemon start'")
    try:
        return starter.once(where, argv, deadline - time.monotonic(), lambda: _attempt(where.socket, deadline))
    except OSError as error:
        raise Unreachable(f"nexsockd cannot be started: {error}") from error


def reach(*, start: bool = True, places: Places | None = None) -> socket.socket:
    """A connection to the user's daemon on which nothing has been said: for who carries the words of others.

    Raises:
        Unreachable, Refused, Incompatible: as for `connect`.
    """
    where = places or folders.from_environ(os.environ, os.getuid())
    connect(start=start, places=where).close()
    connection = open_socket(where.socket, os.getuid(), LIMIT_S)
    if connection is None:
        raise NotRunning(NONE_RUNS, hint="start it with 'nexsock daemon start'")
    connection.settimeout(None)
    return connection


def open_socket(path: str, uid: int, timeout_s: float) -> socket.socket | None:
    """A connection to whoever listens at `path`, or None when nobody does.

    Raises:
        Refused: it is another user's process.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    folder = None
    try:
        address, folder = folders.socket_address(path)
        connection.settimeout(max(timeout_s, 0.001))
        connection.connect(address)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        connection.close()
        return None
    except TimeoutError:
        connection.close()
        raise Unreachable(
            "nexsockd has too much to do to answer", hint="read its log with 'nexsock daemon logs'"
        ) from None
    except OSError as error:
        connection.close()
        raise Unreachable(f"{path} cannot be opened: {error.strerror}") from error
    finally:
        if folder is not None:
            os.close(folder)
    owner = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
    if owner != uid:
        connection.close()
        raise Refused(
            f"the daemon at {path} belongs to user {owner}, you are user {uid}",
            hint="run the command as that user, or set NEXSOCK_HOME to a folder of your own",
        )
    return connection


def _attempt(path: str, deadline: float) -> BlockingClient | None:
    """A conversation, or None when nobody listens; a daemon that is just ending makes way for the next."""
    while connection := open_socket(path, os.getuid(), deadline - time.monotonic()):
        try:
            return BlockingClient(connection, max(deadline - time.monotonic(), 0.001))
        except Gone:
            if time.monotonic() >= deadline:
                raise
    return None


def connect_tcp(host: str, port: int, secret: bytes, limit_s: float = LIMIT_S) -> BlockingClient:
    """A conversation over TCP with a daemon whose token is `secret`.

    Raises:
        Unreachable, Refused, Incompatible: as for `connect`.
    """
    try:
        connection = socket.create_connection((host, port), timeout=limit_s)
    except OSError as error:
        raise Unreachable(f"nothing answers at tcp://{host}:{port}: {error}") from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return BlockingClient(connection, limit_s, secret)
