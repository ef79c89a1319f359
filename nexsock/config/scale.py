"""Several instances of one service: `scale: 3` of web is web-1, web-2 and web-3, services like any other.

A service that says how often it runs is its instances alone, be it one: so none gives way to another of another name
when the number changes. Who depends on web depends on all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nexsock.config import forms, report
from nexsock.config.node import Node
from nexsock.model.problem import Problem

MOST = 500
"""instances of one service: more are a slip of the finger"""

Groups = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Expanded:
    """The document with instances in place of what has several, and which they are by the name in the file."""

    document: Node
    groups: Groups = field(default_factory=dict)

    @property
    def replicas(self) -> dict[str, tuple[str, int]]:
        """Of each instance the name in the file and its number, from 1."""
        return {
            instance: (name, number)
            for name, instances in self.groups.items()
            for number, instance in enumerate(instances, 1)
        }


def expand(document: Node, chosen: Mapping[str, int], problems: list[Problem]) -> Expanded:
    """Put instances in place of the services that have several.

    Args:
        chosen: numbers by service that commands asked for; they win over the file's.
    """
    services = document.mapping.get("services")
    if services is None or not isinstance(services.value, dict):
        return Expanded(document)
    counts = {name: count for name, node in services.value.items() if (count := _count(name, node, chosen)) is not None}
    if not counts:
        return Expanded(document)
    for name in [name for name, count in counts.items() if not _is_sound(services, name, count, problems)]:
        counts[name] = 1
    groups = {name: tuple(f"{name}-{number + 1}" for number in range(count)) for name, count in counts.items()}
    _check_names(services, groups, problems)
    return Expanded(replace(document, value={**document.mapping, "services": _instances(services, groups)}), groups)


def _count(name: str, service: Node, chosen: Mapping[str, int]) -> int | None:
    if name in chosen:
        return chosen[name]
    fields = service.value if isinstance(service.value, dict) else {}
    return int(str(fields["scale"].value)) if "scale" in fields else None


def _is_sound(services: Node, name: str, count: int, problems: list[Problem]) -> bool:
    """Whether there can be so many of a service; says why not."""
    fields = services.mapping[name].mapping
    place = fields["scale"].origin if "scale" in fields else services.keys.get(name, services.origin)
    if not 1 <= count <= MOST:
        report.error(problems, place, f"scale of '{name}' is {count}", f"use a number from 1 to {MOST}")
        return False
    if count > 1 and "external" in fields:
        report.error(problems, place, f"'{name}' is external: there is one of it", "remove 'scale'")
        return False
    fixed = _fixed_ports(fields) if count > 1 else {}
    for port, node in fixed.items():
        message = f"'{name}' runs {count} times and cannot have port {_number(node)} ({port}) each time"
        report.error(problems, node.origin, message, "write 'auto', or remove 'scale'")
    return not fixed


def _fixed_ports(fields: Mapping[str, Node]) -> dict[str, Node]:
    written = forms.ports(fields["ports"]).value if "ports" in fields else None
    if not isinstance(written, dict):
        return {}
    return {name: node for name, node in written.items() if _number(node) != "auto"}


def _number(port: Node) -> object:
    given = port.value["port"] if isinstance(port.value, dict) and "port" in port.value else port
    return given.value


def _check_names(services: Node, groups: Groups, problems: list[Problem]) -> None:
    for name, instances in groups.items():
        for instance in instances:
            if instance in services.mapping and instance not in groups:
                message = f"an instance of '{name}' has the name of the service '{instance}'"
                report.error(problems, services.keys.get(instance, services.origin), message, "rename one of them")


def _instances(services: Node, groups: Groups) -> Node:
    """The services, each instance where its own stands, and all that depend on them."""
    found: dict[str, Node] = {}
    keys = dict(services.keys)
    for name, node in services.mapping.items():
        service = _depending(node, groups)
        for instance in groups.get(name, (name,)):
            found[instance] = service
            if name in keys:
                keys[instance] = keys[name]
    return replace(services, value=found, keys=keys)


def _depending(service: Node, groups: Groups) -> Node:
    """A service that depends on the instances of what it named."""
    fields = service.value if isinstance(service.value, dict) else {}
    if "depends_on" not in fields:
        return service
    needs = forms.dependencies(fields["depends_on"])
    if not isinstance(needs.value, dict) or not groups.keys() & needs.value.keys():
        return service
    found: dict[str, Node] = {}
    keys = dict(needs.keys)
    for name, need in needs.value.items():
        for instance in groups.get(name, (name,)):
            found[instance] = need
            keys[instance] = needs.keys.get(name, need.origin)
    return replace(service, value={**fields, "depends_on": replace(needs, value=found, keys=keys)})
