"""Who listens where: listening TCP sockets of this machine, and the processes that hold them.

Source: proc(5), /proc/net/tcp: local address, state 0A (listen), inode; /proc/PID/fd links name sockets by inode.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator

from msgspec import Struct

_LISTEN = "0A"
_EPHEMERAL = (32768, 60999)
"""the default of Linux"""
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


class Holder(Struct, frozen=True, kw_only=True):
    """A process that listens on a port; fields are empty where this user may not look."""

    port: int
    pid: int | None = None
    command: str = ""
    user: str = ""
    service: str | None = None
    """"PROJECT/SERVICE" where it carries our marks"""

    def __str__(self) -> str:
        if self.service is not None:
            return f"service {self.service} (process {self.pid})"
        if self.pid is None:
            return "a process of another user"
        return f"process {self.pid} ({self.command}{', user ' + self.user if self.user else ''})"


def ephemeral() -> tuple[int, int]:
    """First and last port that outgoing connections are given (ip(7), ip_local_port_range)."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
            low, high = file.read().split()
        return int(low), int(high)
    except (OSError, ValueError):
        return _EPHEMERAL


def listening() -> dict[int, tuple[int, ...]]:
    """Inodes of the listening sockets, by port; any address, IPv4 and IPv6."""
    found: dict[int, tuple[int, ...]] = {}
    for table in _TABLES:
        with contextlib.suppress(OSError), open(table) as lines:
            next(lines)
            for line in lines:
                fields = line.split(None, 10)
                if fields[3] == _LISTEN:
                    port = int(fields[1].rpartition(":")[2], 16)
                    found[port] = (*found.get(port, ()), int(fields[9]))
    return found


def holds(pid: int, inodes: Iterable[int]) -> bool:
    """Whether a process has one of these sockets open."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    return any(link in wanted for link in _links(pid))


def holder(port: int, inodes: Iterable[int]) -> Holder:
    """Who listens on the port with these sockets. Looks through every process this user may see."""
    inodes = tuple(inodes)
    for entry in os.listdir("/proc"):
        if entry.isdigit() and holds(int(entry), inodes):
            return _describe(port, int(entry))
    return Holder(port=port)


def _links(pid: int) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            yield os.readlink(f"{folder}/{name}")


def _describe(port: int, pid: int) -> Holder:
    marks: dict[str, str] = {}
    command, user = "", ""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        command = file.read(4096).replace(b"\0", b" ").decode(errors="replace").strip()[:80]
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
        for item in file.read().split(b"\0"):
            name, _, value = item.decode(errors="replace").partition("=")
            if name.startswith("NEXSOCK_"):
                marks[name] = value
    with contextlib.suppress(OSError, KeyError):
        import pwd

        user = pwd.getpwuid(os.stat(f"/proc/{pid}").st_uid).pw_name
    service = f"{marks['NEXSOCK_PROJECT']}/{marks['NEXSOCK_SERVICE']}" if "NEXSOCK_INSTANCE" in marks else None
    return Holder(port=port, pid=pid, command=command, user=user, service=service)
