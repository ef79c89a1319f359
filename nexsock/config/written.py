"""How a value is written in YAML so that it reads as a person would write it, and is read back as the same value."""

import json
import re
from collections.abc import Iterator

from nexsock.config.node import Node
from nexsock.model.origin import Origin

LINE_WIDTH = 100
"""A list of plain values that is longer gets a line for each."""

STEP = 2
"""Columns by which what is within is indented, where nothing else is said."""

NOWHERE = Origin("", 1, 1)
"""The place of a value that does not come from a file."""

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./ @%+=~-]*(?<! )")
"""Text that means itself in YAML 1.1 and 1.2, unless it is one of _WORDS."""

_WORDS = frozenset(
    {"true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan", ".", "..", "---", "..."}
)


def scalar(value: object) -> str:
    """A scalar, or an empty map or list, on one line."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def text(value: object) -> str:
    """A plain value as YAML; a scalar, or what is empty, on a line of its own."""
    node = _node(value)
    if isinstance(node.value, dict | list) and node.value:
        return "".join(f"{line}\n" for line in block(node, STEP))
    return scalar(node.value) + "\n"


def _node(value: object) -> Node:
    children: object = value
    if isinstance(value, dict):
        children = {key: _node(child) for key, child in value.items()}
    elif isinstance(value, list):
        children = [_node(child) for child in value]
    return Node(children, NOWHERE)  # type: ignore[arg-type]  # plain values become nodes by their own shape


def inline(node: Node) -> str:
    """A value on one line: a map or list in brackets, a scalar quoted as its writer did."""
    if isinstance(node.value, dict):
        members = ", ".join(f"{scalar(key)}: {inline(child)}" for key, child in node.value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(node.value, list):
        return f"[{', '.join(inline(child) for child in node.value)}]"
    if isinstance(node.value, str) and node.style == "'" and node.value.isprintable():
        return "'" + node.value.replace("'", "''") + "'"
    if isinstance(node.value, str):
        return json.dumps(node.value, ensure_ascii=False) if node.style == '"' else scalar(node.value)
    return "null" if node.value is None else node.text or scalar(node.value)


def fits(node: Node) -> bool:
    """Whether a value is written on the line of its key: everything but maps and long lists."""
    if isinstance(node.value, dict):
        return not node.value
    if isinstance(node.value, list):
        return not any(isinstance(child.value, dict) for child in node.value) and len(inline(node)) <= LINE_WIDTH
    return True


def entry(key: str, node: Node, step: int) -> list[str]:
    """The lines of `key: value`, what is within indented by `step` spaces; no line ends."""
    if fits(node):
        return [f"{scalar(key)}: {inline(node)}"]
    return [f"{scalar(key)}:", *(" " * step + line for line in block(node, step))]


def block(node: Node, step: int) -> Iterator[str]:
    """The lines of a map or list that is not empty."""
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from entry(key, child, step)
        return
    for child in node.items:
        first, *others = [inline(child)] if fits(child) else list(block(child, step))
        yield f"- {first}"
        yield from (f"  {line}" for line in others)
