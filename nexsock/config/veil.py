"""The document and its problems as they may be shown: without the values that their names call secret.

Hidden are values below `environment`, `labels`, `headers` and `values` whose names say so, what a variable with such
a name has put in anywhere, and passwords in URLs. `secrets` say where values come from, which is no secret.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from nexsock import masking
from nexsock.config import walk
from nexsock.config.node import Node
from nexsock.model.problem import Problem

_NAMED_BY_USERS = frozenset({"environment", "labels", "headers", "values"})

_ASSIGNMENT = re.compile(
    r"""(?P<name>[A-Z][A-Z0-9_]+|(?i:[\w-]*(?:authorization|cookie|api-key|token)))
    (?P<between>["']?\s*[:=]\s*)
    (?P<value>"[^"]*"?|'[^']*'?|[^\s"'$,{}\[\]][^,{}]*)""",
    re.VERBOSE,
)
"""NAME=value or Name: value in a line of a file"""


def over(document: Node, variables: Mapping[str, str]) -> Node:
    """The document with a mask in place of each secret; `variables` are those that filled it in."""

    named: dict[str, str] = {}

    def note(scalar: Node, path: walk.Path) -> Node:
        if _is_secret(path):
            named["/".join(path)] = str(scalar.value)
        return scalar

    walk.scalars(document, note)
    known = masking.telling(named)

    def look(scalar: Node, path: walk.Path) -> Node:
        shown = _shown(scalar, path, variables, known)
        return scalar if shown == scalar.value else replace(scalar, value=shown, text=None)

    return walk.scalars(document, look)


def _is_secret(path: walk.Path) -> bool:
    """Whether the user has named it so."""
    return any(masking.is_secret(key) for key in _below(path))


def _below(path: walk.Path) -> walk.Path:
    """The part of a path that is the user's own names."""
    named = next((index for index, key in enumerate(path) if key in _NAMED_BY_USERS), None)
    return path[named + 1 :] if named is not None else ()


def _shown(scalar: Node, path: walk.Path, variables: Mapping[str, str], known: tuple[str, ...]) -> Any:
    if scalar.value is None or scalar.value == "":
        return scalar.value
    if _is_secret(path):
        return masking.MASK
    if not isinstance(scalar.value, str):
        return scalar.value
    name, equals, value = scalar.value.partition("=")
    if _below(path) == ("*",) and equals:
        return f"{name}={masking.masked(name, value)}"
    used = re.findall(r"\w+", scalar.via or "")
    put_in = [variables[word] for word in used if masking.is_secret(word) and word in variables]
    return masking.hidden(scalar.value, (*known, *put_in))


def over_problem(problem: Problem, variables: Mapping[str, str]) -> Problem:
    """The problem without secrets in its words, and in the line that it shows."""
    secret = masking.telling(variables)
    line = problem.source_line
    return msgspec.structs.replace(
        problem,
        message=masking.hidden(problem.message, secret),
        suggestion=problem.suggestion and masking.hidden(problem.suggestion, secret),
        source_line=line and masking.hidden(_ASSIGNMENT.sub(_masked, line), secret),
    )


def _masked(found: re.Match[str]) -> str:
    if not masking.is_secret(found["name"]):
        return found[0]
    width = len(found["value"])  # what follows stays where it was: a caret points at it
    return f"{found['name']}{found['between']}{masking.MASK[:width]:<{width}}"
