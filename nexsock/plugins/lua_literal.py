"""The literal table that a Lua file assigns to a variable, read without running anything of the file.

Strings, numbers, true, false and tables of such; no expressions, no long strings. Source: the Lua 5.4 manual, 3.1
(lexical conventions) and 3.4.9 (table constructors).
"""

import re
from collections.abc import Iterator

DEPTH_LIMIT = 8
LENGTH_LIMIT = 16 * 1024
"""Characters of a literal; what comes behind them is not looked at."""
_TOKEN = re.compile(
    r"""(?P<skip>\s+|--\[(?P<level>=*)\[.*?\](?P=level)\]|--(?!\[=*\[)[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\b)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<mark>[{}\[\]=,;])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "\n": "\n"}
_WORDS = {"true": True, "false": False}


def assigned(source: bytes, variable: str) -> object | None:
    """What the first line that assigns to this variable gives it; None where there is none.

    Raises:
        ValueError: that is no literal; the text says in which line.
    """
    text = source.decode(errors="replace")
    found = re.search(rf"^(?:local[ \t]+)?{variable}[ \t]*=", text, re.MULTILINE)
    if found is None:
        return None
    reader = _Reader(text[: found.end() + LENGTH_LIMIT], found.end())
    return reader.value(DEPTH_LIMIT)


class _Reader:
    def __init__(self, text: str, position: int) -> None:
        self._text = text
        self._tokens = self._tokenize(position)
        self._position = position
        self._next = next(self._tokens)

    def value(self, depth: int) -> object:
        kind, text = self._take()
        if kind == "string":
            return re.sub(r"\\(.)", self._escape, text[1:-1], flags=re.DOTALL)
        if kind == "number":
            return float(text) if re.search(r"[.eE]", text) else int(text)
        if kind == "name" and text in _WORDS:
            return _WORDS[text]
        if text == "{" and depth:
            return self._table(depth - 1)
        raise self._fault(text)

    def _table(self, depth: int) -> object:
        """A list where every value is without a name, else a dict."""
        plain: list[object] = []
        named: dict[object, object] = {}
        while self._next[1] != "}":
            kind, text = self._next
            if text == "[":
                self._take()
                key = self.value(0)
                self._expect("]")
                self._expect("=")
                named[key] = self.value(depth)
            elif kind == "name" and text not in _WORDS:
                self._take()
                self._expect("=")
                named[text] = self.value(depth)
            else:
                plain.append(self.value(depth))
            if self._next[1] not in ("}", ",", ";"):
                raise self._fault(self._next[1])
            if self._next[1] != "}":
                self._take()
        self._take()
        if plain and named:
            raise ValueError(f"line {self._line()} mixes values with and without names")
        return named or plain

    def _take(self) -> tuple[str, str]:
        taken = self._next
        self._next = next(self._tokens)
        return taken

    def _expect(self, mark: str) -> None:
        if (found := self._take()[1]) != mark:
            raise self._fault(found)

    def _tokenize(self, position: int) -> Iterator[tuple[str, str]]:
        while (found := _TOKEN.match(self._text, position)) is not None:
            self._position, position = position, found.end()
            if not found["skip"]:
                yield str(found.lastgroup), found[0]
        self._position = position
        while True:
            yield "end", self._text[position : position + 1]

    def _escape(self, found: re.Match[str]) -> str:
        if found[1] not in _ESCAPES:
            raise ValueError(f"line {self._line()} has the escape \\{found[1]}")
        return _ESCAPES[found[1]]

    def _line(self) -> int:
        return self._text.count("\n", 0, self._position) + 1

    def _fault(self, text: str) -> ValueError:
        return ValueError(f"line {self._line()} has {text!r}" if text else f"line {self._line()} ends too early")
