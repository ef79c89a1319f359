"""Lines that services wrote, with the colours that they wrote for a terminal as classes of the stylesheet.

The script log.js draws lines that follow in the same way.

Source: ECMA-48, 8.3.117 (SGR), and xterm's 256 and direct colours. Backgrounds are left out: text has to be readable in
light and dark.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nexsock.model.log import LogLine
from nexsock.views import style

PALETTE = ("a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7")
"""Classes of the eight colours; bright ones look the same."""
_COLOUR = re.compile(r"\x1b\[([0-9;:]*)m")


def shown(line: LogLine) -> dict[str, Any]:
    """A line in `pieces` of one look, without anything else that would steer a terminal."""
    return {
        "at": line.at,
        "service": line.service,
        "stream": line.stream,
        "pieces": pieces(style.output(line.text, colour=True)),
    }


def pieces(text: str) -> list[tuple[str, str]]:
    """(classes, text) of each stretch of one look; no stretch is empty.

    Args:
        text: without any escape sequences but colours (views.style.output).
    """
    found: list[tuple[str, str]] = []
    look: dict[str, str] = {}
    end = 0
    for code in _COLOUR.finditer(text):
        if code.start() > end:
            found.append((_classes(look), text[end : code.start()]))
        _change(look, code[1])
        end = code.end()
    if end < len(text):
        found.append((_classes(look), text[end:]))
    return found


def _classes(look: Mapping[str, str]) -> str:
    """In the order in which the script has them."""
    return " ".join(look[part] for part in ("weight", "colour") if part in look)


def _change(look: dict[str, str], codes: str) -> None:
    """Bring `look`, classes by what they say, up to date with the parameters of one sequence."""
    rest = iter([int(code or 0) for code in re.split("[;:]", codes)])
    for code in rest:
        if code == 0:
            look.clear()
        elif code == 1:
            look["weight"] = "ab"
        elif code == 2:
            look["weight"] = "ad"
        elif code == 22:
            look.pop("weight", None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            look["colour"] = PALETTE[code % 10]
        elif code == 38:
            look["colour"] = _nearest(rest)
        elif code == 39:
            look.pop("colour", None)
        elif code == 48:
            _nearest(rest)


def _nearest(rest: Iterator[int]) -> str:
    """The class for what follows a 38: "5;NUMBER" or "2;RED;GREEN;BLUE"."""
    kind, number = next(rest, 0), next(rest, 0)
    if kind == 2:
        return _of(number, next(rest, 0), next(rest, 0))
    if number < 16:
        return PALETTE[number % 8]
    if number < 232:
        number -= 16
        return _of(number // 36, number // 6 % 6, number % 6)
    return PALETTE[0] if number < 244 else PALETTE[7]


def _of(red: int, green: int, blue: int) -> str:
    most = max(red, green, blue, 1)
    return PALETTE[sum(1 << bit for bit, part in enumerate((red, green, blue)) if part * 3 > most * 2)]
