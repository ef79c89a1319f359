"""Colour, symbols and the width of text on a terminal. Without colour the text stays plain ASCII-friendly words."""

import re
import unicodedata

STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}

PHASES: dict[str, tuple[str, str]] = {
    "stopped": ("○", "dim"),
    "blocked": ("◌", "yellow"),
    "starting": ("◔", "cyan"),
    "running": ("●", "green"),
    "ready": ("●", "green"),
    "unhealthy": ("●", "red"),
    "stopping": ("◑", "yellow"),
    "backoff": ("↻", "yellow"),
    "completed": ("✔", "green"),
    "failed": ("✖", "red"),
}
"""The symbol and the style of each phase. A phase that a newer daemon invents is drawn without either."""

PREFIX_STYLES = ("cyan", "yellow", "green", "magenta", "blue")
"""Given to services in turn, so that neighbours in the file differ. Red is kept for trouble."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_]|[ -/][0-~])?")
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]")


def paint(text: str, style: str, colour: bool) -> str:
    """The text in a style of STYLES; unchanged without colour, or when there is nothing to paint."""
    if not colour or not text or style not in STYLES:
        return text
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def phase(name: str, colour: bool) -> str:
    """A phase as people see it: symbol and word in colour, or the word alone."""
    symbol, style = PHASES.get(name, ("", ""))
    return paint(f"{symbol} {name}", style, colour) if colour else name


def bare(text: str) -> str:
    """The text without its colours."""
    return _COLOUR.sub("", text) if "\x1b" in text else text


def width(text: str) -> int:
    """Columns that the text takes on a terminal: colours take none, wide letters two, combining marks none."""
    text = bare(text)
    if text.isascii():
        return len(text)
    return sum(_letter_width(letter) for letter in text)


def _letter_width(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def clip(text: str, columns: int) -> str:
    """The text, uncoloured, in at most `columns` (1 or more) columns; what was cut off shows as an ellipsis."""
    if width(text) <= columns:
        return text
    kept, used = [], 0
    for letter in text:
        used += _letter_width(letter)
        if used > columns - 1:
            break
        kept.append(letter)
    return "".join(kept).rstrip() + "…"


def one_line(text: str) -> str:
    """Text of unknown origin in one line that cannot steer the terminal."""
    if text.isprintable():
        return text
    return _CONTROL.sub(" ", _ESCAPE.sub("", text).replace("\t", " ")).strip()


def cell(text: str) -> str:
    """Text of unknown origin between colours of ours, in one line that cannot steer the terminal."""
    if text.isprintable():
        return text
    return _CONTROL.sub(" ", _ESCAPE.sub(_colour_alone, text).replace("\t", " "))


def lines(text: str) -> str:
    """Lines of unknown origin that cannot steer the terminal."""
    return text if text.isprintable() else "\n".join(map(one_line, text.split("\n")))


def _colour_alone(found: re.Match[str]) -> str:
    return found[0] if _COLOUR.fullmatch(found[0]) else ""


def output(text: str, colour: bool) -> str:
    """A line that a service wrote, fit to stand behind a prefix.

    With colour its colours stay and are ended at the end of the line; cursor movement never does, and of a line that
    was overwritten with carriage returns only the last state is shown. Without colour no escape sequence is left.
    """
    if text.isprintable():
        return text
    text = text.rstrip("\r")
    if "\r" in text:
        text = text[text.rindex("\r") + 1 :]
    if "\x1b" not in text:
        return _CONTROL.sub("", text)
    if not colour:
        return _CONTROL.sub("", _ESCAPE.sub("", text))
    kept = _ESCAPE.sub(_colour_alone, text)
    return _CONTROL.sub("", kept) + ("\x1b[0m" if _COLOUR.search(kept) else "")


def plural(count: int, thing: str) -> str:
    """ "1 service", "3 services"."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
