"""Changes of plain documents (dicts and lists): what a change of the text must come to."""

from collections.abc import Callable
from typing import Any

from nexsock.config.spots import Path


def _number(items: list[Any], name: str) -> int:
    """As Spot.find for a list."""
    if name.isdecimal():
        return int(name)
    return next(number for number, item in enumerate(items) if str(item) == name or str(item).startswith(f"{name}="))


def changed(document: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """A plain document with the value at `path` changed; maps on the way that do not exist are made."""
    if not path:
        return change(document)
    name, *rest = path
    if isinstance(document, list):
        number = _number(document, name)
        item = changed(document[number], tuple(rest), change)
        return [*document[:number], item, *document[number + 1 :]]
    members = document if isinstance(document, dict) else {}
    return {**members, name: changed(members.get(name), tuple(rest), change)}


def assigned(document: Any, path: Path, value: Any) -> Any:
    return changed(document, path, lambda _old: value)


def without(document: Any, path: Path) -> Any:
    def taken_out(container: Any) -> Any:
        if isinstance(container, list):
            number = _number(container, path[-1])
            return [*container[:number], *container[number + 1 :]]
        return {key: value for key, value in container.items() if key != path[-1]}

    return changed(document, path[:-1], taken_out)
