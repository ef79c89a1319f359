"""What is left behind by projects that are gone (folders, reserved ports, processes) and by runs that nobody saw end
(FIFOs, sockets); and how to clear it away.

A project is gone when its directory is. In doubt nothing is a leftover: of a process it must be certain that it was
started from here, and a folder of which nobody can tell the project is only named where the store could have told.
"""

import asyncio
import contextlib
import glob
import os
import shutil
import signal
import stat
from collections.abc import Callable, Collection, Iterable, Mapping

from nexsock import reservations
from nexsock.daemon import recall
from nexsock.daemon.host import Host
from nexsock.model.status import Leftover
from nexsock.places import Places
from nexsock.runtime import clock, identity, tree
from nexsock.runtime.identity import Identity
from nexsock.runtime.kept import Kept
from nexsock.store import store

GRACE_S = 5.0
"""How long processes without a project may take to end after SIGTERM."""


SETTLED_S = 60.0
"""Younger FIFOs and sockets may belong to a run that is being started."""
RUN_FILES = "run-files"
"""The id of what runs left behind, of whatever project."""


class Remains:
    """What there is on this machine of one user's daemon, looked at once.

    Args:
        hosts: the projects that the daemon has.
        database_url: where the memory of projects lies (store.locate).
        kept: the runs that the keeper keeps.
        settled_s: age from which a FIFO or socket may be left behind.
    """

    def __init__(
        self,
        places: Places,
        hosts: Mapping[str, Host],
        database_url: str,
        kept: Iterable[Kept],
        settled_s: float = SETTLED_S,
    ) -> None:
        self._places = places
        self._hosts = hosts
        self._database_url = database_url
        self._kept = tuple(kept)
        self._settled_s = settled_s
        self.processes, self._written = _ours(places)

    def find(self) -> tuple[Leftover, ...]:
        """Every leftover, projects first. Reads folders and /proc: not for the event loop."""
        state, runtime = (f"{root}/projects" for root in (self._places.state_dir, self._places.runtime_dir))
        known = sorted({*_entries(state), *_entries(runtime), *self.processes})
        of_projects = (self._of_project(project_id) for project_id in known)
        gone = [found for found in of_projects if found is not None]
        return (*gone, *self._ports(known), *self._files([path for one in gone for path in one.paths]))

    def _of_project(self, project_id: str) -> Leftover | None:
        directory = self._directory(project_id)
        if not self._could_tell() if directory is None else not _is_gone(directory):
            return None
        where = f"its folder {directory} is gone" if directory is not None else "nobody knows where its folder is"
        pids = tuple(found.pid for found in self.processes.get(project_id, ()))
        if self._runs(project_id):
            advice = f"run 'nexsock -p {project_id} down' first"
            return Leftover(id=project_id, kind="processes", text=f"{where}, and it runs", pids=pids, advice=advice)
        paths = tuple(path for path in self._folders(project_id) if os.path.isdir(path))
        if not paths and not pids:
            return None
        size_bytes = sum(map(_size, paths))
        return Leftover(
            id=project_id,
            kind="processes" if pids else "project",
            text=where,
            pids=pids,
            paths=paths,
            size_bytes=size_bytes,
        )

    def _runs(self, project_id: str) -> bool:
        """Whether a service of it runs that somebody looks after, so that it can be stopped as usual."""
        host = self._hosts.get(project_id)
        if host is not None and (host.busy or project_id in self.processes):
            return True
        return any(one.project == project_id and one.end is None for one in self._kept)

    def _directory(self, project_id: str) -> str | None:
        """Where a project lives or lived; None where nothing that is kept tells it."""
        if (host := self._hosts.get(project_id)) is not None:
            return host.project.directory
        path = store.locate(project_id, self._places.project_state(project_id), self._database_url)
        if path is not None and (found := store.directory_in(path)) is not None:
            return found
        remembered = recall.load(self._places.project_runtime(project_id))
        return remembered.project.directory if remembered is not None else None

    def _could_tell(self) -> bool:
        """Whether the memory of a project would be there, if there were one."""
        return not self._database_url.startswith("memory:")

    def _folders(self, project_id: str) -> tuple[str, ...]:
        folders = [self._places.project_state(project_id), self._places.project_runtime(project_id)]
        if (path := store.locate(project_id, folders[0], self._database_url)) is not None:
            folders.append(os.path.dirname(path))
        return tuple(dict.fromkeys(folders))

    def _ports(self, known: Collection[str]) -> Iterable[Leftover]:
        for project_id, held in reservations.read(self._places.ports).items():
            if project_id not in known and project_id not in self._hosts and _is_gone(held.directory):
                numbers = ", ".join(map(str, sorted(held.ports.values())))
                text = f"port {numbers} reserved; its folder {held.directory} is gone"
                yield Leftover(id=project_id, kind="ports", text=text)

    def _files(self, gone: Collection[str]) -> Iterable[Leftover]:
        """The FIFOs and sockets of runs that are over; a run that is being started has younger ones."""
        fifos = {path for one in self._kept for path in (one.files.stdout_fifo, one.files.stderr_fifo)}
        instances = {one.instance for one in self._kept}
        pattern = f"{glob.escape(self._places.runtime_dir)}/projects/*/*"
        dead = [
            path for path in glob.glob(pattern) if self._is(path, stat.S_ISFIFO) and path not in fifos | self._written
        ]
        sockets = glob.glob(f"{glob.escape(self._places.notify_dir)}/*")
        dead += [path for path in sockets if self._is(path, stat.S_ISSOCK) and os.path.basename(path) not in instances]
        paths = tuple(sorted(path for path in dead if os.path.dirname(path) not in gone))
        if paths:
            text = f"{len(paths)} of runs that are over" if len(paths) > 1 else "1 of a run that is over"
            yield Leftover(id=RUN_FILES, kind="files", text=text, paths=paths)

    def _is(self, path: str, kind: Callable[[int], bool]) -> bool:
        """Whether it is a file of this kind, and has been for a while."""
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            return False
        return kind(found.st_mode) and clock.wall() - found.st_ctime > self._settled_s


async def clear(found: Leftover, processes: Iterable[Identity]) -> None:
    """Take one leftover away: end its processes, then remove its folders.

    Raises:
        OSError: a folder cannot be removed.
    """
    ending = list(processes)
    await asyncio.to_thread(tree.kill_all, ending, signal.SIGTERM)
    left = await tree.wait_gone(ending, GRACE_S)
    await tree.wait_gone(tree.kill_all(left), GRACE_S)
    for path in found.paths:
        await asyncio.to_thread(_remove, path)


def _remove(path: str) -> None:
    """Remove a folder with all that is in it, or a file, which may be gone by now."""
    if os.path.isdir(path):
        shutil.rmtree(path)
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _ours(places: Places) -> tuple[dict[str, list[Identity]], set[str]]:
    """The marked processes, by project, whose output goes to a FIFO of ours, and those FIFOs; another daemon's have
    others."""
    ours: dict[str, list[Identity]] = {}
    written: set[str] = set()
    begin = f"{places.runtime_dir}/projects/"
    for found in identity.scan():
        outputs = [_link(f"/proc/{found.pid}/fd/{descriptor}") for descriptor in (1, 2)]
        fifos = [path for path in outputs if path.startswith(begin)]
        written.update(fifos)
        if fifos:
            ours.setdefault(fifos[0][len(begin) :].split("/")[0], []).append(found)
    return ours, written


def _is_gone(directory: str) -> bool:
    """Whether there is no such folder; one that may not be looked at is not gone."""
    try:
        os.stat(directory)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def _size(folder: str) -> int:
    found = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                found += os.lstat(f"{path}/{name}").st_size
            except FileNotFoundError:
                continue
    return found
