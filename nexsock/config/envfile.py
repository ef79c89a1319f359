"""Read files of environment variables: text to names and values, or every problem with its line.

    dotenv       Compose's dialect: export, quotes, escapes, variables, values over several lines, comments
    properties   java.util.Properties: key and value parted by "=", ":" or a space, \\ at the end of a line, \\uXXXX
    raw          NAME=value as it stands

Where Compose's own dotenv reader differs stands in docs/decisions/0001-compose-differences.md.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from nexsock.config import interpolate, report
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem

Format = Literal["dotenv", "properties", "raw"]

_NAME = re.compile(r"[\w.\-\[\]]+")
_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_DOTENV_NAME = re.compile(r"(?:export[ \t]+)?([^=:\n]*)([=:]?)")
_BEFORE_QUOTE = re.compile(r"[ \t]*(?=['\"])")
_UNQUOTED = re.compile(r"[^\n]*")
_COMMENT = re.compile(r" #.*")
_ESCAPE = re.compile(r"\\(0[0-7]{1,3}|[abfnrtv$\"\\`])")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$$"}


def parse(
    text: str,
    format: Format,  # noqa: A002 (the key in nexsock.yaml)
    lookup: Mapping[str, str],
    file: str,
) -> tuple[dict[str, str], list[Problem]]:
    """The variables of a file and what is wrong with it; what can be read is returned in any case.

    Args:
        lookup: what values may name with $NAME, and what a line with a bare NAME takes its value from.
        file: the name that places carry.
    """
    problems: list[Problem] = []
    match format:
        case "dotenv":
            found = _Dotenv(text, lookup, file, problems).variables()
        case "properties":
            found = dict(_checked(_properties(text, file, problems), problems))
        case "raw":
            found = dict(_checked(_raw(text, lookup, file), problems))
    return found, problems


_Entry = tuple[str, str, Origin]
"""name, value, place of the name"""


def _checked(entries: Iterator[_Entry], problems: list[Problem]) -> Iterator[tuple[str, str]]:
    for name, value, origin in entries:
        if _is_usable(name, value, origin, problems):
            yield name, value


def _is_usable(name: str, value: str, origin: Origin, problems: list[Problem]) -> bool:
    if not _NAME.fullmatch(name):
        said = f"{name!r} is not a name for a variable" if name else "the name of the variable is missing"
        report.error(problems, origin, said, "write NAME=value; names have letters, digits and _ . - [ ]")
        return False
    if "\0" in value:
        report.error(problems, origin, f"the value of {name} has a NUL character", "no environment can hold it")
        return False
    return True


def _raw(text: str, lookup: Mapping[str, str], file: str) -> Iterator[_Entry]:
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        entry = line.lstrip()
        if not entry or entry.startswith("#"):
            continue
        name, separator, value = entry.partition("=")
        if separator or name in lookup or not _NAME.fullmatch(name):
            yield name, value if separator else lookup.get(name, ""), Origin(file, number, len(line) - len(entry) + 1)


# java.util.Properties


def _properties(text: str, file: str, problems: list[Problem]) -> Iterator[_Entry]:
    """Source: java.util.Properties, load(Reader)."""
    for number, column, line in _logical_lines(text):
        origin = Origin(file, number, column)
        key = re.match(r"(?:[^\\=: \t\f]|\\.)*", line, re.DOTALL)
        separator = re.compile(r"[ \t\f]*[=:]?[ \t\f]*").match(line, key.end() if key else 0)
        assert key is not None
        assert separator is not None
        try:
            yield _properties_text(key[0]), _properties_text(line[separator.end() :]), origin
        except ValueError as error:
            report.error(problems, origin, str(error), "write it as \\u and four hexadecimal digits")


def _logical_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """(line number, column, text) of lines that are neither empty nor comments, continuation lines joined."""
    joined, first, column = "", 0, 0
    for number, natural in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        line = natural.lstrip(" \t\f")
        if not first:
            if not line or line[0] in "#!":
                continue
            first, column = number, len(natural) - len(line) + 1
        joined += line
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            joined = joined[:-1]
            continue
        yield first, column, joined
        joined, first = "", 0
    if first:
        yield first, column, joined


def _properties_text(text: str) -> str:
    def unescaped(match: re.Match[str]) -> str:
        if match[1] == "u":
            raise ValueError("a \\u escape has no four hexadecimal digits")
        if len(match[1]) == 5:
            return chr(int(match[1][1:], 16))
        return {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}.get(match[1], match[1])

    plain = re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", unescaped, text, flags=re.DOTALL)
    try:
        return plain.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("a \\u escape is half of a character") from None


# dotenv


class _Dotenv:
    """Reads statement after statement; after a mistake it goes on with the next line."""

    def __init__(self, text: str, lookup: Mapping[str, str], file: str, problems: list[Problem]) -> None:
        self.text = text
        self.lookup = lookup
        self.file = file
        self.problems = problems
        self.offset = 0
        self.found: dict[str, str] = {}

    def variables(self) -> dict[str, str]:
        while self._take(_BLANK) is not None and self.offset < len(self.text):
            self._statement()
        return self.found

    def _statement(self) -> None:
        start = self.offset
        head = self._take(_DOTENV_NAME)
        name, place = head[1].strip(), self._place(head.start(1))
        if not head[2]:
            if _is_usable(name, "", place, self.problems) and name in self.lookup:
                self.found[name] = self.lookup[name]
            return
        value = self._value()
        if _is_usable(name, value or "", place, self.problems) and value is not None:
            self.found[name] = value
        assert self.offset > start

    def _value(self) -> str | None:
        """The value that begins here, or None when it cannot be read."""
        if self._take_optional(_BEFORE_QUOTE):
            return self._quoted(self.text[self.offset])
        written = self._take(_UNQUOTED)
        value = _COMMENT.sub("", written[0])
        start = written.start() + len(value) - len(value.lstrip())
        return self._expanded(value.strip(), start, as_written=True)

    def _quoted(self, quote: str) -> str | None:
        start = self.offset
        match = self._take_optional(re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}", re.DOTALL))
        if match is None:
            report.error(self.problems, self._place(start), f"this {quote} is not closed", f"add a {quote}")
            self._take(_UNQUOTED)
            return None
        rest_start = self.offset
        rest = self._take(_UNQUOTED)[0].strip()
        if rest and not rest.startswith("#"):
            advice = "put all of the value into the quotes"
            report.error(self.problems, self._place(rest_start), f"{rest!r} stands after the closing quote", advice)
            return None
        if quote == "'":
            return match[1].replace("\\'", "'")
        written = match[1]
        unescaped = _ESCAPE.sub(_unescaped, written)
        return self._expanded(unescaped, start + 1, as_written=unescaped == written)

    def _expanded(self, text: str, start: int, *, as_written: bool) -> str:
        variables = {**self.found, **self.lookup} if "$" in text else {}
        expanded = interpolate.expand(text, variables, self._place(start), self.problems, as_written=as_written)
        if isinstance(expanded, interpolate.Pending):
            for begin, end, origin in expanded.spans:
                message = f"the reference {expanded[begin:end]} has no meaning in an env file"
                report.error(self.problems, origin, message, "put this variable under 'environment' in nexsock.yaml")
        return expanded

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = self._take_optional(pattern)
        assert match is not None  # the patterns match the empty text
        return match

    def _take_optional(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.offset)
        if match:
            self.offset = match.end()
        return match

    def _place(self, offset: int) -> Origin:
        line_start = self.text.rfind("\n", 0, offset) + 1
        return Origin(self.file, self.text.count("\n", 0, offset) + 1, offset - line_start + 1)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code, 8)) if code.startswith("0") else _ESCAPED.get(code, code)
