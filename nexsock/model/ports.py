"""The variables in which a service finds its ports. Pure."""

from collections.abc import Mapping

from nexsock.model.names import variable_name
from nexsock.model.service import Port


def variables(ports: Mapping[str, Port]) -> dict[str, str]:
    """`PORT` for the first, `PORT_NAME` for each, and the names that they ask for."""
    found: dict[str, str] = {}
    for name, port in ports.items():
        found.setdefault("PORT", str(port.number))
        found[f"PORT_{variable_name(name)}"] = str(port.number)
        if port.env:
            found[port.env] = str(port.number)
    return found
