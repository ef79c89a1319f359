"""Where each value of the finished document stands, by the path that the model gives it."""

from collections.abc import Callable

from nexsock.config import forms
from nexsock.config.node import Node

_LONG_FORMS: dict[str, Callable[[Node], Node]] = {
    "environment": forms.assignments,
    "labels": forms.assignments,
    "depends_on": forms.dependencies,
    "ports": forms.ports,
}


def of(document: Node) -> dict[str, str]:
    """Paths to places ("services.web.environment.PORT" to "nexsock.yaml:14:7"), for services, configs and environment.

    A map is where its key stands, any other value where it stands itself; a list also has its items, by index.
    """
    found: dict[str, str] = {}
    for section in ("services", "configs", "environment", "env_file"):
        if section in document.mapping:
            _add(section, document, section, found)
    return found


def _add(path: str, owner: Node, key: str, found: dict[str, str]) -> None:
    node = owner.mapping[key]
    if (long_form := _LONG_FORMS.get(key)) and isinstance(node.value, list):
        node = long_form(node)
    place = node.origin
    if isinstance(node.value, dict) or node.value is None:
        place = owner.keys.get(key, place)
    found[path] = f"{place.file}:{place.line}:{place.column}"
    if isinstance(node.value, dict):
        for name in node.value:
            _add(f"{path}.{name}", node, name, found)
    elif isinstance(node.value, list):
        for index, item in enumerate(node.value):
            _add_item(f"{path}.{index}", item, found)


def _add_item(path: str, item: Node, found: dict[str, str]) -> None:
    found[path] = str(item.origin)
    if isinstance(item.value, dict):
        for name in item.value:
            _add(f"{path}.{name}", item, name, found)
