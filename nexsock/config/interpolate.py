"""Put variables into the scalars of a tree, exactly as the Compose Specification says (see `grammar`).

    ${V}  $V               the value; "" and a warning when V is not set
    ${V:-text}  ${V-text}  text when V is unset or empty / unset
    ${V:?text}  ${V?text}  an error that says text when V is unset or empty / unset
    ${V:+text}  ${V+text}  text when V is set and not empty / set; else ""

A text is looked at only when it is needed, and a value is never read again for variables. Keys are left alone, and
so are references with a dot (${db.port}): they stay in a `Pending` text for `references`. Where Compose itself is
different stands in docs/decisions/0001-compose-differences.md.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from nexsock.config import grammar, report, walk
from nexsock.config.node import Node, Scalar
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem

MAX_CHARACTERS = 64 * 1024
"""of a text with variables, before and after; an environment entry ends at 128 KiB (execve(2), MAX_ARG_STRLEN)"""

_NUMBERS_AND_FLAGS = """
    ports/* ports/*/port scale success_exit_codes/* limits/nofile limits/nice logging/max_files
    restart_policy/factor restart_policy/max_in_window git/depth
    healthcheck/retries healthcheck/success_threshold healthcheck/tcp healthcheck/http/status
    oneshot tty inherit_env healthcheck/notify env_file/*/required watch/*/cascade git/submodules
    depends_on/*/required depends_on/*/restart depends_on/*/tunnel
"""
NUMBERS_AND_FLAGS = re.compile("|".join(_NUMBERS_AND_FLAGS.split()).replace("*", "[^/]+"))
"""Fields of a service where a text with variables is read as the number or flag that it spells.

Compose casts by the field too (loader/interpolate.go, interpolateTypeCastMapping), so quotes make no difference.
"""


class Pending(str):
    """A text with references that wait for their facts; `spans` has (start, end, origin) of each `${a.b}` in it."""

    spans: tuple[tuple[int, int, Origin], ...]

    def __new__(cls, text: str, spans: Sequence[tuple[int, int, Origin]]) -> Pending:
        made = super().__new__(cls, text)
        made.spans = tuple(spans)
        return made


def cut(text: str, offset: int) -> str:
    """`text[offset:]`, still pending when a reference is in it."""
    return _moved(text, text[offset:], -offset)


def prefixed(text: str, before: str) -> str:
    """`before + text`, still pending when a reference is in it."""
    return _moved(text, before + text, len(before))


def _moved(old: str, new: str, by: int) -> str:
    spans = old.spans if isinstance(old, Pending) else ()
    kept = [(start + by, end + by, origin) for start, end, origin in spans if start + by >= 0]
    return Pending(new, kept) if kept else new


def interpolate(node: Node, variables: Mapping[str, str], problems: list[Problem]) -> Node:
    """The tree with variables in place of their names; everything wrong or unset is added to `problems`."""
    return walk.scalars(node, lambda scalar, path: _scalar(scalar, variables, problems, path))


def expand(
    text: str, variables: Mapping[str, str], origin: Origin, problems: list[Problem], *, as_written: bool = True
) -> str:
    """One text with its variables, `Pending` when references are left; the text itself when it is wrong.

    Args:
        origin: where the first character of `text` stands; places of problems are counted from there.
        as_written: false when `text` does not stand like this in its file; every place is then `origin`.
    """
    return _expand(text, variables, _counting(text, origin) if as_written else lambda _offset: origin, problems)[0]


def typed(text: str) -> Scalar:
    """The number or flag that a text spells; else the text itself, with its references."""
    if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return int(text)
    if re.fullmatch(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", text):
        return float(text)
    return {"true": True, "false": False}.get(text.lower(), text)


def wants_number_or_flag(path: walk.Path) -> bool:
    """Whether the field at a path such as ("services", "web", "scale") is one of NUMBERS_AND_FLAGS."""
    field = path[2:] if path[:1] == ("services",) else path[1:] if path[:1] == ("defaults",) else ()
    return NUMBERS_AND_FLAGS.fullmatch("/".join(field)) is not None


def _scalar(node: Node, variables: Mapping[str, str], problems: list[Problem], path: walk.Path) -> Node:
    text = node.value
    if not isinstance(text, str) or "$" not in text:
        return node
    expanded, used = _expand(text, variables, _places(node, text), problems)
    value = typed(expanded) if wants_number_or_flag(path) else expanded
    via = f"variable{'s' * (len(used) > 1)} {', '.join(used)}" if used else node.via
    return replace(node, value=value, text=expanded, via=via)


def _places(node: Node, text: str) -> Callable[[int], Origin]:
    """From an offset in a scalar to its place, as exactly as the way in which it is written lets us know."""
    origin = node.origin
    if node.style == "|":
        return lambda offset: Origin(origin.file, origin.line + 1 + text.count("\n", 0, offset), 1)
    if node.style == ">" or "\n" in text:
        return lambda _offset: origin
    return _counting(text, Origin(origin.file, origin.line, origin.column + (1 if node.style else 0)))


def _counting(text: str, origin: Origin) -> Callable[[int], Origin]:
    """From an offset in `text` to its place, when all of it stands in its file as it is, from `origin` on."""

    def place(offset: int) -> Origin:
        lines = text.count("\n", 0, offset)
        column = offset - text.rfind("\n", 0, offset) if lines else origin.column + offset
        return Origin(origin.file, origin.line + lines, column)

    return place


def _expand(
    text: str, variables: Mapping[str, str], place: Callable[[int], Origin], problems: list[Problem]
) -> tuple[str, list[str]]:
    """The text with its variables, and the names of those whose values are in it; unchanged when it is wrong."""
    if "$" not in text:
        return text, []
    expansion = _Expansion(variables, place, problems)
    try:
        if len(text) > MAX_CHARACTERS:
            raise grammar.Mistake(0, f"text with variables has more than {MAX_CHARACTERS} characters", "split it up")
        expansion.add(grammar.parse(text))
    except grammar.Mistake as mistake:
        report.error(problems, place(mistake.offset), mistake.message, mistake.suggestion)
        return text, []
    return expansion.text(), expansion.used


class _Expansion:
    """Collects the pieces of the result from left to right, and what is missing on the way."""

    def __init__(self, variables: Mapping[str, str], place: Callable[[int], Origin], problems: list[Problem]) -> None:
        self.variables = variables
        self.place = place
        self.problems = problems
        self.pieces: list[str] = []
        self.length = 0
        self.spans: list[tuple[int, int, Origin]] = []
        self.used: list[str] = []

    def text(self) -> str:
        text = "".join(self.pieces)
        return Pending(text, self.spans) if self.spans else text

    def add(self, parts: tuple[grammar.Part, ...]) -> None:
        for part in parts:
            match part:
                case str():
                    self._append(part, 0)
                case grammar.Reference():
                    self.spans.append((self.length, self.length + len(part.text), self.place(part.offset)))
                    self._append(part.text, part.offset)
                case grammar.Variable():
                    self._add_variable(part)

    def _append(self, piece: str, offset: int) -> None:
        self.length += len(piece)
        if self.length > MAX_CHARACTERS:
            message = f"text has more than {MAX_CHARACTERS} characters with its variables"
            raise grammar.Mistake(offset, message, "shorten it, or put it into a file")
        self.pieces.append(piece)

    def _add_variable(self, part: grammar.Variable) -> None:
        value = self.variables.get(part.name)
        present = bool(value) if part.operator.startswith(":") else value is not None
        match part.operator[-1:]:
            case "-" if not present:
                self.add(part.argument)
            case "?" if not present:
                self._refuse(part, value)
            case "+":
                self.add(part.argument if present else ())
            case _:
                self._add_value(part, value)

    def _add_value(self, part: grammar.Variable, value: str | None) -> None:
        if value is None:
            near = difflib.get_close_matches(part.name, self.variables, n=1, cutoff=0.8)
            advice = f"did you mean {near[0]!r}?" if near else f"set it, or write ${{{part.name}:-default}}"
            message = f"variable {part.name!r} is not set and counts as empty"
            report.warning(self.problems, self.place(part.offset), message, advice)
            return
        self._append(value, part.offset)
        if part.name not in self.used:
            self.used.append(part.name)

    def _refuse(self, part: grammar.Variable, value: str | None) -> None:
        explanation = _Expansion(self.variables, self.place, self.problems)
        explanation.add(part.argument)
        state = "not set" if value is None else "empty"
        message = f"required variable {part.name!r} is {state}" + (f": {explanation.text()}" if part.argument else "")
        report.error(self.problems, self.place(part.offset), message, "set it in the environment or in .env")
