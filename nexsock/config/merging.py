"""Lay one document over another, by the merge rules of the Compose Specification.

    maps      merge deep, entry by entry; a later false, 0 or "" counts, a later empty value (null) does not
    lists     append; what has a name of its own (configs, secrets, env files, profiles) replaces its namesake
    commands  replace: command, shell, stop_command, healthcheck.test
    short     forms of environment, labels, depends_on and ports become maps first, so that they merge by key
    tags      !reset removes what came before, !override replaces it
    kinds     a probe of another kind replaces the kind before it, as do a config's source and a git reference

Tags stay in the result until `settle`, so that the order in which several documents are merged makes no difference.
Places stay with their values.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nexsock.config import forms
from nexsock.config.node import Node

SERVICE = ("services", "*")
"""path of a service for `merge`"""

_LONG_FORMS: dict[str, Callable[[Node], Node]] = {
    "services.*.environment": forms.assignments,
    "services.*.labels": forms.assignments,
    "services.*.depends_on": forms.dependencies,
    "services.*.ports": forms.ports,
    "services.*.env_file": forms.sequence,
    "services.*.profiles": forms.sequence,
    "environment": forms.assignments,
    "env_file": forms.sequence,
}
_REPLACED = {
    "services.*.command",
    "services.*.shell",
    "services.*.stop_command",
    "services.*.extends",
    "services.*.healthcheck.test",
    "services.*.environment.*",
    "services.*.labels.*",
    "environment.*",
}
_NAMED_ITEMS: dict[str, Sequence[str]] = {
    "services.*.configs": ("target", "source"),
    "services.*.secrets": ("target", "source"),
    "services.*.env_file": ("path",),
    "services.*.profiles": (),
    "env_file": ("path",),
}
"""lists whose items are names, or maps that have their name at the first of these keys"""

_ALTERNATIVES: dict[str, set[str]] = {
    "services.*.healthcheck": {"test", "http", "tcp", "log", "notify"},
    "services.*.external": {"http", "tcp"},
    "services.*.git": {"ref", "branch", "tag", "commit"},
    "configs.*": {"values", "template", "file"},
}
"""keys of which a map has one; the later document's choice replaces the earlier one"""


def merge(base: Node, over: Node, path: Sequence[str] = ()) -> Node:
    """`base` with `over` on top of it; `path` says which part of a document they are, () being the whole."""
    if over.tag is not None:
        return over
    if base.tag == "!reset":
        return replace(over, tag="!override")
    merged = _merged(base, over, ".".join(path), tuple(path))
    return replace(merged, tag=base.tag) if base.tag else merged


def settle(node: Node) -> Node:
    """The document without its merge tags: what was reset is gone, what overrode stands as written."""
    settled = replace(node, tag=None) if node.tag else node
    match node.value:
        case dict() as mapping:
            kept = {key: settle(child) for key, child in mapping.items() if child.tag != "!reset"}
            if len(kept) == len(mapping) and all(child is mapping[key] for key, child in kept.items()):
                return settled
            keys = {key: origin for key, origin in node.keys.items() if key in kept}
            return replace(settled, value=kept, keys=keys)
        case list() as items:
            left = [settle(item) for item in items if item.tag != "!reset"]
            same = len(left) == len(items) and all(new is old for new, old in zip(left, items, strict=True))
            return settled if same else replace(settled, value=left)
    return settled


def _merged(base: Node, over: Node, field: str, path: tuple[str, ...]) -> Node:
    if field in _REPLACED:
        return over
    if over.value is None:
        return base
    if long_form := _LONG_FORMS.get(field):
        base, over = long_form(base), long_form(over)
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        return _merged_maps(base, over, field, path)
    if isinstance(base.value, list) and isinstance(over.value, list):
        return _merged_lists(base, over, field)
    return over


def _merged_maps(base: Node, over: Node, field: str, path: tuple[str, ...]) -> Node:
    alternatives = _ALTERNATIVES.get(field, set())
    chosen = alternatives & over.mapping.keys()
    dropped = alternatives - chosen if chosen else set()
    children = {key: child for key, child in base.mapping.items() if key not in dropped}
    keys = {key: origin for key, origin in base.keys.items() if key in children}
    for key, child in over.mapping.items():
        before = children.get(key)
        children[key] = child if before is None else merge(before, child, _below(path, key))
        if key in over.keys and not (before and _is_map(before) and _is_map(child)):
            keys[key] = over.keys[key]
    return replace(base, value=children, keys=keys)


def _is_map(node: Node) -> bool:
    return isinstance(node.value, dict) and node.tag is None


def _below(path: tuple[str, ...], key: str) -> tuple[str, ...]:
    """The path of a child; names that users choose are "*", and `defaults` is a service."""
    if path == () and key == "defaults":
        return SERVICE
    return (*path, "*" if ".".join(path) in _USERS_KEYS else key)


_USERS_KEYS = {"services", "configs", "secrets", "environment", "services.*.environment", "services.*.labels"}


def _merged_lists(base: Node, over: Node, field: str) -> Node:
    if field not in _NAMED_ITEMS:
        return replace(base, value=[*base.items, *over.items])
    items: dict[object, Node] = {}
    for item in (*base.items, *over.items):
        items[_item_name(item, _NAMED_ITEMS[field])] = item
    return replace(base, value=list(items.values()))


def _item_name(item: Node, name_keys: Sequence[str]) -> object:
    if not isinstance(item.value, dict):
        return str(item.value)
    for key in name_keys:
        if (name := item.value.get(key)) is not None:
            return str(name.value)
    return id(item)
