"""Check one document against the JSON Schema, which ships with nexsock and which editors use.

Runs on each document by itself, before merging, so that every mistake is found once and where it stands. What is
wrong is taken out of the tree, so that the later steps see only values of the right type.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nexsock.config import accept, faults, report
from nexsock.config.node import Node
from nexsock.model.problem import Problem

if TYPE_CHECKING:
    import jsonschema


def path() -> str:
    """The schema file: inside the installed package, else in the repository beside it."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "_data", "schemas", "nexsock.schema.json")
    if os.path.exists(installed):
        return installed
    return os.path.join(os.path.dirname(package), "schemas", "nexsock.schema.json")


def text() -> str:
    """The schema as it is shipped, for editors and `nexsock schema`."""
    with open(path(), encoding="utf-8") as file:
        return file.read()


@functools.cache
def load() -> dict[str, Any]:
    """The schema as plain values. Nobody may change them."""
    schema: dict[str, Any] = json.loads(text())
    return schema


def validate(document: Node, problems: list[Problem], damaged: set[str]) -> Node:
    """The part of a document that the schema allows.

    Args:
        problems: gets one problem for each mistake; where a place has one already, that is the cause.
        damaged: gets the dotted paths of what was taken out ("services.web.ports"), so that later checks do not
            complain about what is missing because of it.
    """
    if not isinstance(document.value, dict):
        message = f"the file must be a map with 'services', not {faults.describe(document)}"
        report.error(problems, document.origin, message)
        damaged.add("services")
        return Node({}, document.origin)
    if _accepts()(document):
        return document
    found = [fault for error in _validator().iter_errors(plain(document)) for fault in faults.of(error, document)]
    taken = {problem.place for problem in problems if problem.severity == "error"}
    for fault in found:
        place = (fault.origin.file, fault.origin.line, fault.origin.column)
        if place not in taken:
            report.error(problems, fault.origin, fault.message, fault.suggestion)
        taken.add(place)
    lost = {_field(fault.path) for fault in found}
    damaged.update(".".join(map(str, field)) for field in lost)
    return _without(document, lost)


@functools.cache
def _accepts() -> accept.Accepts:
    return accept.compiled(load())


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    import jsonschema

    return jsonschema.Draft202012Validator(load())


def plain(node: Node) -> object:
    """The values to check; what `!reset` removes is of no type."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items() if child.tag != "!reset"}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def _field(at: faults.Path) -> faults.Path:
    """The field that is given up when something at or below it is wrong."""
    depth = {"services": 3, "configs": 2, "secrets": 2, "defaults": 2}.get(str(at[0]), 1) if at else 0
    return at[:depth]


def _without(node: Node, paths: set[faults.Path]) -> Node:
    """The tree without what stands at `paths`; what stays is shared with `node`."""
    if not paths or not isinstance(node.value, dict):
        return node
    below: dict[str | int, set[faults.Path]] = {}
    for path in paths:
        below.setdefault(path[0], set()).add(path[1:])
    kept = {
        key: _without(child, below.get(key, set())) for key, child in node.value.items() if () not in below.get(key, ())
    }
    return replace(node, value=kept)
