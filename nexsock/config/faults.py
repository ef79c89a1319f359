"""What the JSON Schema library's errors mean, in the words of a person who writes the file.

The library says which keyword failed; here that becomes a place, a sentence and a suggestion. The titles in the
schema are the words for "must be …".
"""

import difflib
import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

from nexsock.config.node import Node
from nexsock.model.origin import Origin

Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """One mistake: the path of the wrong value or key, where it stands, what is wrong, what to do."""

    path: Path
    origin: Origin
    message: str
    suggestion: str | None


_SHAPES = {"type", "enum", "pattern", "minimum", "maximum"}
"""keywords that speak about a value as a whole: the title of the schema around them says it better"""

_TYPE_WORDS = {
    "string": "text",
    "object": "a map",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def of(error: Any, document: Node, base: Path = ()) -> Iterator[Fault]:
    """The mistakes behind one error of the library; `base` is the path that the error's own path begins at."""
    at = (*base, *error.path)
    if error.validator == "additionalProperties":
        yield from _unknown_keys(error, at, document)
    elif _is_about_a_name(error):
        yield _bad_name(error, at, document)
    elif error.validator == "anyOf" and (branch := _meant_branch(error)):
        for inner in branch:
            yield from of(inner, document, at)
    else:
        yield _wrong_value(error, at, document)


def dotted(at: Path) -> str:
    """A path for people: "services.web.watch[0].path"."""
    shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
    return shown.removeprefix(".") or "the file"


def describe(node: Node) -> str:
    """A value as the end of "must be …, not …"."""
    match node.value:
        case dict():
            return "a map"
        case list():
            return "a list"
        case None:
            return "nothing"
        case str() as value:
            return repr(str(value) if len(value) <= 40 else value[:37] + "...")
    return node.text or str(node.value)


def _meant_branch(error: Any) -> list[Any] | None:
    """The errors of the branch whose type fits the value; None when no branch's does."""
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    for branch in branches.values():
        if not any(_speaks_of_the_whole(inner) for inner in branch):
            return branch
    return None


def _is_about_a_name(error: Any) -> bool:
    return "propertyNames" in list(error.relative_schema_path)[-2:]


def _speaks_of_the_whole(error: Any) -> bool:
    if error.path or _is_about_a_name(error):
        return False
    return error.validator in _SHAPES or (error.validator == "anyOf" and _meant_branch(error) is None)


def _unknown_keys(error: Any, at: Path, document: Node) -> Iterator[Fault]:
    owner = _find(document, at)
    known = tuple(error.schema.get("properties", ()))
    free = "patternProperties" in error.schema
    for key in owner.mapping:
        if key in error.instance and key not in known and not (free and key.startswith("x-")):
            where = f" in {dotted(at)}" if at else ""
            yield Fault((*at, key), owner.keys[key], f"unknown key '{key}'{where}", _advice(key, known, free))


@functools.cache
def _advice(key: str, known: tuple[str, ...], free: bool) -> str | None:
    """What the key was meant to be, or the keys there are. Kept: one mistake stands often in many places."""
    names = sorted(known)
    if near := difflib.get_close_matches(key, names, n=1, cutoff=0.6):
        return f"did you mean '{near[0]}'?"
    if len(names) <= 12:
        return f"known keys are {', '.join(names)}"
    return "keys of your own begin with x-" if free else None


def _bad_name(error: Any, at: Path, document: Node) -> Fault:
    name = str(error.instance)
    message = f"{name!r} cannot be {error.schema['title']}"
    return Fault((*at, name), _find(document, at).keys[name], message, error.schema["description"])


def _wrong_value(error: Any, at: Path, document: Node) -> Fault:
    place = _place(document, at)
    match error.validator:
        case "required":
            missing = next(key for key in error.validator_value if key not in error.instance)
            return Fault(at, place, f"{dotted(at)} has no '{missing}'", f"add '{missing}:'")
        case "minItems" | "minLength":
            return Fault(at, place, f"{dotted(at)} is empty", "write at least one entry, or remove it")
    found = _find(document, at)
    choices = [str(choice) for choice in error.validator_value] if error.validator == "enum" else []
    near = difflib.get_close_matches(str(found.value), choices, n=1)
    advice = f"did you mean '{near[0]}'?" if near else None
    return Fault(at, place, f"{dotted(at)} must be {_wanted(error, choices)}, not {describe(found)}", advice)


def _wanted(error: Any, choices: list[str]) -> str:
    if title := error.schema.get("title"):
        return str(title)
    if choices:
        return f"one of {', '.join(choices)}"
    types = error.schema.get("type", ())
    return " or ".join(_TYPE_WORDS[name] for name in ([types] if isinstance(types, str) else types))


def _find(document: Node, at: Path) -> Node:
    found = document
    for part in at:
        found = found.items[part] if isinstance(part, int) else found.mapping[part]
    return found


def _place(document: Node, at: Path) -> Origin:
    """Where a value stands; for a map, a list or nothing: where its key does."""
    found = _find(document, at)
    if at and isinstance(at[-1], str) and (isinstance(found.value, (dict, list)) or found.value is None):
        return _find(document, at[:-1]).keys[at[-1]]
    return found.origin
