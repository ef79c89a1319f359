"""What /proc shows of the processes around a test, and the signals that it sends to them.

A process that ends while it is looked at counts as one that is not there.
"""

import os
import signal
from pathlib import Path


def pids() -> list[int]:
    """All that there are, oldest numbers first."""
    return sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())


def environment(pid: int) -> set[str]:
    """The entries of a process's environment; none when it is gone, a zombie or another user's."""
    try:
        return set(os.fsdecode(Path(f"/proc/{pid}/environ").read_bytes()).split("\0"))
    except OSError:
        return set()


def is_service(environment: set[str]) -> bool:
    """Whether that is the environment of a run of a service."""
    return any(entry.startswith("NEXSOCK_INSTANCE=") for entry in environment)


def command(pid: int) -> str:
    """Its words, with spaces between."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ").strip()
    except OSError:
        return ""


def working_dir(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def lives(pid: int) -> bool:
    """Whether it runs; a zombie does not, once its other threads have ended: till then they hold its files."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX" or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """SIGKILL, or another signal, to a process that may be gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
