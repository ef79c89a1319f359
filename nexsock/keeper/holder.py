"""A process that does nothing but hold a copy of each terminal, for a keeper that begins when all others are gone.

A terminal whose last master is closed is hung up, and its service with it. Keeper and brain have a copy each; both end
with `nexsock daemon stop`, and may be killed at once. So the keeper forks this process with the first terminal; it ends
with the last. A keeper that begins finds it by its socket and gets back what it holds; one that lives starts another
when this one is killed.
"""

import _socket
import os
import select
import struct

from nexsock.keeper import files
from nexsock.keeper.linux import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SOCKET = "terminals.sock"
ANSWER_S = 2.0
"""How long a keeper that begins waits for what is held."""
NAME_BYTES = 256
_DESCRIPTOR = struct.Struct("@i")
_SPACE = _socket.CMSG_SPACE(_DESCRIPTOR.size)
_KIND = _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC


class Holder:
    """The keeper's side. `folder` is private; the socket is in it. `pid` is that of the process, if it is our child."""

    def __init__(self, folder: str) -> None:
        self.pid = 0
        self._folder = folder
        self._socket: _socket.socket | None = None
        self._held: dict[str, int] = {}

    def left(self) -> dict[str, int]:
        """What an earlier keeper had held: descriptors by name, the caller's from now on."""
        found: dict[str, int] = {}
        try:
            self._socket = self._connected()
            self._socket.settimeout(ANSWER_S)
            while (received := _receive(self._socket)) and received[1] is not None:
                found[received[0]] = received[1]
            self._socket.settimeout(None)
        except OSError:
            self._socket = None
        return found

    def hold(self, name: str, descriptor: int) -> None:
        """Have a copy held until `drop`; the descriptor stays open meanwhile."""
        self._held[name] = descriptor
        if not self._said(name, descriptor):
            self._begin()

    def drop(self, name: str) -> None:
        """Have it held no more; the last one ends the process."""
        if self._held.pop(name, None) is None:
            return
        self._said(name, None)
        if not self._held and self._socket:
            self._socket.close()
            self._socket = None

    def ended(self) -> None:
        """Our child has ended: by itself, or killed with terminals in its hands."""
        self.pid = 0
        if self._held:
            self._begin()

    def _begin(self) -> None:
        """Start the process and give it everything; where that is refused the keeper's own copies must do."""
        try:
            self.pid = _start(self._folder)
            self._socket = self._connected()
        except OSError:
            self._socket = None
        for name, descriptor in self._held.items():
            self._said(name, descriptor)

    def _connected(self) -> "_socket.socket":
        connection = _socket.socket(_socket.AF_UNIX, _KIND)
        _in(self._folder, connection.connect)
        return connection

    def _said(self, name: str, descriptor: int | None) -> bool:
        if self._socket is None:
            return False
        try:
            _send(self._socket, name, descriptor)
        except OSError:
            self._socket = None
            return False
        return True


def _send(connection: "_socket.socket", name: str, descriptor: int | None) -> None:
    rights: list[Any] = []
    if descriptor is not None:
        rights.append((_socket.SOL_SOCKET, _socket.SCM_RIGHTS, _DESCRIPTOR.pack(descriptor)))
    connection.sendmsg([name.encode()], rights, _socket.MSG_NOSIGNAL)


def _receive(connection: "_socket.socket") -> "tuple[str, int | None] | None":
    """A name and perhaps a descriptor; None at the end."""
    name, ancillary, _flags, _address = connection.recvmsg(NAME_BYTES, _SPACE, _socket.MSG_CMSG_CLOEXEC)
    if not name:
        return None
    return name.decode(), _DESCRIPTOR.unpack(ancillary[0][2])[0] if ancillary else None


def _in(folder: str, act: "Any") -> None:
    """Bind or connect to the socket in a folder whose path may be longer than a socket's may."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        act(f"/proc/self/fd/{descriptor}/{SOCKET}")
    finally:
        os.close(descriptor)


# ----------------------------------------------------------------------------------------- the process


def _start(folder: str) -> int:
    """The pid of a new process that listens in this folder."""
    listener = _socket.socket(_socket.AF_UNIX, _KIND)
    files.remove(f"{folder}/{SOCKET}")
    _in(folder, listener.bind)
    listener.listen(1)
    pid = os.fork()
    if pid == 0:
        try:
            _become(listener)
        finally:
            os._exit(0)
    listener.close()
    return pid


def _become(listener: "_socket.socket") -> None:
    """Keep nothing of the keeper's, the lock above all."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    kept = listener.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, 1 << 20)
    _Holding(listener).run()


class _Holding:
    def __init__(self, listener: "_socket.socket") -> None:
        self._listener = listener
        self._keeper: _socket.socket | None = None
        self._held: dict[str, int] = {}
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)

    def run(self) -> None:
        """Hold on until there is neither a terminal nor a keeper."""
        self._meet()
        while self._held or self._keeper:
            descriptor, _event = self._poll.poll()[0]  # one at a time: it may close what another is about
            if descriptor == self._listener.fileno():
                self._meet()
            elif self._keeper and descriptor == self._keeper.fileno():
                self._hear(self._keeper)
            else:
                self._let_go(descriptor)

    def _meet(self) -> None:
        """Another keeper begins: give it what there is; the last name is that of nothing."""
        if self._keeper:
            self._poll.unregister(self._keeper)
            self._keeper.close()
        descriptor, _address = self._listener._accept()  # type: ignore[attr-defined] # typeshed leaves it out
        self._keeper = _socket.socket(fileno=descriptor)
        self._poll.register(self._keeper, select.POLLIN)
        try:
            for name, held in self._held.items():
                _send(self._keeper, name, held)
            _send(self._keeper, "-", None)
        except OSError:
            return  # its end is heard

    def _hear(self, keeper: "_socket.socket") -> None:
        try:
            received = _receive(keeper)
        except OSError:
            received = None
        if received is None:
            self._poll.unregister(keeper)
            keeper.close()
            self._keeper = None
            return
        name, descriptor = received
        if name in self._held:
            self._let_go(self._held[name])
        if descriptor is not None:
            self._held[name] = descriptor
            self._poll.register(descriptor, 0)

    def _let_go(self, descriptor: int) -> None:
        """Of one that is dropped or replaced, or hung up because no process has the other side open."""
        self._poll.unregister(descriptor)
        os.close(descriptor)
        self._held = {name: held for name, held in self._held.items() if held != descriptor}
