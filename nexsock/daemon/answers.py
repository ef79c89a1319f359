"""What the daemon knows of a project, in the documents of `model.status`. Only looks; changes nothing."""

from collections.abc import Iterable
from typing import Any

from nexsock import masking
from nexsock.daemon import past, surroundings
from nexsock.daemon.host import Host
from nexsock.model import names
from nexsock.model.event import Event
from nexsock.model.plugin import PluginStatus
from nexsock.model.status import Failure, ProjectStatus, ProjectSummary, ServiceDetail, TunnelStatus, Why
from nexsock.protocol import api
from nexsock.reconcile import describe, explain
from nexsock.runtime import clock, commits
from nexsock.store import migrate

_STATES = {"set_aside": "set aside", "refused": "not used"}

LINES_OF_CULPRIT = 15
"""Log lines shown of a service that failed."""


def project_status(host: Host, chosen: Iterable[str] = ()) -> ProjectStatus:
    """The lines of the named services, or of all: those of the file in start order, then what is left of others."""
    project, now = host.project, clock.monotonic()
    listed = tuple(chosen) or (*project.services, *host.removed())
    lines = tuple(
        describe.status(
            project.services.get(name), host.reconciler.record(name), now=now, git=surroundings.head(host.project, name)
        )
        for name in listed
    )
    return ProjectStatus(project=host.info(), services=lines)


def summary(host: Host) -> ProjectSummary:
    """One line about a project."""
    lines = project_status(host).services
    return ProjectSummary(
        id=host.project.id,
        name=host.project.name,
        dir=host.project.directory,
        services=len(host.project.services),
        running=sum(line.pid is not None for line in lines),
        failed=sum(line.phase == "failed" for line in lines),
        watching=host.watching,
        config_error=host.fault is not None,
        branch=commits.branch_of(host.project.directory),
    )


def detail(host: Host, name: str, tunnels: tuple[TunnelStatus, ...] = ()) -> ServiceDetail:
    """Everything about one service; `tunnels` are what was asked about those that it has.

    Raises:
        NotFound: the project has no such service.
    """
    service = host.service(name)
    record = host.reconciler.record(service.name)
    return ServiceDetail(
        service=describe.status(
            service, record, now=clock.monotonic(), git=surroundings.head(host.project, service.name)
        ),
        command=describe.command(service),
        working_dir=service.launch.working_dir,
        depends_on=describe.dependencies(host.project, host.state.records, service),
        required_by=tuple(other.name for other in host.project.services.values() if service.name in other.depends_on),
        probes=describe.probes(service, record),
        tunnels=tunnels,
        history=tuple(describe.run_status(run) for run in host.store.runs(service.name)[:5]),
        log_file=f"{host.logs_dir}/{service.name}.log",
        origin=host.project.origin(f"services.{service.name}"),
        description=service.description,
        labels={name: masking.masked(name, value) for name, value in service.labels.items()},
        project=host.info(),
    )


def why(host: Host, name: str) -> Why:
    """Why a service is as it is, from itself down to the culprit, with what the culprit said last.

    Raises:
        NotFound: the project has no such service.
    """
    name = host.one(name)
    service, record = host.project.services.get(name), host.reconciler.record(name)
    chain = explain.chain(host.project, host.state.records, host.reconciler.wanted, name)
    culprit = host.reconciler.record(chain[-1].service)
    end = past.last_exit(host, culprit.name)
    coming = explain.next_action(service or record.applied, record, now=clock.monotonic(), wall=clock.wall())
    return Why(
        service=name,
        phase=record.phase,
        chain=chain,
        next=coming,
        last_exit=str(end) if end is not None else None,
        last_log=host.last_lines(culprit.name, LINES_OF_CULPRIT) if culprit.run is not None else (),
        last_probe=culprit.health.last_output or None if culprit.health is not None else None,
        config_error=host.fault,
        run=describe.run_status(record.run) if record.run is not None else None,
        last_exit_at=end.at if end is not None else None,
        last_change=past.last_change(host, culprit),
        advice=explain.advice(culprit, culprit.name in host.reconciler.wanted),
        in_file=service is not None,
        plugins=plugin_faults(host),
    )


def plugin_faults(host: Host) -> tuple[str, ...]:
    """What is wrong with the plugins of a project, a sentence each; of those that do well nothing."""
    return tuple(
        f"plugin '{one.name}' is {_STATES[one.state]}: {one.last_fault or one.reason}"
        for one in host.plugins.statuses(host.project.directory)
        if one.state in _STATES
    )


def fault_of(found: PluginStatus) -> Event:
    """The event of a plugin that has had a fault just now; of everybody's plugins each project hears."""
    aside = f"; it is set aside after {found.reason}" if found.state == "set_aside" else ""
    return Event(
        at=clock.wall(),
        seq=0,
        project=names.project_id(found.project) if found.project else "",
        kind="warning",
        reason=f"plugin '{found.name}' {found.last_fault}{aside}",
    )


def survey(hosts: Iterable[Host], directory: str) -> tuple[dict[str, Any], ...]:
    """The services of the project in a folder, as plugins see them."""
    host = next((one for one in hosts if one.project.directory == directory), None)
    if host is None:
        return ()
    return tuple(
        {"name": line.name, "phase": line.phase, "ready": line.ready, "pid": line.pid, "ports": line.ports}
        for line in project_status(host).services
    )


def failure(host: Host, name: str, *, overtaken: bool = False) -> Failure:
    """Why a service is not as a command wanted it, with the end of the culprit's log.

    Args:
        overtaken: another command has asked for the opposite since.
    """
    chain = explain.chain(host.project, host.state.records, host.reconciler.wanted, name)
    culprit = host.reconciler.record(chain[-1].service)
    return Failure(
        service=name,
        reason=chain[0].because + ("; another command overtook this one" if overtaken else ""),
        chain=chain,
        last_log=host.last_lines(culprit.name, LINES_OF_CULPRIT) if culprit.run is not None else (),
        last_probe=culprit.health.last_output or None if culprit.health is not None else None,
        denied=culprit.run.denied if culprit.run is not None and culprit.phase == "failed" else None,
    )


def database_status(path: str | None, schema: migrate.Schema) -> api.DatabaseStatus:
    """Where a project's memory lies, and which version of its layout it has."""
    return api.DatabaseStatus(
        path=path or "memory:",
        version=schema.version,
        newest=schema.newest,
        applied=schema.applied,
        pending=schema.pending,
    )
