"""Replace references with a dot by what they stand for.

    ${db.host} ${db.port} ${db.ports.admin} ${db.url}      of the service db; a service my-db is named my_db
                                                           (in a dependent with a tunnel: of the tunnel)
    ${project.name} ${project.dir}                         of this project
    ${git.branch} ${git.sha}                               of the checkout that the project lies in

Whatever is not known is a problem with the place of the reference. `interpolate` found the references and marked
them, so a text that only looks like one (from `$${db.port}` or out of a variable) stays as it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from nexsock.config import forms, interpolate, report, walk
from nexsock.config.node import Node
from nexsock.model import names
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem

LOCALHOST = "127.0.0.1"

_OF_SERVICES = "host, port, ports.NAME and url"


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """Where a service listens. `ports` are numbers by name, the main one first; `url` is the whole address."""

    host: str = LOCALHOST
    ports: Mapping[str, int] = field(default_factory=dict)
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What references can name. `branch` and `sha` are asked only when needed; they give None outside a checkout."""

    name: str
    directory: str
    services: Mapping[str, ServiceFacts]
    groups: Mapping[str, str] = field(default_factory=dict)
    """of each instance of a service that runs several times, the name in the file: for itself it is the service"""
    branch: Callable[[], str | None] = lambda: None
    sha: Callable[[], str | None] = lambda: None
    tunnels: Mapping[str, Mapping[str, ServiceFacts]] = field(default_factory=dict)
    """What a dependent with tunnels sees in place of what it depends on: by its name, then by that of the other."""

    def within(self, path: walk.Path) -> Facts:
        """The facts for a field of a service with tunnels: local addresses, but where it says what it depends on."""
        local = self.tunnels.get(str(path[1])) if path[:1] == ("services",) and path[2:3] != ("depends_on",) else None
        return replace(self, services={**self.services, **local}) if local else self


class _Unknown(Exception):
    """A reference names something that is not there; carries the message and the suggestion."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


def resolve(document: Node, facts: Facts, problems: list[Problem]) -> Node:
    """The document, or any part of one, with values in place of its references."""

    def look(scalar: Node, path: walk.Path) -> Node:
        if not isinstance(scalar.value, interpolate.Pending):
            return scalar
        return _scalar(scalar, _seen_from(path, facts), problems, path)

    return walk.scalars(document, look)


def _seen_from(path: walk.Path, facts: Facts) -> Facts:
    """The facts as they are for the service that a path is of."""
    name = facts.groups.get(path[1]) if path[0] == "services" else None
    return facts if name is None else replace(facts, services={**facts.services, name: facts.services[path[1]]})


def resolve_text(text: str, facts: Facts, problems: list[Problem]) -> str:
    """One text that `interpolate.expand` gave, with values in place of its references."""
    if not isinstance(text, interpolate.Pending):
        return text
    pieces, end = [], 0
    for start, stop, origin in text.spans:
        pieces += [text[end:start], _value(text[start + 2 : stop - 1], origin, facts, problems)]
        end = stop
    return "".join((*pieces, text[end:]))


def services_in(document: Node, choose: Callable[[str, str], int | None] | None = None) -> dict[str, ServiceFacts]:
    """Where the services of a document listen, as far as it is written there.

    Args:
        choose: gives the number of a port that is `auto`, by service and port name; without it, such a port is not
            known.
    """
    services = document.mapping.get("services")
    known = services.value if services and isinstance(services.value, dict) else {}
    return {name: _service_facts(name, service, choose) for name, service in known.items()}


def _service_facts(name: str, service: Node, choose: Callable[[str, str], int | None] | None) -> ServiceFacts:
    fields = service.value if isinstance(service.value, dict) else {}
    if "external" in fields:
        return external_facts(fields["external"])
    if "ports" not in fields:
        return ServiceFacts()
    written = forms.ports(fields["ports"]).value
    ports: dict[str, int] = {}
    scheme = ""
    for port, node in written.items() if isinstance(written, dict) else ():
        number, protocol = _port(node)
        if number == "auto" and choose:
            number = choose(name, port)
        if isinstance(number, int):
            scheme = scheme or protocol
            ports[port] = number
    url = f"{scheme}://{LOCALHOST}:{next(iter(ports.values()))}" if ports else None
    return ServiceFacts(LOCALHOST, ports, url)


def _port(node: Node) -> tuple[object, str]:
    """Number (or "auto") and scheme of an entry of `ports`."""
    if not isinstance(node.value, dict):
        return node.value, "tcp"
    protocol = node.value.get("protocol")
    number = node.value.get("port")
    return (number.value if number else None), (str(protocol.value) if protocol else "tcp")


def external_facts(external: Node) -> ServiceFacts:
    """Where an external service listens, as far as that is written."""
    fields = {key: str(child.value) for key, child in external.mapping.items()} if _is_map(external) else {}
    scheme, _, rest = fields["http"].partition("://") if "http" in fields else ("tcp", "", fields.get("tcp", ""))
    address = rest.partition("/")[0]
    host, separator, number = address.rpartition(":")
    if not separator:
        host, number = address, {"http": "80", "https": "443"}.get(scheme, "")
    ports = {"default": int(number)} if number.isdecimal() else {}
    return ServiceFacts(host.strip("[]"), ports, fields.get("http") or (f"tcp://{address}" if address else None))


def _is_map(node: Node) -> bool:
    return isinstance(node.value, dict)


def _scalar(node: Node, facts: Facts, problems: list[Problem], path: walk.Path) -> Node:
    text = node.value
    if not isinstance(text, interpolate.Pending):
        return node
    resolved = resolve_text(text, facts.within(path), problems)
    value = interpolate.typed(resolved) if interpolate.wants_number_or_flag(path) else resolved
    named = ", ".join(text[start + 2 : end - 1] for start, end, _ in text.spans)
    return replace(node, value=value, text=resolved, via=f"reference {named}")


def _value(reference: str, origin: Origin, facts: Facts, problems: list[Problem]) -> str:
    """What a reference stands for; nothing, and a problem, when that is not known."""
    subject, _, attribute = reference.partition(".")
    try:
        match subject:
            case "project":
                return _project(attribute, facts)
            case "git":
                return _git(attribute, facts)
        return _service(subject, attribute, facts)
    except _Unknown as unknown:
        report.error(problems, origin, f"${{{reference}}}: {unknown.message}", unknown.suggestion)
        return ""


def _project(attribute: str, facts: Facts) -> str:
    values = {"name": facts.name, "dir": facts.directory}
    if attribute not in values:
        raise _Unknown(f"a project has no '{attribute}'", "projects have name and dir")
    return values[attribute]


def _git(attribute: str, facts: Facts) -> str:
    questions = {"branch": facts.branch, "sha": facts.sha}
    if attribute not in questions:
        raise _Unknown(f"git has no '{attribute}'", "git has branch and sha")
    answer = questions[attribute]()
    if answer is None:
        raise _Unknown(f"{facts.directory} has no git {attribute}", "commit it to a git repository, or take this out")
    return answer


def _service(subject: str, attribute: str, facts: Facts) -> str:
    name = _service_name(subject, facts.services)
    service = facts.services[name]
    if attribute == "host":
        return service.host
    if attribute == "url" and service.url is not None:
        return service.url
    if attribute in ("port", "url") and not service.ports:
        raise _Unknown(f"the port of service '{name}' is not known", f"give '{name}' a number under 'ports'")
    if attribute == "port":
        return str(next(iter(service.ports.values())))
    if attribute.startswith("ports."):
        port = attribute.removeprefix("ports.")
        if port in service.ports:
            return str(service.ports[port])
        raise _Unknown(f"service '{name}' has no port '{port}'", _did_you_mean(port, service.ports))
    raise _Unknown(f"a service has no '{attribute}'", f"services have {_OF_SERVICES}")


def _service_name(subject: str, services: Iterable[str]) -> str:
    """The service of that name, or the one whose hyphens and dots the grammar makes us write as "_"."""
    known = list(services)
    if subject in known:
        return subject
    for name in known:
        if names.variable_name(name) == subject.upper():
            return name
    raise _Unknown(f"there is no service '{subject}'", _did_you_mean(subject, [*known, "project", "git"]))


def _did_you_mean(word: str, known: Iterable[str]) -> str | None:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else None
