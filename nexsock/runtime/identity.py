"""Which process is which: pid, kernel start time and boot together name one process for ever; a mark names its run.

Everything that a run starts inherits NEXSOCK_INSTANCE, NEXSOCK_PROJECT and NEXSOCK_SERVICE in its environment.
"""

import functools
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from nexsock.keeper import linux

INSTANCE = "NEXSOCK_INSTANCE"
PROJECT = "NEXSOCK_PROJECT"
SERVICE = "NEXSOCK_SERVICE"
_MARKS = {os.fsencode(name): name for name in (INSTANCE, PROJECT, SERVICE)}

_READ_BYTES = 1 << 17
_PAGE_BYTES = 4096
"""/proc/PID/environ is given out in pages; a read that ends within one has met the end."""

_KERNEL_THREAD = 0x00200000
"""PF_KTHREAD of the flags in /proc/PID/stat (include/linux/sched.h)."""

Verdict = Literal["same", "gone", "recycled", "unverifiable"]


@dataclass(frozen=True, slots=True)
class Identity:
    """One process; `start_ticks` is field 22 of /proc/PID/stat, `instance` "" if it carries no mark."""

    pid: int
    start_ticks: int
    boot_id: str
    instance: str = ""


@functools.cache
def boot_id() -> str:
    """The kernel's name for this boot (random/boot_id)."""
    return linux.boot_id()


def start_ticks(pid: int) -> int:
    """When a process began, in clock ticks since the boot.

    Raises:
        ProcessLookupError: there is no such process.
    """
    return linux.start_ticks(pid)


def read_environ(pid: int) -> dict[str, str]:
    """The NEXSOCK_* marks in the environment that a process was executed with; none for a zombie.

    Raises:
        ProcessLookupError: there is no such process.
        PermissionError: it belongs to another user or hides its memory.
    """
    text = _environ(pid)
    if b"NEXSOCK_" not in text:
        return {}
    pairs = (entry.partition(b"=") for entry in text.split(b"\0"))
    return {_MARKS[name]: os.fsdecode(value) for name, _, value in pairs if name in _MARKS}


def executed_with(pid: int) -> dict[str, str]:
    """All variables that a process was executed with.

    Raises:
        ProcessLookupError, PermissionError: as `read_environ`.
    """
    pairs = (os.fsdecode(entry).partition("=") for entry in _environ(pid).split(b"\0") if entry)
    return {name: value for name, _, value in pairs}


def _environ(pid: int) -> bytes:
    try:
        descriptor = _open_environ(pid)
    except FileNotFoundError as error:
        raise ProcessLookupError(f"no process {pid}") from error
    try:
        return _whole(descriptor)
    finally:
        os.close(descriptor)


def _open_environ(pid: int) -> int:
    """Threads share it, and the first of them may have ended before the others."""
    try:
        return os.open(f"/proc/{pid}/environ", os.O_RDONLY | os.O_CLOEXEC)
    except ProcessLookupError:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(ProcessLookupError):
                return os.open(f"/proc/{pid}/task/{thread}/environ", os.O_RDONLY | os.O_CLOEXEC)
        raise


def _whole(descriptor: int) -> bytes:
    """Everything that can be read; three calls a process where `open` makes six."""
    pieces = []
    while piece := os.read(descriptor, _READ_BYTES):
        pieces.append(piece)
        if len(piece) < _READ_BYTES and len(piece) % _PAGE_BYTES:
            break
    return b"".join(pieces)


def identify(pid: int) -> Identity:
    """The identity of a live process as it is now.

    Raises:
        ProcessLookupError: there is no such process.
    """
    try:
        instance = read_environ(pid).get(INSTANCE, "")
    except PermissionError:
        instance = ""
    return Identity(pid, start_ticks(pid), boot_id(), instance)


def same(identity: Identity) -> Verdict:
    """What stands behind a remembered pid now.

    "unverifiable": pid 0, 1 or below, which no run of ours can have, or no start time to compare with: never signal.
    A zombie of it counts as gone, unless other threads of it run.
    """
    if identity.pid <= 1 or not identity.start_ticks:
        return "unverifiable"
    if identity.boot_id != boot_id():
        return "gone"
    try:
        fields = linux.stat_fields(identity.pid)
    except ProcessLookupError:
        return "gone"
    except OSError:
        return "unverifiable"
    if int(fields[19]) != identity.start_ticks:
        return "recycled"
    return "gone" if linux.has_ended(fields) else "same"


def pids() -> Iterator[int]:
    """Every process that is visible, in no order."""
    return (int(entry) for entry in os.listdir("/proc") if entry.isdigit())


def executing() -> list[int]:
    """Processes that have left their old program and have not begun the new one: no marks can be read of them yet.

    It takes microseconds of the process's own time, which on a busy machine may be a while. The kernel sets where
    arguments and environment lie only after it has closed what is not inherited (fs/exec.c, begin_new_exec).
    """
    return [pid for pid in pids() if _is_executing(pid)]


def _is_executing(pid: int) -> bool:
    try:
        for name in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{name}", "rb") as file:
                if file.read(1):
                    return False
        fields = linux.stat_fields(pid)
    except OSError:  # gone, or another user's
        return False
    return fields[0] not in "ZX" and not int(fields[6]) & _KERNEL_THREAD


def scan(project: str | None = None) -> list[Identity]:
    """Every live process that carries a mark, of one project or of all: one pass over /proc, 1 ms for 90 processes.

    Processes of other users cannot be read and are not ours.
    """
    found = []
    for pid in pids():
        try:
            marks = read_environ(pid)
            if INSTANCE in marks and (project is None or marks.get(PROJECT) == project):
                found.append(Identity(pid, start_ticks(pid), boot_id(), marks[INSTANCE]))
        except (ProcessLookupError, PermissionError):
            continue
    return found
