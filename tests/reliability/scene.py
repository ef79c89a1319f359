"""A project on the real road for a harness: its own daemon in a home of its own, both gone afterwards."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nexsock.keeper import linux
from tests.processes import kill
from tests.roads.home import Home, wait_until
from tests.roads.road import Road


@contextmanager
def project(text: str, *, disk_mb: int = 0) -> Iterator[Road]:
    """A folder with this nexsock.yaml, nothing started; in the end all of it is ended by `down` and removed.

    With `disk_mb` the home is a disk of its own of that size; only root can have one.
    """
    folder = Path(tempfile.mkdtemp(prefix="nx-", dir="/tmp"))
    home = Home(folder / "home")
    road = Road(home, folder / "shop")
    for made in (home.folder, road.folder):
        made.mkdir()
    if disk_mb:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk_mb}m,mode=0700", "none", home.folder], check=True)
    road.edit(text)
    try:
        yield road
    finally:
        _end(road)
        if disk_mb:
            subprocess.run(["umount", home.folder], check=True)
        shutil.rmtree(folder)


def _end(road: Road) -> None:
    try:
        road.run("down", "-t", "0")
    finally:
        road.home.end()


def brains(home: Home) -> list[int]:
    """The brain, where one lives."""
    return [pid for pid in home.daemons() if _is_brain(_words(pid))]


def keepers(home: Home) -> list[int]:
    """The keeper, where one lives; for a moment there may be its heir as well."""
    return [pid for pid in home.daemons() if b"--" in _words(pid)]


def kill_daemon(home: Home) -> None:
    """Kill brain and keeper, and wait until they are gone. Stopped first: the one would start the other anew."""
    while left := home.daemons():
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in left:
                kill(pid, number)
        wait_until(lambda left=left: all(map(_has_ended, left)), "the daemon is dead")


def _has_ended(pid: int) -> bool:
    try:
        return linux.has_ended(linux.stat_fields(pid))
    except ProcessLookupError:
        return True


def _is_brain(words: list[bytes]) -> bool:
    """The keeper's words have a "--", after which its brain's stand."""
    return b"--brain" in words and b"--" not in words


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:  # it has just ended
        return []


def numbered(log: bytes) -> bool:
    """Whether a log has the numbers from 1 on, each once and in order."""
    numbers = [int(line) for line in log.split()]
    return bool(numbers) and numbers == list(range(1, len(numbers) + 1))
