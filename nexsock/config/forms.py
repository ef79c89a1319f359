"""The short forms of service fields, turned into the one long form that merging and building read.

    environment, labels   ["A=1=2", "B"]        {A: "1=2", B: null}
    depends_on            [db]                  {db: {}}
    ports                 [3000, 9000]          {default: 3000, "9000": 9000}
    env_file              common.env            [common.env]

A value that is in no known form comes back as it is: the schema says what is wrong with it.
"""

from collections.abc import Callable
from dataclasses import replace

from nexsock.config import interpolate
from nexsock.config.node import Node
from nexsock.model.origin import Origin


def assignments(node: Node) -> Node:
    """A map of names to values from a list of "NAME=value" and "NAME"; a later one wins."""

    def split(item: Node) -> tuple[str, Node] | None:
        if not isinstance(item.value, str):
            return None
        name, separator, _ = item.value.partition("=")
        if not separator:
            return name, replace(item, value=None, text=None)
        value = interpolate.cut(item.value, len(name) + 1)
        place = item.origin if item.style in ("|", ">") else _shifted(item.origin, len(name) + 1 + bool(item.style))
        return name, replace(item, value=value, text=str(value), origin=place)

    return _mapping(node, split)


def dependencies(node: Node) -> Node:
    """A map of service names to empty maps from a list of service names."""
    return _mapping(node, lambda item: (item.value, replace(item, value={})) if isinstance(item.value, str) else None)


def ports(node: Node) -> Node:
    """A map of port names to numbers from a list of numbers: the first is `default`, the others their number."""
    seen: list[Node] = []

    def named(item: Node) -> tuple[str, Node] | None:
        if isinstance(item.value, (list, dict)) or item.value is None:
            return None
        seen.append(item)
        return ("default" if len(seen) == 1 else str(item.value)), item

    long = _mapping(node, named)
    return long if len(long.keys) in (0, len(seen)) else node


def sequence(node: Node) -> Node:
    """A list of one from a single value."""
    if isinstance(node.value, list) or node.value is None:
        return node
    return Node([replace(node, tag=None)], node.origin, tag=node.tag)


def _mapping(node: Node, entry: Callable[[Node], tuple[str, Node] | None]) -> Node:
    if not isinstance(node.value, list):
        return node
    entries = [entry(item) for item in node.value]
    if not all(entries):
        return node
    values, keys = {}, {}
    for item, found in zip(node.value, entries, strict=True):
        assert found is not None
        values[found[0]], keys[found[0]] = found[1], item.origin
    return replace(node, value=values, keys=keys)


def _shifted(origin: Origin, columns: int) -> Origin:
    return Origin(origin.file, origin.line, origin.column + columns)
