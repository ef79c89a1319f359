"""Why a service is as it is: the chain from symptom to cause, and what nexsock does next by itself. Pure."""

from collections.abc import Collection, Mapping

from nexsock.lifecycle import health as judging
from nexsock.model.plan import Hold
from nexsock.model.project import Project
from nexsock.model.service import Service
from nexsock.model.state import Record
from nexsock.model.status import Because, Next


def chain(project: Project, records: Mapping[str, Record], wanted: Collection[str], name: str) -> tuple[Because, ...]:
    """From the symptom of a service to its cause: the service itself first, then what it waits for, and so on.

    Args:
        wanted: the names of what should be up.
    """
    links: list[Because] = []
    seen: set[str] = set()
    current: str | None = name
    while current is not None and current not in seen:
        seen.add(current)
        record = records.get(current) or Record(name=current)
        links.append(_link(project, record, current in wanted))
        current = _deeper(project, records, record)
    return tuple(links)


def _link(project: Project, record: Record, wanted: bool) -> Because:
    hold, service = record.held, project.services.get(record.name)
    because = _sentence(record, hold, service, wanted)
    if service is None:
        because = f"{because}; it is no longer in the file"
    origin = (hold.origin if hold is not None else None) or project.origin(f"services.{record.name}")
    since = hold.since if hold is not None and hold.since is not None else record.since_at or None
    return Because(service=record.name, because=because, since=since, origin=origin)


def _sentence(record: Record, hold: Hold | None, service: Service | None, wanted: bool) -> str:
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
            return _why_stopped(record, service, wanted)
    return f"{'is ' if record.phase in ('running', 'ready', 'unhealthy', 'stopping') else ''}{record.phase}{reason}"


def _why_stopped(record: Record, service: Service | None, wanted: bool) -> str:
    if record.intent == "stopped":
        return "is stopped by hand"
    if wanted or service is None:
        return "is not running"
    if not service.active:
        return f"is not running: it belongs to profile {' or '.join(service.profiles)}, which is not active"
    return "is not running: no 'up' wants it"


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


def advice(record: Record, wanted: bool) -> str | None:
    """What a person can do about the end of a chain, where nothing goes on by itself."""
    name = record.name
    match record.phase:
        case "failed" if record.run is not None and record.run.denied is not None:
            return (
                f"'nexsock start {name}' asks plugin '{record.run.denied.plugin}' again, and so does an edit of {name}"
            )
        case "failed":
            return f"'nexsock start {name}' tries it again, and so does an edit of it"
        case "stopped" if record.intent == "stopped":
            return f"'nexsock start {name}' starts it"
        case "stopped" if not wanted:
            return f"'nexsock up {name}' starts it"
        case "unhealthy" if record.replace is None:
            return f"'nexsock restart {name}' starts it anew"
    return None


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
        case "starting" | "unhealthy" | "ready" if service is not None and service.healthcheck is not None:
            health = record.health
            pause = judging.pause_s(service.healthcheck, health) if health is not None else None
            last = health.last_at if health is not None else None
            due = last + pause if last is not None and pause is not None else None
            told = service.healthcheck.kind == "notify"
            return Next(action="wait for its READY=1" if told else "probe it again", at=due)
    return None
