"""Cut a text with variables into its parts, by the grammar of the Compose Specification. Looks nothing up.

    $V ${V}   ${V:-text} ${V-text}   ${V:?text} ${V?text}   ${V:+text} ${V+text}   $$   ${db.port}

A dollar before anything else is a dollar. Braces in a text must be balanced, since only then its end is clear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_DEPTH = 20
"""variables in the texts of variables"""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_-]+)+\}")
_OPERATOR = re.compile(r":?[-?+]")
_ORDINARY = re.compile(r"[^${}]+")


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`, or `${name operator argument}`; `offset` is where its dollar stands."""

    name: str
    offset: int
    operator: str = ""
    argument: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """`${db.port}`, which Compose's grammar leaves free, as it is written."""

    text: str
    offset: int


Part = str | Variable | Reference


class Mistake(Exception):
    """A text cannot be read, or not be expanded, because of what stands at `offset`."""

    def __init__(self, offset: int, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.suggestion = suggestion


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a text from left to right.

    Raises:
        Mistake: the first place that breaks the grammar.
    """
    return _Parser(text).parts()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = 0

    def parts(self) -> tuple[Part, ...]:
        found: list[Part] = []
        while self.offset < len(self.text):
            found.append(self._dollar(0) if self.text[self.offset] == "$" else self._before_dollar())
        return tuple(found)

    def _before_dollar(self) -> str:
        start, end = self.offset, self.text.find("$", self.offset)
        self.offset = len(self.text) if end < 0 else end
        return self.text[start : self.offset]

    def _dollar(self, depth: int) -> Part:
        start = self.offset
        following = self.text[start + 1 : start + 2]
        if following == "{":
            return self._braced(start, depth)
        if name := _NAME.match(self.text, start + 1):
            self.offset = name.end()
            return Variable(name[0], start)
        self.offset = start + (2 if following == "$" else 1)
        return "$"

    def _braced(self, start: int, depth: int) -> Part:
        if depth >= MAX_DEPTH:
            raise Mistake(start, f"variables are nested more than {MAX_DEPTH} deep", "give a variable the inner text")
        if reference := _REFERENCE.match(self.text, start + 2):
            self.offset = reference.end()
            return Reference(self.text[start : self.offset], start)
        name = _NAME.match(self.text, start + 2)
        if not name:
            raise Mistake(start, f"{self._excerpt(start)} names no variable", "write $$ for a dollar sign")
        self.offset = name.end()
        if self.text.startswith("}", self.offset):
            self.offset += 1
            return Variable(name[0], start)
        operator = _OPERATOR.match(self.text, self.offset)
        if not operator:
            raise self._unreadable(start)
        self.offset = operator.end()
        return Variable(name[0], start, operator[0], self._argument(start, depth + 1))

    def _argument(self, start: int, depth: int) -> tuple[Part, ...]:
        """The parts up to the brace that closes the variable at `start`."""
        found: list[Part] = []
        open_braces = 0
        while self.offset < len(self.text):
            character = self.text[self.offset]
            if character == "$":
                found.append(self._dollar(depth))
                continue
            if character == "}" and open_braces == 0:
                self.offset += 1
                return tuple(found)
            open_braces += {"{": 1, "}": -1}.get(character, 0)
            ordinary = _ORDINARY.match(self.text, self.offset)
            piece = ordinary[0] if ordinary else character
            found.append(piece)
            self.offset += len(piece)
        raise self._unclosed(start)

    def _unreadable(self, start: int) -> Mistake:
        """The mistake of what follows a name at `self.offset`."""
        if "}" not in self.text[self.offset :]:
            return self._unclosed(start)
        if self.text[self.offset] == ".":
            message = f"{self._excerpt(start)} is not a reference"
            return Mistake(start, message, "write it like ${db.port}; it takes no default")
        message = f"{self._excerpt(start)} has {self.text[self.offset]!r} after the variable's name"
        advice = "write ${NAME}, ${NAME:-default}, ${NAME:?message} or ${NAME:+other}, or $$ for a dollar sign"
        return Mistake(self.offset, message, advice)

    def _unclosed(self, start: int) -> Mistake:
        return Mistake(start, f"{self._excerpt(start)} is not closed", "add a '}', or write $$ for a dollar sign")

    def _excerpt(self, start: int) -> str:
        end = self.text.find("}", start)
        shown = self.text[start : end + 1] if end >= 0 else self.text[start:]
        return repr(shown if len(shown) <= 40 else shown[:37] + "...")
