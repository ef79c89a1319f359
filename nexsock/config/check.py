"""Rules that concern several services at once: names that must exist, circles, ports, conditions, folders.

Every finding is added to the problems; the caller raises once, when it has them all.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping

from nexsock import graph
from nexsock.config import forms, report
from nexsock.config.fields import as_text
from nexsock.config.node import Node
from nexsock.model.git import GitSource
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem
from nexsock.model.service import Service


def check(
    document: Node,
    services: Mapping[str, Service],
    problems: list[Problem],
    *,
    damaged: Collection[str] = (),
    complete: bool = True,
    is_folder: Callable[[str], bool],
) -> None:
    """Add what is wrong between the services.

    Args:
        document: what the services were built from; has the places.
        damaged: dotted paths of what the schema took out; what is missing because of it is no mistake of its own.
        complete: whether every file could be read; else what is not declared may stand in one that could not.
        is_folder: whether there is a folder at an absolute path.
    """
    view = _View(document, damaged)
    if complete and "services" not in document.mapping and "services" not in view.lost:
        report.error(problems, document.origin, "the file declares no services", "add 'services:'")
    for name, service in services.items():
        if complete:
            _check_runs(view, name, problems)
            _check_names(view, service, services, problems)
        _check_conditions(view, service, services, problems)
        _check_folder(view, service, is_folder, problems)
    _check_checkouts(view, services, problems)
    _check_circles(view, services, problems)
    _check_ports(view, services, problems)


class _View:
    """Places in the document, and what of it was taken out."""

    def __init__(self, document: Node, damaged: Collection[str]) -> None:
        self.document = document
        self.lost = frozenset(damaged)
        self._damaged = _services_with_losses(self.lost)
        self.services = document.mapping["services"] if "services" in document.mapping else Node({}, document.origin)

    def service(self, name: str) -> Node:
        return self.services.mapping[name]

    def section(self, name: str) -> dict[str, Node]:
        """What the top level declares under this name."""
        return self.document.mapping[name].mapping if name in self.document.mapping else {}

    def key(self, service: str, field: str) -> Origin:
        """Where a field's name stands."""
        node = self.service(service)
        return node.keys.get(field, node.mapping[field].origin)

    def place(self, service: str) -> Origin:
        return self.services.keys.get(service, self.service(service).origin)

    def has(self, service: str, field: str) -> bool:
        """Whether a field is written, even if it was wrong."""
        return field in self.service(service).mapping or f"services.{service}.{field}" in self.lost

    def is_damaged(self, service: str) -> bool:
        return service in self._damaged

    def lost_names(self, section: str) -> set[str]:
        return {path.split(".", 1)[1] for path in self.lost if path.startswith(section + ".") and path.count(".") == 1}

    def need(self, service: str, name: str) -> Origin:
        """Where a service says that it needs `name`."""
        return _key_in(forms.dependencies(self.service(service).mapping["depends_on"]), name)


def _services_with_losses(lost: Iterable[str]) -> frozenset[str]:
    """The services of "services.NAME.FIELD"; a name may have dots, so that every beginning counts."""
    parts = (path.split(".")[1:-1] for path in lost if path.startswith("services."))
    return frozenset(".".join(part[:end]) for part in parts for end in range(1, len(part) + 1))


def _key_in(node: Node, name: str) -> Origin:
    return node.keys.get(name, node.mapping[name].origin)


def _check_runs(view: _View, name: str, problems: list[Problem]) -> None:
    if any(view.has(name, field) for field in ("command", "image", "build", "external")) or view.is_damaged(name):
        return
    report.error(problems, view.place(name), f"service '{name}' has nothing to run", "add 'command:'")


def _check_names(view: _View, service: Service, services: Mapping[str, Service], problems: list[Problem]) -> None:
    """What a service names is declared; a dependency that is not required may be missing."""
    for name, dependency in service.depends_on.items():
        if dependency.required and name not in services and name not in view.lost_names("services"):
            message = f"service '{service.name}' needs '{name}', which is not declared"
            report.error(problems, view.need(service.name, name), message, _meant(name, services))
    for section, verb in (("configs", "reads the config"), ("secrets", "gets the secret")):
        declared = view.section(section)
        node = view.service(service.name).mapping.get(section)
        for item in forms.sequence(node).items if node is not None else ():
            named = item.mapping["source"] if isinstance(item.value, dict) else item
            name = as_text(named)
            if name not in declared and name not in view.lost_names(section):
                message = f"service '{service.name}' {verb} '{name}', which is not declared"
                report.error(problems, named.origin, message, _meant(name, declared))


def _check_conditions(view: _View, service: Service, services: Mapping[str, Service], problems: list[Problem]) -> None:
    for name, dependency in service.depends_on.items():
        place = view.need(service.name, name)
        if name == service.name:
            report.error(problems, place, f"service '{name}' depends on itself", "remove this")
        elif name in services:
            _check_condition(view, service.name, dependency.condition, services[name], place, problems)
            if dependency.tunnel:
                _check_tunnel(view, service, services[name], problems)


def _check_condition(
    view: _View, service: str, condition: str, on: Service, place: Origin, problems: list[Problem]
) -> None:
    if condition == "healthy" and on.healthcheck is None and not view.has(on.name, "healthcheck"):
        message = f"service '{service}' waits for '{on.name}' to be healthy, but '{on.name}' has no healthcheck"
        report.error(problems, place, message, f"add a healthcheck to '{on.name}', or wait for 'started'")
    has_log = on.healthcheck is not None and on.healthcheck.kind == "log"
    if condition == "log_ready" and not has_log and f"services.{on.name}.healthcheck" not in view.lost:
        message = f"service '{service}' waits for a line in the log of '{on.name}', which has no log healthcheck"
        report.error(problems, place, message, f"add 'healthcheck: {{log: PATTERN}}' to '{on.name}'")


def _check_tunnel(view: _View, service: Service, on: Service, problems: list[Problem]) -> None:
    """There is a port to which the tunnel leads; ports that were taken out are no mistake of the tunnel."""
    if on.launch.ports or view.has(on.name, "ports") or on.external or view.is_damaged(on.name):
        return
    tunnel = forms.dependencies(view.service(service.name).mapping["depends_on"]).mapping[on.name].mapping["tunnel"]
    if isinstance(tunnel.value, dict):
        return
    message = f"service '{service.name}' has a tunnel to '{on.name}', which has no ports"
    report.error(problems, tunnel.origin, message, f"give '{on.name}' ports, or write {{to: host:port}}")


def _check_folder(view: _View, service: Service, is_folder: Callable[[str], bool], problems: list[Problem]) -> None:
    node = view.service(service.name).mapping.get("working_dir")
    if node is None or not service.active or service.engine != "process" or is_folder(service.launch.working_dir):
        return
    if service.git is not None and not is_folder(service.git.path):  # it comes with the clone
        return
    message = f"the working_dir of service '{service.name}' is not a folder: {service.launch.working_dir}"
    report.error(problems, node.origin, message, "create it, or correct the path")


def _check_checkouts(view: _View, services: Mapping[str, Service], problems: list[Problem]) -> None:
    """Services that share a checkout want the same of it."""
    first: dict[str, tuple[str, GitSource]] = {}
    for service in services.values():
        if service.git is None:
            continue
        name, source = first.setdefault(service.git.path, (service.name, service.git))
        if source != service.git:
            message = f"services '{name}' and '{service.name}' want different things of the checkout {source.path}"
            report.error(problems, view.key(service.name, "git"), message, "give one of them another 'path'")


def _check_circles(view: _View, services: Mapping[str, Service], problems: list[Problem]) -> None:
    needs = {
        name: [on for on in service.depends_on if on in services and on != name] for name, service in services.items()
    }
    for cycle in graph.cycles(needs):
        steps = [(name, view.need(name, on)) for name, on in zip(cycle, (*cycle[1:], cycle[0]), strict=True)]
        shown = " → ".join(f"{name} ({place.file}:{place.line})" for name, place in steps)
        message = f"services depend on each other in a circle: {shown} → {cycle[0]}"
        report.error(problems, steps[0][1], message, "take out one of these dependencies")


def _check_ports(view: _View, services: Mapping[str, Service], problems: list[Problem]) -> None:
    """Two active services cannot listen on one port; what is in different profiles may."""
    holders: dict[int, tuple[str, str]] = {}
    for service in services.values():
        for name, port in service.launch.ports.items():
            holder = holders.setdefault(port.number, (service.name, name))
            if holder == (service.name, name) or not service.active or not services[holder[0]].active:
                continue
            node = forms.ports(view.service(service.name).mapping["ports"]).mapping[name]
            whose = "" if holder[0] == service.name else f" of '{holder[0]}'"
            message = f"service '{service.name}' has port {port.number}, but that is port '{holder[1]}'{whose}"
            report.error(problems, node.origin, message, "give one of them another number")


def _meant(name: str, known: Iterable[str]) -> str | None:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    names = sorted(known)
    return f"declared are {', '.join(names)}" if 0 < len(names) <= 8 else None
