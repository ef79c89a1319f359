"""Paths of a document that came from another folder, made relative to the project's.

Names of files in places are relative to the project's folder where they lie below it, so the folder that a
relative path in a file belongs to is the folder of the file's name.
"""

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import replace

from nexsock.config import forms, interpolate, report
from nexsock.config.node import Node
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem

ALLOW_OUTSIDE = "NEXSOCK_ALLOW_OUTSIDE"
"""The caller's variable that, set to 1, lets a project include and extend files outside its folder."""

_OF_SERVICES = (
    ("env_file", "*"),
    ("env_file", "*", "path"),
    ("hooks", "*", "*", "working_dir"),
    ("git", "path"),
    ("git", "key_file"),
)
_OF_CHECKOUT = (("working_dir",), ("watch", "*", "path"), ("inputs", "*"))
"""relative to the service's git checkout when it has one"""

_OF_CONFIGS = (("target",), ("template",), ("file",))


def folder(file: str) -> str:
    """The folder that relative paths written in `file` belong to; "" is the project's."""
    return posixpath.dirname(file)


def join(folder_path: str, path: str) -> str:
    """The path that is written as `path` in a file of a folder. What begins with a reference or ~ stays as it is."""
    if path.startswith(("~", "${")) or not folder_path:
        return path
    return posixpath.normpath(posixpath.join(folder_path, path))


def inside(path: str, origin: Origin, problems: list[Problem]) -> bool:
    """Whether a file, named at `origin` relative to the project, lies in the project; reported when it does not.

    A repository that was just cloned must not read files elsewhere by naming them. Links are followed when the
    file is opened (`load`).
    """
    normal = posixpath.normpath(path)
    if not (posixpath.isabs(normal) or normal.split("/")[0] == ".."):
        return True
    advice = f"copy it into the project, or set {ALLOW_OUTSIDE}=1 if you trust what names it"
    report.error(problems, origin, f"'{path}' is outside the project", advice)
    return False


def rebase(document: Node, folder_path: str) -> Node:
    """The document with its relative paths, which belong to `folder_path`, relative to the project."""
    if not folder_path:
        return document
    for field in (("services", "*"), ("defaults",)):
        document = _changed(document, field, lambda node: _rebase_service(node, folder_path))
    for field in (("configs", "*"), ("secrets", "*")):
        document = _changed(document, field, lambda node: _rebase_fields(node, _OF_CONFIGS, folder_path))
    return _rebase_fields(document, (("env_file", "*"), ("env_file", "*", "path")), folder_path)


def _rebase_service(service: Node, folder_path: str) -> Node:
    checkout = isinstance(service.value, dict) and "git" in service.value
    return _rebase_fields(service, _OF_SERVICES if checkout else _OF_SERVICES + _OF_CHECKOUT, folder_path)


def _rebase_fields(node: Node, fields: Iterable[tuple[str, ...]], folder_path: str) -> Node:
    if isinstance(node.value, dict) and "env_file" in node.value:
        node = _changed(node, ("env_file",), forms.sequence)
    for field in fields:
        node = _changed(node, field, lambda path: _joined(path, folder_path))
    return node


def _joined(node: Node, folder_path: str) -> Node:
    match node.value:
        case interpolate.Pending() as text if not text.startswith(("/", "~", "${")):
            return replace(node, value=interpolate.prefixed(text, folder_path + "/"))
        case str() as text:
            return replace(node, value=join(folder_path, text))
    return node


def _changed(node: Node, field: tuple[str, ...], change: Callable[[Node], Node]) -> Node:
    """The tree with the nodes at `field` changed; "*" is every item or entry."""
    if not field:
        return change(node)
    if field[0] == "*":
        match node.value:
            case list() as items:
                return replace(node, value=[_changed(item, field[1:], change) for item in items])
            case dict() as entries:
                return replace(
                    node, value={name: _changed(entry, field[1:], change) for name, entry in entries.items()}
                )
    elif isinstance(node.value, dict) and field[0] in node.value:
        child = _changed(node.value[field[0]], field[1:], change)
        return replace(node, value={**node.value, field[0]: child})
    return node
