"""What a new brain takes up: the projects that were up, and the runs of each that a keeper has, or that lost theirs.

Where keeper and brain were both killed, services go on without either. The FIFOs in the runtime folder tell which runs
there were, the marks of the processes tell which live, and the new keeper adopts them.
"""

import logging
import os
from collections.abc import Iterable

from msgspec.structs import replace

from nexsock import errors
from nexsock.daemon import recall
from nexsock.daemon.host import Host
from nexsock.daemon.loader import Loader
from nexsock.daemon.shared import Shared
from nexsock.engines import notes
from nexsock.model.project import Project, ProjectRef
from nexsock.model.service import Launch, Service
from nexsock.model.state import Cause, Run
from nexsock.places import Places
from nexsock.reconcile import restore
from nexsock.runtime import clock, hands, identity, kept, tree

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
        await host.surroundings.observe(project)
        return host
    first = recall.Remembered(ref=replace(ref, environ=None), project=project, environ=ref.environ or {})
    return await _revived(shared, loader, project.id, remembered or first, kept_runs)


async def _revived(
    shared: Shared, loader: Loader, project_id: str, remembered: recall.Remembered | None, runs: list[kept.Kept]
) -> Host:
    host = _host(shared, loader, project_id, remembered, runs)
    await host.surroundings.observe(host.project)
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
    """Runs that were begun and that no keeper knows; of those that live no more the end is unknown."""
    traces = {
        trace.instance: (project_id, one.project, trace)
        for project_id, one in remembered.items()
        if one is not None
        for trace in notes.traces(places.project_runtime(project_id))
        if trace.instance not in known
    }
    leaders = tree.main_processes(traces) if traces else {}
    return [_kept(places, *trace, leaders.get(instance)) for instance, trace in traces.items()]


def _kept(
    places: Places, project_id: str, project: Project, trace: notes.Trace, leader: identity.Identity | None
) -> kept.Kept:
    service = project.services.get(trace.service) or _no_longer_declared(trace.service)
    run = Run(
        number=trace.number,
        instance=trace.instance,
        cause=Cause(kind="adopted", text="found running without the daemon"),
        fingerprint=service.fingerprint,
    )
    return kept.Kept(
        instance=trace.instance,
        project=project_id,
        service=trace.service,
        run=trace.number,
        pid=leader.pid if leader is not None else 0,
        start_ticks=leader.start_ticks if leader is not None else 0,
        files=notes.files_of(service, run, places.project_logs(project_id), places.project_runtime(project_id)),
        note=notes.note_of(service, run),
        end=None if leader is not None else kept.Ended(trace.instance, 0, None, clock.wall(), clock.monotonic()),
    )


def _no_longer_declared(name: str) -> Service:
    """A service that is not in the file any more, as far as it takes to end what runs of it."""
    return Service(name=name, launch=Launch())


async def _adopted(keeper: hands.Hands, lost: kept.Kept) -> bool:
    try:
        await keeper.adopt(lost)
    except kept.Refused as refusal:
        _log.warning("service '%s' goes on without its output: %s", lost.service, refusal)
        return False
    return True
