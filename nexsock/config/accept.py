"""The quick look: whether a document fits the schema, without saying what is wrong when it does not.

The schema library needs 90 ms to load and half a second for 1,000 services, which nearly always are right. So the
schema is turned into functions over nodes; only when these say no is the library asked what is wrong. They may say no
too often (then the library finds nothing), never yes to what the library refuses: tests compare the two.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from nexsock.config.node import Node

Accepts = Callable[[Node], bool]

_ANNOTATIONS = {"$schema", "$defs", "title", "description"}

_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def compiled(schema: Mapping[str, Any]) -> Accepts:
    """A function that says whether a node fits `schema`.

    Raises:
        NotImplementedError: the schema has a keyword that is not known here.
    """
    return _Compiler(schema).accepts(schema)


class _Compiler:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.references: dict[str, Accepts] = {}

    def accepts(self, schema: Mapping[str, Any]) -> Accepts:
        rules = list(self._rules(schema))
        if len(rules) == 1:
            return rules[0]
        return lambda node: all(rule(node) for rule in rules)

    def _rules(self, schema: Mapping[str, Any]) -> list[Accepts]:
        rules = [] if "type" not in schema else [_of_type(schema["type"])]
        if schema.keys() & {"properties", "patternProperties", "additionalProperties", "propertyNames", "required"}:
            rules.append(self._map(schema))
        for keyword, value in schema.items():
            match keyword:
                case "$ref":
                    rules.append(self._reference(value))
                case "anyOf":
                    rules.append(_any([self.accepts(branch) for branch in value]))
                case "items":
                    rules.append(_each_item(self.accepts(value)))
                case "enum" | "pattern" | "minimum" | "maximum" | "minLength" | "minItems":
                    rules.append(_LIMITS[keyword](value))
                case "type" | "properties" | "patternProperties" | "additionalProperties" | "propertyNames":
                    pass
                case _ if keyword not in _ANNOTATIONS and keyword != "required":
                    raise NotImplementedError(f"the schema keyword {keyword!r}")
        return rules

    def _reference(self, name: str) -> Accepts:
        if name not in self.references:
            definition = self.root["$defs"][name.removeprefix("#/$defs/")]
            self.references[name] = self.accepts(definition)
        return self.references[name]

    def _map(self, schema: Mapping[str, Any]) -> Accepts:
        known = {key: self.accepts(value) for key, value in schema.get("properties", {}).items()}
        free = [re.compile(pattern) for pattern in schema.get("patternProperties", {})]
        others = schema.get("additionalProperties", {})
        other: Accepts = (lambda _node: False) if others is False else self.accepts(others)
        name = re.compile(schema.get("propertyNames", {}).get("pattern", ""))
        required = tuple(schema.get("required", ()))

        def fits(node: Node) -> bool:
            if not isinstance(node.value, dict):
                return True
            children = {key: child for key, child in node.value.items() if child.tag != "!reset"}
            return all(key in children for key in required) and all(
                name.search(key) is not None
                and (any(pattern.search(key) for pattern in free) or known.get(key, other)(child))
                for key, child in children.items()
            )

        return fits


def _of_type(names: str | list[str]) -> Accepts:
    types = [_TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    if len(types) == 1:
        (only,) = types
        return lambda node: only(node.value)
    return lambda node: any(fits(node.value) for fits in types)


def _any(branches: list[Accepts]) -> Accepts:
    return lambda node: any(branch(node) for branch in branches)


def _each_item(accepts: Accepts) -> Accepts:
    return lambda node: not isinstance(node.value, list) or all(accepts(item) for item in node.value)


def _one_of(choices: list[object]) -> Accepts:
    return lambda node: isinstance(node.value, str) and node.value in choices


def _matches(pattern: str) -> Accepts:
    search = re.compile(pattern).search
    return lambda node: not isinstance(node.value, str) or search(node.value) is not None


def _at_least(limit: int) -> Accepts:
    return lambda node: not isinstance(node.value, (int, float)) or node.value >= limit


def _at_most(limit: int) -> Accepts:
    return lambda node: not isinstance(node.value, (int, float)) or node.value <= limit


def _not_shorter(limit: int) -> Accepts:
    return lambda node: not isinstance(node.value, (str, list)) or len(node.value) >= limit


_LIMITS: dict[str, Callable[[Any], Accepts]] = {
    "enum": _one_of,
    "pattern": _matches,
    "minimum": _at_least,
    "maximum": _at_most,
    "minLength": _not_shorter,
    "minItems": _not_shorter,
}
