"""Where the tunnels of a project lead at this moment. Pure.

A tunnel is there while its service is wanted or alive. It leads to where the dependency runs, not to where a newer
version of the file will have it, and is passed once the dependency is ready.
"""

from collections.abc import Collection, Iterable, Mapping

from nexsock.lifecycle import tunnel as judging
from nexsock.model.project import Project
from nexsock.model.service import Service, Tunnel
from nexsock.model.state import Record
from nexsock.model.tunnel import LOCAL, Route

LOOPBACK = (LOCAL, "::1")
"""Where a service of this machine may listen."""


def dependents(project: Project, records: Mapping[str, Record]) -> frozenset[str]:
    """The services that have tunnels, in the file or as they run."""
    running = (record.applied for record in records.values() if record.applied is not None)
    return frozenset(service.name for service in (*project.services.values(), *running) if service.tunnels)


def routes(
    project: Project, records: Mapping[str, Record], up: Collection[str], names: Iterable[str]
) -> dict[int, Route]:
    """The routes of the named services, by the port at which each listens.

    A running service keeps the addresses that it was started with, until it is replaced.
    """
    found: dict[int, Route] = {}
    for name in names:
        for service in _definitions(project, records.get(name), name, up):
            for key, tunnel in service.tunnels.items():
                found.setdefault(tunnel.listen, _route(name, key, tunnel, project, records))
    return found


def _definitions(project: Project, record: Record | None, name: str, up: Collection[str]) -> list[Service]:
    wanted = project.services.get(name) if name in up else None
    running = record.applied if record is not None and record.alive else None
    return [service for service in (wanted, running) if service is not None]


def _route(name: str, key: str, tunnel: Tunnel, project: Project, records: Mapping[str, Record]) -> Route:
    declared = tunnel.on in project.services
    record = records.get(tunnel.on) or Record(name=tunnel.on)
    targets = _targets(tunnel, project.services.get(tunnel.on), record)
    passes = bool(targets) and (judging.passes(record) if declared else True)
    return Route(service=name, name=key, listen=tunnel.listen, targets=targets, passes=passes, ssh=tunnel.ssh)


def _targets(tunnel: Tunnel, declared: Service | None, record: Record) -> tuple[tuple[str, int], ...]:
    if tunnel.to:
        host, _, port = tunnel.to.rpartition(":")
        return ((host.strip("[]"), int(port)),)
    running = record.applied if record.alive else None
    for service in (running, declared):
        if service is not None and tunnel.port in service.launch.ports:
            number = service.launch.ports[tunnel.port].number
            return tuple((host, number) for host in LOOPBACK)
    return ()
