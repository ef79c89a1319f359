"""The socket on which a service says how it is (sd_notify(3)): one for each run, its path in NOTIFY_SOCKET.

What is sent while nobody reads waits in the socket, which outlives a brain in the keeper. A word counts only if it
comes from the service's own processes; the kernel tells who sent it.
"""

import array
import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import Callable, Iterable

from nexsock import errors
from nexsock.lifecycle import notify
from nexsock.lifecycle.notify import Word
from nexsock.places import SOCKET_PATH_LIMIT
from nexsock.runtime import clock, identity

_log = logging.getLogger(__name__)

DATAGRAM_BYTES = 8192
BATCH = 16
"""Words that are read in one go."""
SPACING_S = 0.005
"""Between two goes: a sender that never stops gets no more of us than this allows, and waits (the queue is short)."""
_CREDENTIALS = struct.Struct("3i")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(253 * array.array("i").itemsize)


def bind(path: str) -> socket.socket:
    """A new socket at `path`, for our user alone.

    Raises:
        LaunchError: the path is too long for a program that gets it.
        OSError: it cannot be made.
    """
    if (size := len(os.fsencode(path))) > SOCKET_PATH_LIMIT:
        raise errors.LaunchError(
            f"NOTIFY_SOCKET would be {path}: {size} bytes, and a socket's path has {SOCKET_PATH_LIMIT} at most",
            hint="set XDG_RUNTIME_DIR to a shorter folder and run 'nexsock daemon restart'",
        )
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        bound.bind(path)
        os.chmod(path, 0o600)
    except BaseException:
        bound.close()
        raise
    return bound


class Mailbox:
    """Reads what one run says.

    Args:
        bound: the run's socket; stays the caller's.
        members: the pids of the run's processes now; asked only about a process without the run's mark.
    """

    def __init__(self, bound: socket.socket, instance: str, members: Callable[[], Iterable[int]]) -> None:
        self._bound = bound
        self._instance = instance
        self._members = members
        self._strangers: set[tuple[int, int]] = set()
        self._next_go = 0.0

    async def words(self, until: float | None) -> list[Word]:
        """What was said, in its order, as soon as anything was; nothing when `until` (monotonic) came in silence."""
        while True:
            if (pause := self._next_go - clock.monotonic()) > 0:
                await asyncio.sleep(pause)
            if words := self._read():
                return words
            if not await _readable(self._bound, until):
                return self._read()  # we may have slept through `until`, and the words have not

    def _read(self) -> list[Word]:
        words = []
        for _ in range(BATCH):
            try:
                datagram, sender = _receive(self._bound)
            except BlockingIOError:
                break
            self._next_go = clock.monotonic() + SPACING_S
            word = notify.parse(datagram)
            if word is not None and self._is_ours(sender):
                words.append(word)
        return words

    def _is_ours(self, pid: int) -> bool:
        """Whether a sender belongs to the run.

        One that is gone before it can be asked does (`systemd-notify --ready` in a script): only who was given the
        path sends there, and the folder is closed to other users.
        """
        try:
            began = identity.start_ticks(pid) if pid > 0 else 0
            if pid > 0 and identity.read_environ(pid).get(identity.INSTANCE) == self._instance:
                return True
        except ProcessLookupError:
            return True
        except PermissionError:  # it hides its memory; its place in the tree is no secret
            pass
        if (pid, began) in self._strangers:
            return False
        if pid in self._members():
            return True
        _log.warning("a word for run %s from process %d, which is not of it, is ignored", self._instance, pid)
        self._strangers.add((pid, began))
        return False


def _receive(bound: socket.socket) -> tuple[bytes, int]:
    """A datagram and the pid of its sender, 0 if it is of another namespace. Descriptors that come with it are closed:
    that is what sd_notify_barrier(3) waits for.

    Raises:
        BlockingIOError: there is none.
    """
    datagram, ancillary, _, _ = bound.recvmsg(DATAGRAM_BYTES, _ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC)
    sender = 0
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            sender, _, _ = _CREDENTIALS.unpack_from(data)
        elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            sent = array.array("i", data[: len(data) - len(data) % 4])
            for descriptor in sent:
                os.close(descriptor)
    return datagram, sender


async def _readable(bound: socket.socket, until: float | None) -> bool:
    """Whether something can be read before this monotonic time."""
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    loop.add_reader(bound, came.set)
    try:
        async with asyncio.timeout_at(until):  # the loop's clock is the monotonic one
            await came.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(bound)
    return True
