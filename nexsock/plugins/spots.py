"""The places where plugins can be, looked at with as little as possible: most daemons have none, and load no more."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

GROUP = "nexsock.plugins"
SUFFIXES = {"native": ".py", "lua": ".lua"}
"""By the folder that has such files."""
SKIPPED = (".", "_", "#")
_LIST_LIMIT_BYTES = 128 * 1024

MANY = frozenset({"pre_start", "post_start", "on_ready", "on_exit", "post_stop"})
"""Hooks that are called once for each service."""
LOOK_AGAIN_S = 0.05

Stamp = tuple[int, ...]
"""What is equal while a file or folder is unchanged."""


def any_there(folder: str, search_path: Sequence[str]) -> bool:
    """Whether there is anything that may be a plugin."""
    own = (entry for name in SUFFIXES for entry in files(folder, name))
    return next(own, None) is not None or next(offers(search_path), None) is not None


def files(folder: str, name: str) -> Iterator[str]:
    """The paths of the single files in one of the folders of SUFFIXES."""
    for entry in _entries(f"{folder}/{name}"):
        if entry.endswith(SUFFIXES[name]) and not entry.startswith(SKIPPED):
            yield f"{folder}/{name}/{entry}"


def offers(search_path: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Each entry point of our group: its name, its module, and the folder in which that is installed.

    Reads the few lines itself: importlib.metadata takes 53 ms for 96 packages and stays in memory.
    Source: "Entry points specification", packaging.python.org.
    """
    for folder in dict.fromkeys(entry for entry in search_path if os.path.isabs(entry)):
        for name in _entries(folder):
            if name.endswith((".dist-info", ".egg-info")):
                for offered, module in _listed(f"{folder}/{name}/entry_points.txt"):
                    yield offered, module, folder


def _listed(path: str) -> Iterator[tuple[str, str]]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(_LIST_LIMIT_BYTES).splitlines()
    except OSError:
        return
    ours = False
    for line in (line.strip() for line in lines):
        if line.startswith("["):
            ours = line == f"[{GROUP}]"
        elif ours and "=" in line and not line.startswith(("#", ";")):
            name, _, target = line.partition("=")
            yield name.strip(), target.partition(":")[0].partition("[")[0].strip()


def stamps(folder: str, search_path: Iterable[str], others: Iterable[str] = ()) -> dict[str, Stamp]:
    """What the folders are like in which a plugin can appear or vanish, and other files."""
    folders = [folder, *(f"{folder}/{name}" for name in SUFFIXES)]
    return {path: stamp(path) for path in (*folders, *filter(os.path.isabs, search_path), *others)}


def stamp(path: str) -> Stamp:
    """What a file or folder is like now; empty where there is none. Takes microseconds."""
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


class Looks:
    """When it is worth looking again. What is on disk counts from the next command on; starts and notices come by the
    hundred after that, and for each of these nobody looks.

    Args:
        monotonic: the clock.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._next = -math.inf

    def is_due(self, hook: str) -> bool:
        """Whether to look now, which is done then. "": for something other than a hook."""
        now = self._monotonic()
        if hook in MANY and now < self._next:
            return False
        self._next = now + LOOK_AGAIN_S
        return True

    def forget(self) -> None:
        """Look in any case when asked next."""
        self._next = -math.inf
