"""Single values of a service's fields, from nodes that the schema has already let through.

What is still wrong with a value (a duration that is none, an unknown signal) is added to the problems, and the
default stands in for it.
"""

import difflib
import os
import posixpath
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from nexsock import units
from nexsock.config import forms, report
from nexsock.config.node import Node
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem
from nexsock.model.service import DEFAULT_SHELL

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one map (a service, a healthcheck, a watch rule …) and where problems go.

    `directory` is the absolute folder that relative paths belong to.
    """

    node: Node
    directory: str
    home: str
    problems: list[Problem]

    def __contains__(self, name: str) -> bool:
        return name in self.node.mapping

    def __getitem__(self, name: str) -> Node:
        return self.node.mapping[name]

    def below(self, node: Node) -> "Fields":
        return Fields(node, self.directory, self.home, self.problems)

    def map(self, name: str) -> "Fields":
        """The fields of the map at `name`; no fields when it is not there."""
        return self.below(self.node.mapping[name] if name in self else Node({}, self.node.origin))

    def items(self, name: str) -> list[Node]:
        """The list at `name`, or the single value there as a list of one; empty when it is not there."""
        return forms.sequence(self[name]).items if name in self else []

    def text(self, name: str, default: str = "") -> str:
        return as_text(self[name]) if name in self else default

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(as_text(item) for item in self.items(name))

    def flag(self, name: str, default: bool = False) -> bool:
        return as_flag(self[name]) if name in self else default

    def whole(self, name: str, default: int) -> int:
        return int(str(self[name].value)) if name in self else default

    def number(self, name: str, default: float) -> float:
        return float(str(self[name].value)) if name in self else default

    def seconds(self, name: str, default: float) -> float:
        return self._read(name, units.parse_duration, default)

    def size(self, name: str, default: int) -> int:
        return self._read(name, units.parse_size, default)

    def signal(self, name: str, default: str) -> str:
        return self._read(name, signal_name, default)

    def path(self, name: str) -> str:
        """The absolute path at `name`; the folder itself when it is not there."""
        return self.absolute(self.text(name))

    def absolute(self, path: str) -> str:
        """A path as written, made absolute; `~` is the caller's home."""
        if self.home and (path == "~" or path.startswith("~/")):
            path = self.home + path[1:]
        return posixpath.normpath(posixpath.join(self.directory, path))

    def command(self, name: str, shell: tuple[str, ...] = DEFAULT_SHELL) -> tuple[str, ...]:
        """argv: text goes to the shell, a list is taken as it is; empty when it is not there."""
        if name not in self:
            return ()
        node = self[name]
        return tuple(as_text(item) for item in node.items) if isinstance(node.value, list) else (*shell, as_text(node))

    def assignments(self, name: str) -> dict[str, str | None]:
        """Names and values of a map or a list of NAME=value; None for a name without a value."""
        if name not in self:
            return {}
        entries = forms.assignments(self[name]).mapping
        return {key: None if child.value is None else as_text(child) for key, child in entries.items()}

    def error(self, name: str, message: str, suggestion: str | None = None) -> None:
        """A problem with the value at `name`, unless it has one already, such as a variable that is not set."""
        origin = self[name].origin
        if not any(_is_within(problem, origin) for problem in self.problems):
            report.error(self.problems, origin, message, suggestion)

    def key_error(self, name: str, message: str, suggestion: str | None = None) -> None:
        """A problem with the field `name` being there."""
        report.error(self.problems, self.node.keys.get(name, self[name].origin), message, suggestion)

    def _read(self, name: str, parse: Callable[[str | int], Value], default: Value) -> Value:
        """The value at `name` in the words of `parse`, whose ValueError says "what is wrong; what to do"."""
        if name not in self:
            return default
        value = self[name].value
        try:
            return parse(value if isinstance(value, int) else as_text(self[name]))
        except ValueError as error:
            message, _, advice = str(error).partition("; ")
            self.error(name, f"{name}: {message}", advice or None)
            return default


def _is_within(problem: Problem, origin: Origin) -> bool:
    """Whether an error is about what stands at a place, or just behind the quote there."""
    same_line = (problem.file, problem.line, problem.severity) == (origin.file, origin.line, "error")
    return same_line and problem.column - origin.column in (0, 1)


def as_text(node: Node) -> str:
    """A scalar as it was written: `1.10` stays "1.10", `true` is "true"."""
    if isinstance(node.value, str):
        return str(node.value)
    return node.text if node.text is not None else "" if node.value is None else str(node.value)


def as_flag(node: Node) -> bool:
    return node.value is True or node.value == "true"


def signal_name(text: str | int) -> str:
    """The full name of a signal: "term", "SIGTERM" and 15 are all "SIGTERM".

    Raises:
        ValueError: there is no such signal; the text says which was probably meant.
    """
    known = {member.name: member.value for member in signal.Signals}
    written = str(text).upper()
    if written.isdigit():
        for name, value in known.items():
            if value == int(written):
                return name
    full = written if written.startswith("SIG") else "SIG" + written
    if full in known:
        return full
    near = [] if written.isdigit() else difflib.get_close_matches(full, known, n=1)
    advice = f"; did you mean '{near[0]}'?" if near else "; write it like SIGTERM"
    raise ValueError(f"there is no signal {str(text)!r}{advice}")


def home(environ: Mapping[str, str]) -> str:
    """The caller's home folder, or "" when it is not known."""
    found = environ.get("HOME", "")
    return found if os.path.isabs(found) else ""
