"""What an edit makes of the texts of a project's files. Pure: text in, text out; whether it is valid is for `load`.

A field is changed in the file that its value comes from, and taken out of every file. What is new goes into the
file in which the service stands; a new service into the main file, or into the last one that was named with -f.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from nexsock import errors
from nexsock.config import splice, spots, tree, veil
from nexsock.config.node import Node
from nexsock.config.spots import Path, Spot
from nexsock.config.written import NOWHERE
from nexsock.model.edit import Edit
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem

_ASSIGNMENTS = ("environment", "labels")
"""Fields that may be lists of NAME=value."""

_UNESCAPED_DOT = re.compile(r"(?<!\\)\.")


@dataclass(slots=True)
class Draft:
    """The texts of the files that may be changed, by the names that messages use, in the order of their merging.

    `named` is whether -f chose them.
    """

    texts: dict[str, str]
    named: bool = False

    def homes(self, service: str) -> list[str]:
        """The files in which a service stands."""
        return [file for file in self.texts if self.has(file, ("services", service))]

    def has(self, file: str, path: Path) -> bool:
        return len(self.way(file, path)) > len(path)

    def way(self, file: str, path: Path) -> list[Spot]:
        """The values of a file along a path, as far as they exist."""
        root = spots.of(self.texts[file])
        return [] if root is None else spots.along(root, path)

    def place(self, file: str, path: Path) -> str:
        """Where the key of a value that exists stands: "nexsock.yaml:14:7"."""
        outer, value = self.way(file, path)[-2:]
        number = next(number for number, one in enumerate(outer.values) if one is value)
        return str(_origin(file, self.texts[file], (outer.keys or outer.values)[number].start))

    def splice(self, file: str, change: Callable[[str], str]) -> None:
        """Change the text of a file.

        Raises:
            ConfigError: it cannot be changed there; with the place.
        """
        try:
            self.texts[file] = change(self.texts[file])
        except splice.Unspliceable as refusal:
            origin = _origin(file, self.texts[file], refusal.offset)
            _refuse(self.texts[file], origin, str(refusal))


def make(draft: Draft, edit: Edit) -> None:
    """Change the draft as the edit says.

    Raises:
        NotFound: no such service, field or dependency. UsageError: the service exists already.
        ConfigError: the text cannot be changed there, or others depend on what would be removed.
    """
    match edit.action:
        case "add":
            _add(draft, edit)
        case "remove":
            _remove(draft, edit)
        case "update":
            _update(draft, edit)
        case "add_dependency":
            for other in edit.others:
                _add_dependency(draft, edit, other)
        case "remove_dependency":
            for other in edit.others:
                _remove_dependency(draft, edit.service, other)


def value_of(text: str) -> Node:
    """A value that a person gave: a scalar, or a list or map in brackets, as YAML reads it; anything else is text."""
    problems: list[Problem] = []
    document = tree.compose(text, "", problems)
    root = None if problems or document is None else spots.of(text)
    if root is None or document is None or root.is_block or (root.end - root.start) != len(text.strip()):
        return Node(text, NOWHERE, text=text)
    if root.kind == "scalar" and root.style is None and root.text != text.strip():
        return Node(text, NOWHERE, text=text)
    return document


def path_of(field: str) -> Path:
    """The parts of "environment.PORT".

    Raises:
        UsageError: a part is empty.
    """
    parts = tuple(part.replace("\\.", ".") for part in _UNESCAPED_DOT.split(field))
    if not all(parts):
        raise errors.UsageError(f"{field!r} is not a field", hint="write it like command or environment.PORT")
    return parts


# -- services


def _add(draft: Draft, edit: Edit) -> None:
    if homes := draft.homes(edit.service):
        place = draft.place(homes[0], ("services", edit.service))
        raise errors.UsageError(
            f"service '{edit.service}' is declared already, at {place}",
            hint=f"change it with 'nexsock config update {edit.service} FIELD=VALUE'",
        )
    file = list(draft.texts)[-1 if draft.named else 0]
    fields = Node({}, NOWHERE)
    for name, text in edit.fields.items():
        _plant(fields, path_of(name), value_of(text))
    draft.splice(file, lambda text: splice.put(text, ("services", edit.service), fields))


def _plant(fields: Node, path: Path, value: Node) -> None:
    """Put a value into a map that is being made, with the maps on the way to it."""
    for part in path[:-1]:
        fields = fields.mapping.setdefault(part, Node({}, NOWHERE))
        if not isinstance(fields.value, dict):
            raise errors.UsageError(f"'{part}' is given as a value and as a map", hint="give it once")
    fields.mapping[path[-1]] = value


def _remove(draft: Draft, edit: Edit) -> None:
    homes = _homes(draft, edit.service)
    needed_by = {
        (file, other): draft.place(file, ("services", other, "depends_on", edit.service))
        for file in draft.texts
        for other in _services(draft, file)
        if other != edit.service and draft.has(file, ("services", other, "depends_on", edit.service))
    }
    if needed_by and not edit.force:
        who = ", ".join(f"'{other}' ({place})" for (_, other), place in needed_by.items())
        raise errors.ConfigError(
            f"service '{edit.service}' is needed by {who}",
            hint="remove these dependencies first, or say --force to remove them as well",
        )
    for file, other in needed_by:
        _take_out(draft, file, ("services", other, "depends_on", edit.service))
    for file in homes:
        draft.splice(file, lambda text: splice.remove(text, ("services", edit.service), floor=1))


def _update(draft: Draft, edit: Edit) -> None:
    homes = _homes(draft, edit.service)
    for name, text in edit.fields.items():
        path = ("services", edit.service, *path_of(name))
        _put(draft, _home_of(draft, homes, path), path, value_of(text))
    for name in edit.unset:
        path = ("services", edit.service, *path_of(name))
        written = [file for file in homes if draft.has(file, path)]
        if not written:
            raise errors.NotFound(
                f"'{name}' of service '{edit.service}' is not written in {' or '.join(homes)}",
                hint="'nexsock config --origins' shows where it comes from, if it has a value",
            )
        for file in written:
            _take_out(draft, file, path)


def _put(draft: Draft, file: str, path: Path, value: Node) -> None:
    """Put a field; in a list of NAME=value in its form."""
    field, owner = path[2:], path[:3]
    if len(field) == 2 and field[0] in _ASSIGNMENTS and draft.has(file, owner):
        found = draft.way(file, owner)[-1]
        if found.kind == "list" and not isinstance(value.value, dict | list):
            text = value.value if isinstance(value.value, str) else value.text
            item = Node(field[1] if value.value is None else f"{field[1]}={text}", NOWHERE)
            change = splice.put if draft.has(file, path) else splice.append
            target = path if draft.has(file, path) else owner
            draft.splice(file, lambda text: change(text, target, item))
            return
    if len(field) > 2 and field[0] == "depends_on" and draft.has(file, owner):
        _name_dependencies(draft, file, owner)
    draft.splice(file, lambda text: splice.put(text, path, value))


# -- dependencies


def _add_dependency(draft: Draft, edit: Edit, other: str) -> None:
    homes = _homes(draft, edit.service)
    owner = ("services", edit.service, "depends_on")
    path = (*owner, other)
    file = _home_of(draft, homes, path)
    if not draft.has(file, path):
        file = _home_of(draft, homes, owner)
    found = draft.way(file, owner)[-1] if draft.has(file, owner) else None
    fields = Node({name: value_of(text) for name, text in edit.fields.items()}, NOWHERE)
    if found is None or (found.kind != "map" and not found.values):
        plain = Node([Node(other, NOWHERE)], NOWHERE)
        new = Node({other: fields}, NOWHERE) if edit.fields else plain
        draft.splice(file, lambda text: splice.put(text, owner, new))
    elif found.kind == "list" and not edit.fields:
        if found.find(other) is None:
            draft.splice(file, lambda text: splice.append(text, owner, Node(other, NOWHERE)))
    else:
        _name_dependencies(draft, file, owner)
        if not draft.has(file, path):
            draft.splice(file, lambda text: splice.put(text, path, fields))
        for name, value in fields.mapping.items():
            draft.splice(file, lambda text, name=name, value=value: splice.put(text, (*path, name), value))  # type: ignore[misc]


def _remove_dependency(draft: Draft, service: str, other: str) -> None:
    path = ("services", service, "depends_on", other)
    written = [file for file in _homes(draft, service) if draft.has(file, path)]
    if not written:
        raise errors.NotFound(
            f"service '{service}' has no dependency on '{other}'", hint=f"see 'nexsock dependency list {service}'"
        )
    for file in written:
        _take_out(draft, file, path)


def _name_dependencies(draft: Draft, file: str, owner: Path) -> None:
    """A list of dependencies as the map that can have conditions."""
    if draft.way(file, owner)[-1].kind == "list":
        draft.splice(file, lambda text: splice.name_items(text, owner))


# -- shared


def _take_out(draft: Draft, file: str, path: Path) -> None:
    draft.splice(file, lambda text: splice.remove(text, path, floor=2))


def _services(draft: Draft, file: str) -> list[str]:
    found = draft.way(file, ("services",))
    return [key.text for key in found[1].keys] if len(found) > 1 else []


def _homes(draft: Draft, service: str) -> list[str]:
    """The files in which a service stands, at least one."""
    if homes := draft.homes(service):
        return homes
    known = [name for file in draft.texts for name in _services(draft, file)]
    raise unknown(service, known, " or ".join(draft.texts))


def unknown(service: str, known: list[str], where: str) -> errors.NotFound:
    """The error that names the nearest service that there is."""
    close = difflib.get_close_matches(service, known, 1)
    declared = f"declared are {', '.join(dict.fromkeys(known))}" if known else "it declares none"
    hint = f"did you mean '{close[0]}'?" if close else declared
    return errors.NotFound(f"no service '{service}' in {where}", hint=hint)


def _home_of(draft: Draft, homes: list[str], path: Path) -> str:
    """The file that a field comes from, or that it should stand in when it is new."""
    written = [file for file in homes if draft.has(file, path)]
    return written[-1] if written else homes[-1 if draft.named else 0]


def _origin(file: str, text: str, offset: int) -> Origin:
    before = text[:offset]
    return Origin(file, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _refuse(text: str, origin: Origin, message: str) -> NoReturn:
    problem = Problem(
        file=origin.file,
        line=origin.line,
        column=origin.column,
        message=message,
        suggestion="change it by hand in an editor",
        source_line=text.split("\n")[origin.line - 1].rstrip("\r"),
    )
    raise errors.ConfigError(str(problem), (veil.over_problem(problem, {}),))
