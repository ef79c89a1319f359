"""Where clients come in: the listening sockets, who may pass, and how many at once.

The Unix socket lies in a private folder, has mode 0600, and its peer's uid is checked besides. TCP exists only when
asked for, and there both sides show that they have the token.
Source: docs/protocol.md, "Where" and "TCP"; unix(7) for SO_PEERCRED.
"""

import asyncio
import errno
import os
import resource
import socket
import stat
import struct

from nexsock import places
from nexsock.daemon.session import Permit, Session
from nexsock.daemon.turns import Turns
from nexsock.errors import Refused, UsageError
from nexsock.protocol.api import Api
from nexsock.protocol.token import SIZE

BACKLOG = 1024
"""Connections that wait while the brain is replaced or the house is full; net.core.somaxconn may lower it."""
CONNECTIONS = 512
DESCRIPTORS_RESERVED = 96
"""For everything that is no connection: services' logs, stores, the keeper."""
AGAIN_S = 1.0
"""Pause before accepting again when descriptors or memory were short and no connection ends meanwhile."""
SHORTAGE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_PEER = struct.Struct("3i")


def bind_unix(path: str, uid: int) -> socket.socket:
    """A listening socket at `path`, in a folder of `uid` alone. Only the holder of the daemon's lock may call this.

    Raises:
        PermissionError: the folder is not private; the text says what mends it.
        FileExistsError: something that is no socket has the name.
    """
    places.make_private(os.path.dirname(path), uid)
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    address, folder = places.socket_address(path)
    before = os.umask(0o177)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
        if folder is not None:
            os.close(folder)
    return listener


def _remove_stale(path: str) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FileExistsError(f"{path} is in the way of the daemon's socket: move it away")
    os.unlink(path)


def is_served(path: str) -> bool:
    """Whether somebody listens at `path`; with the daemon's lock in our hand that is ourselves."""
    address, folder = None, None
    try:
        address, folder = places.socket_address(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
            probe.connect(address)
    except BlockingIOError:
        return True  # the backlog is full
    except OSError:
        return False
    finally:
        if folder is not None:
            os.close(folder)
    return True


def bind_tcp(address: str, *, anywhere: bool = False) -> socket.socket:
    """A listening socket at "tcp://HOST:PORT"; port 0 lets the kernel choose.

    Raises:
        UsageError: another form. Refused: not a loopback address, and `anywhere` was not said.
    """
    host, port = tcp_address(address)
    if not anywhere and host not in ("127.0.0.1", "::1", "localhost"):
        raise Refused(
            f"{address} can be reached from other machines", hint="listen on 127.0.0.1, or add --listen-anywhere"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def tcp_address(text: str) -> tuple[str, int]:
    """Host and port of "tcp://127.0.0.1:7070" or "tcp://[::1]:7070".

    Raises:
        UsageError: it has another form.
    """
    host, _, port = text.removeprefix("tcp://").rpartition(":")
    if not text.startswith("tcp://") or not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{text!r} is not an address to listen on", hint="write it like tcp://127.0.0.1:7070")
    return host.strip("[]"), int(port)


def token(path: str, uid: int) -> bytes:
    """The daemon's token, made with mode 0600 where it does not exist: 32 bytes, in the file as hexadecimal digits.

    Raises:
        PermissionError: the file is another user's or open to others. ValueError: it holds something else.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return read_token(path, uid)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(os.urandom(SIZE).hex() + "\n")
    return read_token(path, uid)


def read_token(path: str, uid: int) -> bytes:
    """The token in a file; see `token`."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), encoding="ascii") as file:
        found = os.fstat(file.fileno())
        if found.st_uid != uid or found.st_mode & 0o077:
            raise PermissionError(f"{path} must be yours alone: run 'chmod 600 {path}'")
        content = bytes.fromhex(file.read())
    if len(content) != SIZE:
        raise ValueError(f"{path} holds {len(content)} bytes instead of {SIZE}: remove it, a new one is made")
    return content


def connections_limit(descriptors: int) -> int:
    """How many connections fit when the process may have so many descriptors: 8 to 512."""
    return max(8, min(CONNECTIONS, descriptors - DESCRIPTORS_RESERVED))


def peer_uid(connection: socket.socket) -> int:
    """The user at the other end of a Unix socket, as the kernel noted when it connected."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return int(_PEER.unpack(found)[1])


class Door:
    """Lets clients in from any number of listeners while there is room; the rest waits in the kernel's backlog.

    Args:
        uid: the one user who may pass on a Unix socket.
        limit: connections at once; None: what the process's descriptors allow.
        permit: asked before each request (session.Permit).
    """

    def __init__(self, api: Api, uid: int, limit: int | None = None, *, permit: Permit | None = None) -> None:
        self._api = api
        self._permit = permit
        self._uid = uid
        self._limit = limit or connections_limit(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self._turns = Turns()
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[socket.socket, bytes | None] = {}
        self._sessions: set[Session] = set()
        self._accepting = False
        self._again: asyncio.TimerHandle | None = None

    @property
    def count(self) -> int:
        """Connections now."""
        return len(self._sessions)

    def open(self, listener: socket.socket, secret: bytes | None = None) -> None:
        """Accept from a listener, which is ours from now on; `secret` is the token, for TCP."""
        listener.setblocking(False)
        self._listeners[listener] = secret
        self._accepting = True
        self._follow()

    def shut(self, listener: socket.socket) -> None:
        """Accept from it no more, and close it; connections stay."""
        self._loop.remove_reader(listener.fileno())
        del self._listeners[listener]
        listener.close()

    async def close(self, patience_s: float) -> None:
        """Shut all listeners and end all connections: streams after a moment, accepted requests within `patience_s`."""
        self._accepting = False
        if self._again is not None:
            self._again.cancel()
        for listener in tuple(self._listeners):
            self.shut(listener)
        closing = [asyncio.ensure_future(session.close(patience_s)) for session in self._sessions]
        if closing:
            await asyncio.wait(closing)

    def _follow(self) -> None:
        """Listen while there is room."""
        for listener in self._listeners:
            if self._accepting and len(self._sessions) < self._limit:
                self._loop.add_reader(listener.fileno(), self._accept, listener)
            else:
                self._loop.remove_reader(listener.fileno())

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in SHORTAGE:
                raise
            self._pause()
            return
        session = Session(
            connection,
            self._api,
            self._ended,
            self._turns,
            secret=self._listeners[listener],
            permit=self._permit,
        )
        self._sessions.add(session)
        if connection.family == socket.AF_UNIX and (uid := peer_uid(connection)) != self._uid:
            session.refuse(Refused(f"this daemon serves user {self._uid}, not user {uid}"))
            return
        session.start()
        if len(self._sessions) >= self._limit:
            self._follow()

    def _pause(self) -> None:
        """Descriptors or memory are short: the rest stays in the backlog until a connection ends or time has passed."""
        self._accepting = False
        self._follow()
        if self._again is None:
            self._again = self._loop.call_later(AGAIN_S, self._resume)

    def _resume(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None
        self._accepting = bool(self._listeners)
        self._follow()

    def _ended(self, session: Session) -> None:
        full = len(self._sessions) >= self._limit
        self._sessions.discard(session)
        if full or self._again is not None:
            self._resume()
