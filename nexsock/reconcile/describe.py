"""Records in the words that clients are told: a line of `ps`, the page of `status`, the chain of `why`. Pure."""

from collections.abc import Mapping, Sequence

from nexsock import errors
from nexsock.lifecycle import health as judging
from nexsock.model.edit import ListedDependency
from nexsock.model.log import LogSlice
from nexsock.model.plan import FieldChange, Hold
from nexsock.model.project import Project
from nexsock.model.service import Service
from nexsock.model.state import SERVING, Record, Run
from nexsock.model.status import (
    Because,
    DependencyStatus,
    Graph,
    GraphEdge,
    GraphNode,
    Next,
    ProbeStatus,
    RunStatus,
    ServiceStatus,
)
from nexsock.plan import conditions


def status(service: Service | None, record: Record, *, now: float) -> ServiceStatus:
    """The line of a service; `service` is None for one that is no longer in the file. `now` is monotonic seconds."""
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
        stale=_stale(service, record),
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


def command(service: Service | None) -> str:
    """The command as its author would recognise it: without the shell that a string command is wrapped in."""
    if service is None or not service.launch.command:
        return ""
    argv = service.launch.command
    return argv[2] if len(argv) == 3 and argv[1] == "-c" else " ".join(argv)


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
    )


def chain(project: Project, records: Mapping[str, Record], name: str) -> tuple[Because, ...]:
    """From the symptom of a service to its cause: the service itself first, then what it waits for, and so on."""
    links: list[Because] = []
    seen: set[str] = set()
    current: str | None = name
    while current is not None and current not in seen:
        seen.add(current)
        record = records.get(current) or Record(name=current)
        links.append(_link(project, record))
        current = _deeper(project, records, record)
    return tuple(links)


def _link(project: Project, record: Record) -> Because:
    hold = record.held
    because = _sentence(record, hold)
    origin = (hold.origin if hold is not None else None) or project.origin(f"services.{record.name}")
    since = hold.since if hold is not None and hold.since is not None else record.since_at or None
    return Because(service=record.name, because=because, since=since, origin=origin)


def _sentence(record: Record, hold: Hold | None) -> str:
    reason = f": {record.reason}" if record.reason else ""
    match record.phase:
        case "blocked" if hold is not None:
            return f"blocked: waits for {hold.waits_for}"
        case "backoff":
            return f"waits for its next try{reason}"
        case "starting":
            return "is starting, and not ready yet" + (_probe_words(record) or reason)
        case "stopping" if hold is not None:
            return f"is stopping, waits for {hold.waits_for}"
        case "stopped":
            return "is stopped by hand" if record.intent == "stopped" else "is not running"
    return f"{'is ' if record.phase in ('running', 'ready', 'unhealthy', 'stopping') else ''}{record.phase}{reason}"


def _probe_words(record: Record) -> str:
    if record.health is None or record.health.last_ok or not record.health.last_output:
        return ""
    return f": {record.health.last_output.strip().rsplit(chr(10), 1)[-1]}"


def _deeper(project: Project, records: Mapping[str, Record], record: Record) -> str | None:
    """The dependency that a blocked service waits for, the hopeless one first."""
    service = project.services.get(record.name)
    if record.phase != "blocked" or record.held is None or service is None:
        return None
    waiting = [name for name in record.held.on if name in project.services]
    failed = [name for name in waiting if (found := records.get(name)) and found.phase in ("failed", "blocked")]
    return next(iter(failed or waiting), None)


def next_action(service: Service | None, record: Record, *, now: float, wall: float) -> Next | None:
    """What nexsock does next by itself."""
    hold = record.held
    at = wall + hold.until - now if hold is not None and hold.until is not None else None
    match record.phase:
        case "backoff":
            return Next(action="start it again", at=at)
        case "blocked" if hold is not None and not hold.failed:
            return Next(action=f"start it as soon as {hold.waits_for.replace(' to be ', ' is ')}")
        case "stopping":
            return Next(action="SIGKILL to everything of it" if at is not None else "wait for its end", at=at)
        case "starting" | "unhealthy" if service is not None and service.healthcheck is not None:
            health = record.health
            pause = judging.pause_s(service.healthcheck, health) if health is not None else None
            last = health.last_at if health is not None else None
            due = last + pause if last is not None and pause is not None else None
            told = service.healthcheck.kind == "notify"
            return Next(action="wait for its READY=1" if told else "probe it again", at=due)
    return None


def listed(project: Project, chosen: Sequence[str]) -> tuple[ListedDependency, ...]:
    """What each of the chosen services needs, or every service.

    Raises:
        NotFound: the project has no such service.
    """
    for name in chosen:
        if name not in project.services:
            raise errors.NotFound(f"no service '{name}' in project '{project.name}'")
    return tuple(
        ListedDependency(
            service=name,
            on=other,
            condition=need.condition,
            required=need.required,
            restart=need.restart,
            tunnel=bool(need.tunnel),
            origin=project.origin(f"services.{name}.depends_on.{other}"),
        )
        for name, service in project.services.items()
        if not chosen or name in chosen
        for other, need in service.depends_on.items()
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
