"""Tunnels as the file writes them: the local addresses that dependents are given, and where each leads.

depends_on: {db: {tunnel: true}}                                   to the ports of the service db
depends_on: {stock: {tunnel: {to: stock.example:5432}}}            to an address; stock need not be a service
depends_on: {stock: {tunnel: {to: 127.0.0.1:5432, ssh: ada@box}}}  to an address as that host sees it
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from nexsock.config import forms, health
from nexsock.config.fields import Fields
from nexsock.config.node import Node
from nexsock.config.references import ServiceFacts, external_facts
from nexsock.model.names import variable_name
from nexsock.model.service import Tunnel
from nexsock.model.tunnel import LOCAL

MAIN = "default"
"""The name of the port of an address."""

_SSH_HOST = re.compile(r"(?:[^-@\s][^@\s]*@)?[^-@\s][^@\s]*")
"""Nothing that ssh could take for an option; ssh itself says whether the host exists."""

Planned = Mapping[str, Mapping[str, ServiceFacts]]
"""What a dependent sees in place of what it depends on: by its name, then by that of the dependency."""


def planned(
    document: Node,
    services: Mapping[str, ServiceFacts],
    groups: Mapping[str, tuple[str, ...]],
    choose: Callable[[str, str], int | None],
) -> dict[str, dict[str, ServiceFacts]]:
    """The local addresses of all dependents that have tunnels.

    Args:
        services: where the services of the document listen.
        groups: the instances of services that have several; the first stands for the service.
        choose: gives the local number of a tunnel, by "DEPENDENT->DEPENDENCY" and the name of the port.
    """
    written = document.mapping.get("services")
    known = written.value if written is not None and isinstance(written.value, dict) else {}
    found = {name: _of_service(name, service, services, choose) for name, service in known.items()}
    for local in found.values():
        local.update({group: local[instances[0]] for group, instances in groups.items() if instances[0] in local})
    return {name: local for name, local in found.items() if local}


def _of_service(
    name: str, service: Node, services: Mapping[str, ServiceFacts], choose: Callable[[str, str], int | None]
) -> dict[str, ServiceFacts]:
    needs = service.value.get("depends_on") if isinstance(service.value, dict) else None
    needed = forms.dependencies(needs).value if needs is not None else None
    local = {}
    for on, need in needed.items() if isinstance(needed, dict) else ():
        tunnel = need.value.get("tunnel") if isinstance(need.value, dict) else None
        if tunnel is None or tunnel.value in (False, "false", None):
            continue
        goal = services.get(on, ServiceFacts()) if not isinstance(tunnel.value, dict) else _ADDRESS
        numbers = {port: choose(f"{name}->{on}", port) for port in goal.ports}
        local[on] = _moved(goal, {port: number for port, number in numbers.items() if number is not None})
    return local


_ADDRESS = ServiceFacts(ports={MAIN: 0}, url="tcp://")


def _moved(facts: ServiceFacts, ports: Mapping[str, int]) -> ServiceFacts:
    """The facts as they are seen through tunnels with these local numbers."""
    if facts.url is None or not ports:
        return replace(facts, host=LOCAL, ports=ports)
    scheme, _, rest = facts.url.partition("://")
    _, slash, path = rest.partition("/")
    return ServiceFacts(LOCAL, ports, f"{scheme}://{LOCAL}:{next(iter(ports.values()))}{slash}{path}")


def build(fields: Fields, local: Mapping[str, ServiceFacts], services: Mapping[str, Node]) -> dict[str, Tunnel]:
    """The tunnels of one service, with what is wrong with them among the problems.

    Args:
        fields: of the service.
        local: what `planned` says of it.
        services: the services of the document.
    """
    if "depends_on" not in fields:
        return {}
    needs = fields.below(forms.dependencies(fields["depends_on"]))
    built = {}
    for on in needs.node.mapping:
        need = needs.map(on)
        if need.node.value is None or "tunnel" not in need:
            continue
        if is_address(need):
            to, ssh = _leads(need.map("tunnel"))
            _refuse_conditions(need, on, services)
        elif need.flag("tunnel"):
            to, ssh = _external_address(services.get(on)), ""
        else:
            continue
        if on in local and not local[on].ports and (is_address(need) or _has_ports(services.get(on))):
            need.error("tunnel", "no number is left for a tunnel", "give some ports that are auto a number")
        for number, (port, listen) in enumerate(local.get(on, ServiceFacts()).ports.items()):
            key = f"{on}/{port}" if number else on
            built[key] = Tunnel(on=on, port=port, listen=listen, to=to, ssh=ssh)
    return built


def _has_ports(service: Node | None) -> bool:
    return service is not None and "ports" in service.mapping


def is_address(need: Fields) -> bool:
    """Whether an entry of depends_on has a tunnel to an address that is written there."""
    return isinstance(need.node.value, dict) and "tunnel" in need and isinstance(need["tunnel"].value, dict)


def _leads(given: Fields) -> tuple[str, str]:
    """Address and ssh host of a tunnel that is a map."""
    to, ssh = given.text("to"), given.text("ssh")
    if health.split_address(to) is None:
        given.error("to", f"{to!r} is not host:port", "write it like db.example:5432")
    if "ssh" in given and _SSH_HOST.fullmatch(ssh) is None:
        given.error(
            "ssh", f"{ssh!r} is not a host for ssh", "write it like ada@box.example, or a Host of ~/.ssh/config"
        )
    return to, ssh


def _refuse_conditions(need: Fields, on: str, services: Mapping[str, Node]) -> None:
    """An address is neither started nor waited for."""
    for name in ("condition", "restart"):
        if name in need and on not in services:
            message = f"'{on}' is an address and no service, so there is no {name}"
            need.key_error(name, message, f"remove it, or declare '{on}' as a service")


def _external_address(service: Node | None) -> str:
    """Where an external service is; "" for one that nexsock starts, whose ports may move."""
    external = service.mapping.get("external") if service is not None else None
    if external is None or not isinstance(external.value, dict):
        return ""
    facts = external_facts(external)
    address = f"[{facts.host}]" if ":" in facts.host else facts.host
    return f"{address}:{next(iter(facts.ports.values()))}" if facts.ports else ""


def variables(local: Mapping[str, ServiceFacts]) -> dict[str, str]:
    """What a service finds its tunnels by: DB_HOST, DB_PORT, DB_ADDR, and DB_PORT_ADMIN for a port with a name."""
    found: dict[str, str] = {}
    for on, facts in local.items():
        name = variable_name(on)
        for port, listen in facts.ports.items():
            found.setdefault(f"{name}_HOST", LOCAL)
            found.setdefault(f"{name}_PORT", str(listen))
            found.setdefault(f"{name}_ADDR", f"{LOCAL}:{listen}")
            if port != MAIN:
                found[f"{name}_PORT_{variable_name(port)}"] = str(listen)
    return found
