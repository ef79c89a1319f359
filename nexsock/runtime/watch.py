"""Tell which files changed, once for each burst.

One thread for the folders with everything below them and one for single folders (watchfiles watches either way).
What was only read or had its mode changed is not told: a path counts when its time, size or inode is another.
Files are watched through their folders, because an editor that saves by renaming would end a watch on the file; a
folder that is missing, or is replaced, is awaited through the one above it.

Nothing is missed between two sets of folders, nor from the moment `watch` is called on: a new watch is in effect
before the old one ends, and compares what it finds with what that one knew.
"""

import asyncio
import contextlib
import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from nexsock.runtime import clock

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

QUIET_MS = 50
"""A burst is over when nothing happened for this long."""
LOOK_MS = {True: 30, False: 50}
"""How often the thread for folders with all below them looks, and the one for single folders. It believes what two
looks in a row have found, so a source is acted on after 52 ms on average, the project's own files after 75. Together
they take 0.17 % of a core; with 50 for both it is 0.14."""
LONGEST_BURST_MS = 2000
"""Steady writing is told at least this often."""
STEP_MS = 10
"""How often it is looked while a burst goes on, at least."""
CLOCK_TICK_S = 0.01
"""The times of files come from a clock that moves every 4 ms, or 10 at the most (CONFIG_HZ)."""

Signature = tuple[int, int, int]
Folders = Mapping[str, bool]
"""Whether a folder is watched with everything below it, by path."""


class Watcher:
    """Calls `changed` in the loop with the absolute paths of each burst."""

    def __init__(
        self,
        changed: Callable[[frozenset[str]], None],
        ignored: Callable[[str], bool],
        failed: Callable[[str], None],
    ) -> None:
        """`ignored` is asked for the name of a folder: whether nothing below it is of interest.

        `failed` is called in the loop when watching is not possible (any more), with the reason.
        """
        self._changed = changed
        self._ignored = ignored
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._wanted: dict[str, bool] = {}
        self._watch: _Watch | None = None

    def watch(self, folders: Folders, since: float | None = None) -> None:
        """Watch exactly these folders from now on; {} ends watching.

        What was written after `since` (unix seconds; now, if not given) in folders that are new is told, too.
        """
        if folders != self._wanted:
            self._wanted = dict(folders)
            self._renew(since or clock.wall())

    def close(self) -> None:
        self.watch({})

    def _renew(self, since: float) -> None:
        """Watch what there is now of the wanted folders."""
        before, self._watch = self._watch, None
        if self._wanted:
            self._watch = _Watch(self._wanted, self._ignored, before, since)
            self._watch.start(self._hand_over)
        elif before is not None:
            before.stop.set()

    def _hand_over(self, watch: "_Watch", found: set[str] | str | None) -> None:
        """Called in the threads of a watch; the loop may have ended by then."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._take, watch, found)

    def _take(self, watch: "_Watch", found: set[str] | str | None) -> None:
        """Hear from the thread of a watch: paths, why it had to give up, or None when a folder is another now."""
        match found:
            case set() if self._wanted:  # also from one that was replaced: its successor does not tell them again
                self._changed(frozenset(found))
            case str() if watch is self._watch:
                self._failed(found)
            case None if watch is self._watch:
                self._renew(watch.since)


class _Watch:
    """The threads that watch one set of folders, and what they know of the files there."""

    def __init__(self, wanted: Folders, ignored: Callable[[str], bool], before: "_Watch | None", since: float) -> None:
        self.stop = threading.Event()
        self.since = since
        self.known: dict[str, Signature] = {}
        self._identities = {path: _folder_identity(path) for path in wanted}
        self.roots = _existing(wanted)
        self.threads: list[threading.Thread] = []
        self._ignored = ignored
        self._before = before
        self._aliases = [(os.path.realpath(path), path) for path in wanted if os.path.realpath(path) != path]

    def start(self, tell: Callable[["_Watch", set[str] | str | None], object]) -> None:
        """Begin; `tell` is called in the threads with what Watcher._take hears."""
        for deep in (True, False):
            if roots := [path for path, wanted in self.roots.items() if wanted is deep]:
                following = threading.Thread(target=self._follow, args=(roots, deep, tell), name="watch", daemon=True)
                self.threads.append(following)
        for thread in self.threads:
            thread.start()

    def _follow(self, roots: list[str], deep: bool, tell: Callable[["_Watch", set[str] | str | None], object]) -> None:
        from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

        try:
            with RustNotify(roots, False, False, 0, deep, True) as notify:
                found = self._take_over(roots, deep)
                while True:
                    if found:
                        tell(self, self._by_all_names(found))
                    if self._identities != {path: _folder_identity(path) for path in self._identities}:
                        tell(self, None)
                    if (burst := self._burst(notify, LOOK_MS[deep])) is None:
                        return
                    found = self._really_changed(burst)
        except (OSError, WatchfilesRustInternalError) as error:
            tell(self, str(error))

    def _take_over(self, roots: list[str], deep: bool) -> set[str]:
        """End the watch before this one; what changed since it looked last, or since `since` where it did not look."""
        known: dict[str, Signature] = {}
        if self._before is not None:
            self._before.stop.set()
            for thread in self._before.threads:
                thread.join()
            self._before._before = None
            known = self._before.known
        looked_at = self._before.roots if self._before is not None else {}
        since_ns = (self.since - CLOCK_TICK_S) * 1e9
        now = dict(_signatures(roots, deep, self._ignored))
        self.known.update(now)
        gone = {path for path in known if path not in now and _signature(path) is None}
        for path in gone:
            del known[path]
        return gone | {
            path
            for path, signature in now.items()
            if known.get(path) != signature and (_lies_in(path, looked_at) or signature[0] >= since_ns)
        }

    def _burst(self, notify: "RustNotify", look_ms: int) -> set[str] | None:
        """The paths of one burst, when it is over; None when watching has ended."""
        paths: set[str] = set()
        timeout_ms, step_ms, began = 0, look_ms, None
        while True:
            changes = notify.watch(LONGEST_BURST_MS, step_ms, timeout_ms, self.stop)
            if isinstance(changes, set):
                paths.update(path for _, path in changes)
            elif changes != "timeout":
                return None
            began = began or clock.monotonic()
            rest_ms = _unquiet_ms(paths)
            if rest_ms <= 0 or clock.monotonic() - began > LONGEST_BURST_MS / 1000:
                return paths
            timeout_ms, step_ms = rest_ms, _evenly(rest_ms)

    def _really_changed(self, paths: set[str]) -> set[str]:
        """The paths whose content may have changed; new folders are looked through, since only they are told."""
        found: set[str] = set()
        unknown: set[str] = set()
        for path in paths:
            if os.path.isdir(path):
                found.update(self._news(_signatures([path], True, self._ignored)))
            elif (signature := _signature(path)) is not None:
                found.update(self._news([(path, signature)]))
            elif self.known.pop(path, None) is not None:
                found.add(path)
            else:
                unknown.add(path)
        return found | self._gone_with(unknown)

    def _news(self, present: Iterable[tuple[str, Signature]]) -> Iterator[str]:
        for path, signature in present:
            if self.known.get(path) != signature:
                self.known[path] = signature
                yield path

    def _gone_with(self, folders: set[str]) -> set[str]:
        """The files below folders that were moved away."""
        if not folders:
            return set()
        gone = {path for path in list(self.known) if any(path.startswith(f"{folder}/") for folder in folders)}
        for path in gone:
            del self.known[path]
        return gone

    def _by_all_names(self, paths: set[str]) -> set[str]:
        """With the names by which they were asked for, where those go through links."""
        return paths | {
            name + path.removeprefix(real)
            for real, name in self._aliases
            for path in paths
            if path == real or path.startswith(f"{real}/")
        }


def _existing(folders: Folders) -> dict[str, bool]:
    """The folders to watch, by real path, none inside another: a file is watched through its folder, what is missing
    through the nearest folder that there is."""
    found: dict[str, bool] = {}
    for path, wanted_deep in folders.items():
        real, deep = os.path.realpath(path), wanted_deep
        while not os.path.isdir(real):
            real, deep = os.path.dirname(real), False
        found[real] = deep or found.get(real, False)
    deep_roots = [path for path, deep in found.items() if deep]
    return {
        path: deep
        for path, deep in found.items()
        if not any(path.startswith(f"{root.rstrip('/')}/") for root in deep_roots)
    }


def _lies_in(path: str, roots: Folders) -> bool:
    for root, deep in roots.items():
        rest = path.removeprefix(f"{root.rstrip('/')}/")
        if rest != path and (deep or "/" not in rest):
            return True
    return False


def _folder_identity(path: str) -> tuple[int, int] | None:
    """None when there is no such folder."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if os.path.isdir(path) else None


def _unquiet_ms(paths: Iterable[str]) -> int:
    """How long it is until the file that was written last has been quiet for long enough; 0 or less: it has.

    The watching library tells only that a path changed, not how often, so a file that is written again and again
    would look quiet to it.
    """
    now_ns = int(clock.wall() * 1e9)
    ages_ns = [now_ns - signature[0] for path in paths if (signature := _signature(path)) is not None]
    youngest_ns = min((age for age in ages_ns if age >= 0), default=None)
    return 0 if youngest_ns is None else QUIET_MS - youngest_ns // 1_000_000


def _evenly(rest_ms: int) -> int:
    """The longest step up to STEP_MS, in whole milliseconds, with which a time is over soon after its end."""
    steps = math.ceil(rest_ms / STEP_MS)
    return math.ceil(rest_ms / steps)


def _signature(path: str) -> Signature | None:
    """What tells that a file was written or replaced; reading it and changing its mode leave it equal."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _signatures(roots: Iterable[str], deep: bool, ignored: Callable[[str], bool]) -> Iterator[tuple[str, Signature]]:
    """Every file in these folders, or below them, with its signature."""
    for root in roots:
        for folder, below, names in os.walk(root):
            below[:] = [name for name in below if not ignored(name)] if deep else []
            for name in names:
                path = os.path.join(folder, name)
                if (signature := _signature(path)) is not None:
                    yield path, signature
