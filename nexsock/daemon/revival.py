"""What a new brain takes up: the projects that were up, and the runs of each that a keeper has, or that lost theirs.

Where keeper and brain were both killed, services go on without either; their marks in the process table and the
records tell which they are, and the new keeper adopts them.
"""

import logging
import os
from collections.abc import Iterable

from msgspec.structs import replace

from nexsock import errors
from nexsock.daemon import recall
from nexsock.daemon.host import Host, Shared
from nexsock.daemon.loader import Loader
from nexsock.engines import notes
from nexsock.model.project import Project, ProjectRef
from nexsock.model.service import Service
from nexsock.model.state import Cause, Run
from nexsock.places import Places
from nexsock.reconcile import restore
from nexsock.runtime import hands, identity, kept, tree

_log = logging.getLogger(__name__)


async def revive(shared: Shared, loader: Loader, runs: Iterable[kept.Kept]) -> dict[str, Host]:
    """The hosts of every project that was up when the last brain ended, going on; by project id."""
    found: dict[str, list[kept.Kept]] = {}
    for run in runs:
        found.setdefault(run.project, []).append(run)
    places = shared.places
    remembered = {known: recall.load(places.project_runtime(known)) for known in _folders(places)}
    for lost in _without_keeper(places, remembered, {run.instance for each in found.values() for run in each}):
        if await _adopted(shared.keeper, lost):
            found.setdefault(lost.project, []).append(lost)
    hosts: dict[str, Host] = {}
    for project_id in {*found, *(known for known, one in remembered.items() if one is not None)}:
        try:
            host = await _revived(shared, loader, project_id, remembered.get(project_id), found.get(project_id, []))
        except (errors.NexsockError, OSError) as error:
            _log.warning("project '%s' is not taken up: %s", project_id, error)
            continue
        hosts[project_id] = host
    return hosts


async def meet(shared: Shared, loader: Loader, project: Project, ref: ProjectRef) -> Host:
    """The host of a project that this brain has not had yet, or has let go of; what runs of it is taken up.

    Raises:
        StateError: its memory cannot be used.
    """
    kept_runs = [run for run in await shared.keeper.kept() if run.project == project.id]
    remembered = recall.load(shared.places.project_runtime(project.id))
    if not kept_runs and remembered is None:
        host = Host(shared, loader, project, ref, ref.environ or {})
        await host.observe(project)
        return host
    first = recall.Remembered(ref=replace(ref, environ=None), project=project, environ=ref.environ or {})
    return await _revived(shared, loader, project.id, remembered or first, kept_runs)


async def _revived(
    shared: Shared, loader: Loader, project_id: str, remembered: recall.Remembered | None, runs: list[kept.Kept]
) -> Host:
    host = _host(shared, loader, project_id, remembered, runs)
    await host.observe(host.project)
    host.resume()
    await host.watch(host.watching)
    return host


def _folders(places: Places) -> list[str]:
    try:
        return sorted(os.listdir(f"{places.runtime_dir}/projects"))
    except FileNotFoundError:
        return []


def _host(
    shared: Shared, loader: Loader, project_id: str, remembered: recall.Remembered | None, runs: list[kept.Kept]
) -> Host:
    boot = identity.boot_id()
    left = [note for run in runs if (note := notes.noted(run, boot)) is not None]
    known = tuple(restore.Kept(service=note.service, run=note.run) for note in left)
    if remembered is None:
        services = {note.service.name: note.service for note in left}
        project = Project(id=project_id, name=project_id.rpartition("-")[0], directory="/", services=services)
        return Host(shared, loader, project, ProjectRef(), dict(os.environ), known)
    host = Host(shared, loader, remembered.project, remembered.ref, remembered.environ, known)
    host.watching = remembered.watching
    return host


def _without_keeper(
    places: Places, remembered: dict[str, recall.Remembered | None], known: set[str]
) -> list[kept.Kept]:
    """Runs that live, carry our marks, and that no keeper knows."""
    lost = []
    for instance, leader in tree.main_processes().items():
        marks = _marks(leader.pid)
        project_id, name = marks.get(identity.PROJECT, ""), marks.get(identity.SERVICE, "")
        project = remembered.get(project_id)
        service = project.project.services.get(name) if project is not None else None
        if instance in known or service is None:
            continue
        number = _run_number(leader.pid, name)
        if number is not None:
            lost.append(_kept(places, project_id, service, number, leader))
    return lost


def _marks(pid: int) -> dict[str, str]:
    """The marks of a process; none when it has just ended, or hides them."""
    try:
        return identity.read_environ(pid)
    except (ProcessLookupError, PermissionError):
        return {}


def _run_number(pid: int, service: str) -> int | None:
    """The number in the name of the FIFO that the process writes to ("web.3.out")."""
    for descriptor in (1, 2):
        try:
            name = os.path.basename(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
        except OSError:
            continue
        number = name.removeprefix(f"{service}.").split(".")[0]
        if name.startswith(f"{service}.") and number.isdigit():
            return int(number)
    return None


def _kept(places: Places, project_id: str, service: Service, number: int, leader: identity.Identity) -> kept.Kept:
    run = Run(
        number=number,
        instance=leader.instance,
        cause=Cause(kind="adopted", text="found running without the daemon"),
        fingerprint=service.fingerprint,
        pid=leader.pid,
        start_ticks=leader.start_ticks,
        boot_id=leader.boot_id,
    )
    return kept.Kept(
        instance=leader.instance,
        project=project_id,
        service=service.name,
        run=number,
        pid=leader.pid,
        start_ticks=leader.start_ticks,
        files=notes.files_of(service, number, places.project_logs(project_id), places.project_runtime(project_id)),
        note=notes.note_of(service, replace(run, pid=None, start_ticks=None)),
    )


async def _adopted(keeper: hands.Hands, lost: kept.Kept) -> bool:
    try:
        await keeper.adopt(lost)
    except kept.Refused as refusal:
        _log.warning("service '%s' goes on without its output: %s", lost.service, refusal)
        return False
    return True
