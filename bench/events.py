"""When services were executed and when they ended, as the kernel saw it.

The kernel's process connector (netlink) stamps each exec and exit, at no cost to the tool that is measured; it
needs root. Without it /proc is read every 5 ms, which is less exact and costs the machine something.
"""

import os
import socket
import struct
import threading
from collections.abc import Collection

from bench import machine

_CONNECTOR = 11  # NETLINK_CONNECTOR, linux/netlink.h; Python's socket has no name for it
_RECEIVE_BUFFER_FORCE = 33  # SO_RCVBUFFORCE, asm-generic/socket.h
_LISTEN, _IGNORE = 1, 2  # PROC_CN_MCAST_LISTEN and _IGNORE, linux/cn_proc.h
_EXEC, _EXIT = 0x2, 0x80000000
_EVENT = struct.Struct("=IIQII")  # what, processor, nanoseconds, pid, thread group
_EVENT_AT = 36  # behind nlmsghdr (16) and cn_msg (20)
_POLL_S = 0.005
_OF_THE_MACHINE = "pid:[4026531836]"
"""PROC_PID_INIT_INO, linux/proc_ns.h. In a container the connector may take our wish and never report (cn_proc.c)."""


class ServiceEvents:
    """Follows the processes whose arguments hold `token` and whose program has one of the names in `programs`.

    The names tell a service from a manager that has the token in its own arguments, and from a shell around it.
    Close it in the end; or use it as a context.
    """

    def __init__(self, token: str, programs: Collection[str]) -> None:
        self.executed: dict[int, float] = {}
        self.ended: dict[int, float] = {}
        self.dropped = 0
        self._token = token.encode()
        self._programs = frozenset(name.encode() for name in programs)
        self._changed = threading.Condition()
        self._closing = False
        self._socket = _listening()
        self._thread = threading.Thread(target=self._receive if self._socket else self._poll, daemon=True)
        self._thread.start()

    @property
    def exact(self) -> bool:
        """Whether the kernel says when; otherwise times are up to 5 ms late."""
        return self._socket is not None

    def live(self) -> list[int]:
        with self._changed:
            return [pid for pid in self.executed if pid not in self.ended]

    def forget(self) -> None:
        """Begin anew: what was executed until now is not ours to count."""
        with self._changed:
            self.executed.clear()
            self.ended.clear()

    def wait_live(self, count: int, limit_s: float) -> float | None:
        """When the `count`-th of those that live was executed; None when the time is over before."""
        end = machine.now() + limit_s
        with self._changed:
            while True:
                times = sorted(at for pid, at in self.executed.items() if pid not in self.ended)
                if len(times) >= count:
                    return times[count - 1]
                if (left_s := end - machine.now()) <= 0:
                    return None
                self._changed.wait(min(left_s, 0.5))

    def wait_new(self, seen: Collection[int], limit_s: float) -> float | None:
        """When the first process that is not in `seen` was executed; None when the time is over before."""
        end = machine.now() + limit_s
        with self._changed:
            while True:
                if times := [at for pid, at in self.executed.items() if pid not in seen]:
                    return min(times)
                if (left_s := end - machine.now()) <= 0:
                    return None
                self._changed.wait(min(left_s, 0.5))

    def wait_gone(self, limit_s: float) -> float | None:
        """When the last of all ended; None when some are still there after the time."""
        end = machine.now() + limit_s
        with self._changed:
            while True:
                if all(pid in self.ended for pid in self.executed):
                    return max(self.ended.values(), default=None)
                self._note_unseen_ends()
                if (left_s := end - machine.now()) <= 0:
                    return None
                self._changed.wait(min(left_s, 0.5))

    def close(self) -> None:
        self._closing = True
        if self._socket:
            _control(self._socket, _IGNORE)
        self._thread.join()
        if self._socket:
            self._socket.close()

    def __enter__(self) -> "ServiceEvents":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _is_service(self, pid: int) -> bool:
        argv = machine.command_line(pid)
        return bool(argv) and os.path.basename(argv[0]) in self._programs and any(self._token in word for word in argv)

    def _receive(self) -> None:
        assert self._socket
        while not self._closing:
            try:
                message = self._socket.recv(4096)
            except TimeoutError:
                continue
            except OSError:  # ENOBUFS: the kernel had to drop events
                self.dropped += 1
                continue
            if len(message) >= _EVENT_AT + _EVENT.size:
                what, _, nanoseconds, pid, group = _EVENT.unpack_from(message, _EVENT_AT)
                self._note(what, nanoseconds / 1e9, pid, group)

    def _note(self, what: int, at: float, pid: int, group: int) -> None:
        if what == _EXEC and self._is_service(group):
            with self._changed:
                self.executed[group] = at
                self.ended.pop(group, None)
                self._changed.notify_all()
        elif what == _EXIT and pid == group and group in self.executed:
            with self._changed:
                self.ended[group] = at
                self._changed.notify_all()

    def _poll(self) -> None:
        while not self._closing:
            at = machine.now()
            found = {pid for pid in machine.pids() if self._is_service(pid)}
            with self._changed:
                for pid in found:
                    self.executed.setdefault(pid, at)
                for pid in self.executed.keys() - found:
                    self.ended.setdefault(pid, at)
                self._changed.notify_all()
            threading.Event().wait(_POLL_S)

    def _note_unseen_ends(self) -> None:
        """An event of the kernel's can get lost; /proc cannot."""
        for pid in self.executed:
            if pid not in self.ended and not machine.alive(pid):
                self.ended[pid] = machine.now()
                self.dropped += 1


def _listening() -> socket.socket | None:
    """A socket on which the kernel reports processes; None where it does not do so for us."""
    if os.readlink("/proc/self/ns/pid") != _OF_THE_MACHINE:
        return None
    try:
        connector = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _CONNECTOR)
    except OSError:
        return None
    try:
        connector.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, 64 << 20)
        connector.bind((0, 1))
        connector.settimeout(0.2)
        _control(connector, _LISTEN)
    except OSError:
        connector.close()
        return None
    return connector


def _control(connector: socket.socket, operation: int) -> None:
    body = struct.pack("=IIIIHHI", 1, 1, 0, 0, 4, 0, operation)
    connector.send(struct.pack("=IHHII", 16 + len(body), 3, 0, 0, 0) + body)
