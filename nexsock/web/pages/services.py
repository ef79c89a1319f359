"""The services of a project, and one of them with everything that a person looks for first."""

from typing import Any

from nexsock import units
from nexsock.model.status import ServiceStatus, Usage
from nexsock.web.api import gather
from nexsock.web.frame import Frame, Page
from nexsock.web.pages import lines, log_lines, phases

SHOWN_RUNS = 5


def show_list(frame: Frame, found: gather.Services) -> dict[str, Any]:
    """`rows` in the file's order, `counts` of what there is, and `project`."""
    drawn = lines.by_service(found.usage)
    status = found.status
    return {
        "project": status.project,
        "rows": _rows(status.services, drawn),
        "counts": phases.counts(status.services),
        "measured": bool(found.usage),
        "idle": not any(one.phase != "stopped" for one in status.services),
    }


def _rows(services: tuple[ServiceStatus, ...], drawn: dict[str, lines.Pair]) -> list[dict[str, Any]]:
    """`first`: the first one of its look, to which its count leads."""
    rows = [row(one, drawn) for one in services]
    looks = [one["kind"] for one in rows]
    return [{**one, "first": looks.index(one["kind"]) == place} for place, one in enumerate(rows)]


def row(service: ServiceStatus, drawn: dict[str, lines.Pair]) -> dict[str, Any]:
    """One service as the table has it: `word` is what its look means, `startable` what its buttons are."""
    return {
        "name": service.name,
        "phase": service.phase,
        "kind": phases.kind(service.phase),
        "word": phases.WORDS[phases.kind(service.phase)],
        "health": phases.health(service),
        "reason": phases.reason(service),
        "up_s": service.uptime_s,
        "ports": ports(service),
        "restarts": service.restarts,
        "lines": drawn.get(service.name),
        "startable": service.phase in phases.STARTABLE,
        "active": service.active,
    }


def ports(service: ServiceStatus) -> list[dict[str, str]]:
    """Where a browser reaches each port of a service."""
    return [
        {"name": name, "number": str(number), "href": f"http://localhost:{number}/"}
        for name, number in service.ports.items()
    ]


def show_one(frame: Frame, found: gather.Service) -> dict[str, Any]:
    """`head` (see `head`), and what stands around the service."""
    detail = found.detail
    return {
        **head(found),
        "why": found.why if found.why and detail.service.phase not in phases.GOOD else None,
        "lines": [log_lines.shown(line) for line in found.lines],
        "usage": lines.by_service(found.usage).get(detail.service.name),
        "figures": _figures(found.usage, detail.service.name),
        "origins": {need.on: need for need in found.needs},
        "others": [
            one.name
            for one in found.status.services
            if one.name != detail.service.name and one.name not in {need.name for need in detail.depends_on}
        ],
        "runs": detail.history[:SHOWN_RUNS],
    }


def head(found: gather.Around) -> dict[str, Any]:
    """What every page of a service begins with: `project`, `detail`, `service` and its `row`."""
    detail = found.detail
    return {
        "project": found.status.project,
        "detail": detail,
        "service": detail.service,
        "row": row(detail.service, {}),
    }


def _figures(looks: tuple[Usage, ...], name: str) -> list[tuple[str, str]]:
    for one in looks[-1].services if looks else ():
        if one.name == name and one.processes:
            return [
                ("processes", str(one.processes)),
                ("threads", str(one.threads)),
                ("open files", str(one.descriptors)),
                ("memory", units.format_size(one.memory_bytes)),
                ("listens on", ", ".join(map(str, one.listening)) or "nothing"),
            ]
    return []


LIST = Page(
    template="services.html", show=show_list, ask=gather.service_list, fragments={"live": "fragments/services.html"}
)
ONE = Page(
    template="service.html",
    show=show_one,
    ask=gather.service,
    fragments={"live": "fragments/service.html", "head": "fragments/head.html"},
)
