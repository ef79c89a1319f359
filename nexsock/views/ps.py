"""The table of services."""

from collections.abc import Sequence

from nexsock import units
from nexsock.model.status import ConfigFault, ProjectStatus, ServiceStatus
from nexsock.views import problems, style, table, times

SELF_EXPLAINING = frozenset({"running", "ready", "completed"})
"""Phases whose reason says nothing that a person looks for."""


def listed(status: ProjectStatus, everything: bool) -> tuple[ServiceStatus, ...]:
    """The services that `ps` shows: those that are wanted or ever did something, or all of them."""
    if everything:
        return status.services
    return tuple(service for service in status.services if service.active or service.phase != "stopped")


def render(status: ProjectStatus, *, colour: bool, columns: int, everything: bool, now: float) -> str:
    """The table, with a broken file announced above it."""
    services = listed(status, everything)
    fault = config_fault(status.project.config_error, colour=colour, now=now)
    if not services:
        return fault + f"{status.project.name} has no active service; 'nexsock ps -a' shows all\n"
    return fault + services_table(services, colour=colour, columns=columns)


def services_table(services: Sequence[ServiceStatus], *, colour: bool, columns: int) -> str:
    """One line a service; the column REASON only when one of them has something to say."""
    headings = ["NAME", "STATE", "HEALTH", "PID", "PORTS", "UPTIME", "RESTARTS"]
    rows = [_cells(service, colour) for service in services]
    reasons = [reason(service) for service in services]
    if any(reasons):
        headings.append("REASON")
        rows = [[*cells, text] for cells, text in zip(rows, reasons, strict=True)]
    return table.render(headings, rows, colour=colour, columns=columns)


def _cells(service: ServiceStatus, colour: bool) -> list[str]:
    uptime = "-" if service.uptime_s is None else units.format_duration(service.uptime_s)
    return [
        service.name,
        style.phase(service.phase, colour),
        health(service.health, colour),
        "-" if service.pid is None else str(service.pid),
        ports(service.ports) or "-",
        uptime,
        str(service.restarts),
    ]


def health(verdict: str, colour: bool) -> str:
    """The verdict of the healthcheck in its colour."""
    looks = {"healthy": "green", "unhealthy": "red", "starting": "cyan"}
    return style.paint(verdict, looks.get(verdict, "dim"), colour)


def ports(numbers: dict[str, int]) -> str:
    """ "8080" for one port, "http:8080, admin:9090" for several, "" for none."""
    if len(numbers) == 1:
        return str(next(iter(numbers.values())))
    return ", ".join(f"{name}:{number}" for name, number in numbers.items())


def reason(service: ServiceStatus) -> str:
    """Why the service is in a phase that needs words; "" when the phase says it all."""
    said = "" if service.phase in SELF_EXPLAINING else style.one_line(service.reason)
    if not said and service.phase == "failed" and service.exit_code is not None:
        said = f"exited with {service.exit_code}"
    if service.stale:
        return f"{said}; a restart is pending" if said else "a restart is pending"
    return said


def config_fault(fault: ConfigFault | None, *, colour: bool, now: float) -> str:
    """The lines above a table when the file on disk is broken and an older version is live; "" when it is not."""
    if fault is None:
        return ""
    head = style.paint("The file is broken; the last good version is live", "red", colour)
    return f"{head} (found {times.ago(fault.since, now)}):\n{problems.render(fault.problems, colour=colour)}\n"
