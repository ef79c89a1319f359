"""Records in the words that clients are told: a line of `ps`, the page of `status`, a run, the graph. Pure."""

from collections.abc import Mapping, Sequence

from nexsock import errors, masking
from nexsock.model.edit import ListedDependency
from nexsock.model.log import LogSlice
from nexsock.model.plan import FieldChange
from nexsock.model.project import Project
from nexsock.model.service import Service
from nexsock.model.state import SERVING, Record, Run
from nexsock.model.status import (
    DependencyStatus,
    GitStatus,
    Graph,
    GraphEdge,
    GraphNode,
    ProbeStatus,
    RunStatus,
    ServiceStatus,
)
from nexsock.plan import conditions


def status(service: Service | None, record: Record, *, now: float, git: GitStatus | None = None) -> ServiceStatus:
    """The line of a service; `service` is None for one that is no longer in the file.

    Args:
        now: monotonic seconds.
        git: what its checkout has now.
    """
    defined = service or record.applied
    run = record.run
    serving = record.phase in SERVING and not (defined is not None and defined.oneshot)
    began = run.started_mono if run is not None else None
    return ServiceStatus(
        name=record.name,
        phase=record.phase,
        ready=serving or (record.phase == "completed" and defined is not None and defined.oneshot),
        health=_health(defined, record),
        reason=record.reason,
        pid=run.pid if run is not None and record.alive else None,
        ports={name: port.number for name, port in defined.launch.ports.items()} if defined else {},
        uptime_s=round(now - began, 3) if record.alive and began is not None else None,
        restarts=record.restarts,
        exit_code=run.exit.code if run is not None and run.exit is not None else None,
        run=run.number if run is not None else None,
        stale=_stale(service, record) or _moved(record, git),
        git=git,
        oneshot=defined.oneshot if defined else False,
        active=service.active if service else False,
        command=command(defined),
    )


def _health(service: Service | None, record: Record) -> str:
    if service is None or service.healthcheck is None or not record.alive:
        return "-"
    return record.health.verdict if record.health is not None else "starting"


def _stale(service: Service | None, record: Record) -> bool:
    if service is None or record.applied is None or not record.alive:
        return False
    return record.applied is not service and record.applied.fingerprint != service.fingerprint


def _moved(record: Record, git: GitStatus | None) -> bool:
    """Whether its checkout has another commit than it runs from."""
    if git is None or record.applied is None or not record.alive:
        return False
    return record.applied.launch.commit != (git.commit or "")


def command(service: Service | None) -> str:
    """The command as its author would recognise it: without the shell that a string command is wrapped in.

    Secrets that the file has put into it are not shown, though every process list does.
    """
    if service is None or not service.launch.command:
        return ""
    argv = service.launch.command
    said = argv[2] if len(argv) == 3 and argv[1] == "-c" else " ".join(argv)
    return masking.hidden(said, masking.telling(service.launch.environment))


def dependencies(project: Project, records: Mapping[str, Record], service: Service) -> tuple[DependencyStatus, ...]:
    """What a service needs and whether it has it."""
    return tuple(
        DependencyStatus(
            name=name,
            condition=need.condition,
            required=need.required,
            met=name in project.services
            and conditions.is_met(need.condition, records.get(name) or Record(name=name), project.services[name]),
        )
        for name, need in service.depends_on.items()
    )


def probes(service: Service | None, record: Record) -> tuple[ProbeStatus, ...]:
    """The last answer of the healthcheck, if there is one."""
    if service is None or service.healthcheck is None:
        return ()
    health = record.health
    if health is None:
        return (ProbeStatus(kind=service.healthcheck.kind, ok=None),)
    return (
        ProbeStatus(kind=service.healthcheck.kind, ok=health.last_ok, output=health.last_output, at=health.last_at),
    )


def run_status(run: Run, fields: tuple[FieldChange, ...] = (), log: tuple[LogSlice, ...] = ()) -> RunStatus:
    """One line of the history; `fields` and `log` as in RunStatus."""
    ended = run.ended.text if run.ended is not None and run.ended.kind != "crash" else None
    return RunStatus(
        run=run.number,
        cause=run.cause.text,
        origin=run.cause.origin,
        started_at=run.started_at,
        ready_at=run.ready_at,
        exited_at=run.exit.at if run.exit is not None else None,
        exit_code=run.exit.code if run.exit is not None else None,
        exit=str(run.exit) if run.exit is not None else None,
        pid=run.pid,
        fingerprint=run.fingerprint,
        commit=run.commit,
        kind=run.cause.kind,
        asked_at=run.asked_at,
        begun_at=run.begun_at,
        ended=ended,
        fields=fields,
        log=log,
        altered=run.altered,
        denied=run.denied,
    )


def listed(project: Project, chosen: Sequence[str]) -> tuple[ListedDependency, ...]:
    """What each of the chosen services needs, or every service; by the names in the file, whatever their scale.

    Raises:
        NotFound: the project has no such service.
    """
    written = {one: name for name, members in project.groups.items() for one in members}
    for name in chosen:
        if name not in project.services and name not in project.groups:
            raise errors.NotFound(f"no service '{name}' in project '{project.name}'")
    wanted = {written.get(name, name) for name in chosen}
    found = {
        (written.get(name, name), written.get(other, other)): (need, f"services.{name}.depends_on.{other}")
        for name, service in project.services.items()
        for other, need in service.depends_on.items()
    }
    return tuple(
        ListedDependency(
            service=name,
            on=other,
            condition=need.condition,
            required=need.required,
            restart=need.restart,
            tunnel=bool(need.tunnel),
            origin=project.origin(path),
        )
        for (name, other), (need, path) in found.items()
        if not wanted or name in wanted
    )


def graph(project: Project, records: Mapping[str, Record]) -> Graph:
    """The services, what needs what, and the layers."""
    return Graph(
        nodes=tuple(
            GraphNode(name=name, phase=(records.get(name) or Record(name=name)).phase) for name in project.services
        ),
        edges=tuple(
            GraphEdge(from_=name, to=other, condition=need.condition, tunnel=need.tunnel)
            for name, service in project.services.items()
            for other, need in service.depends_on.items()
        ),
        order=project.layers,
    )
