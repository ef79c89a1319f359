"""Change one value in a YAML text and leave every other byte as it is: comments, order, quoting, layout, line ends.

Nothing is written anew from a tree, as a YAML library would do: the places of the values are known (see spots), and
only what stands there is exchanged. Each change is read back before it is given out; one that would change anything
else as well is refused.
"""

from __future__ import annotations

import re
from typing import Any

from nexsock.config import expected, spots, tree, written
from nexsock.config.node import Node
from nexsock.config.spots import Path, Spot


class Unspliceable(Exception):
    """The text cannot be changed there; `str()` is a sentence, `offset` the place in the text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def put(text: str, path: Path, value: Node) -> str:
    """The text with this value at `path`, in the place of the one that stands there, or new behind its neighbours.

    A quoted value stays quoted. Maps on the way that do not exist are made.
    """
    root = spots.of(text)
    if root is None or root.is_empty:
        spliced = _with_lines(text, len(text), _nested(path, value, written.STEP), 0)
        return _checked(text, spliced, path, expected.assigned(_plain(text), path, value.plain()))
    way = spots.along(root, path)
    depth = len(way) - 1
    last, named = way[-1], ".".join(path[:depth])
    if depth == len(path):
        value = _quoted_as(last, value)
        spliced = _replaced(text, way, path, value)
    elif last.kind == "alias":
        raise Unspliceable(f"'{named}' is an alias here, and other places share its value", last.start)
    elif last.kind == "map" or last.is_empty:
        spliced = _inserted(text, way, path[depth:], value)
    else:
        what = "a list" if last.kind == "list" else "a single value"
        raise Unspliceable(f"'{named}' is {what} here and has no '{path[depth]}'", last.start)
    return _checked(text, spliced, path, expected.assigned(_plain(text), path, value.plain()))


def append(text: str, path: Path, value: Node) -> str:
    """The text with one more item in the list at `path`, which exists and has items."""
    spot = _existing(text, path)[-1]
    last = spot.values[-1]
    if spot.inside:
        spliced = _behind_last(text, spot, written.inline(value))
    else:
        dash = _dash(text, last)
        line = f"- {written.inline(value)}"
        spliced = _with_lines(text, _line_end(text, last.end), [line], dash - _line_start(text, dash))
    return _checked(text, spliced, path, expected.changed(_plain(text), path, lambda items: [*items, value.plain()]))


def name_items(text: str, path: Path) -> str:
    """The text with the list of names at `path` as a map from each name to `{}`, each in its place."""
    spot = _existing(text, path)[-1]
    spliced = text
    for item in reversed(spot.values):
        dash = item.start if spot.inside else _dash(text, item)
        lead = spliced[dash : item.start].replace("-", " ", 1)
        spliced = f"{spliced[:dash]}{lead}{spliced[item.start : item.end]}: {{}}{spliced[item.end :]}"
    if spot.inside:
        end = spot.end + len(": {}") * len(spot.values)
        spliced = f"{spliced[: spot.start]}{{{spliced[spot.start + 1 : end - 1]}}}{spliced[end:]}"
    return _checked(
        text, spliced, path, expected.changed(_plain(text), path, lambda items: {name: {} for name in items})
    )


def remove(text: str, path: Path, *, floor: int) -> str:
    """The text without the value at `path`.

    What becomes empty by that goes as well, but nothing of which the path has no more than `floor` parts: that stays
    as `{}`. With a service go the comments that are its own.
    """
    way = _existing(text, path)
    depth = len(path)
    while depth > floor + 1 and len(way[depth - 1].values) == 1:
        depth -= 1
    parent = way[depth - 1]
    number = next(number for number, value in enumerate(parent.values) if value is way[depth])
    if len(parent.values) == 1:
        start = parent.start if parent.inside else _after_key(text, way[depth - 2], parent)
        nothing = "[]" if parent.kind == "list" else "{}"
        spliced = text[:start] + " " * (start < parent.start) + nothing + text[parent.end :]
    elif parent.inside:
        spliced = _without_member(text, parent, number)
    else:
        spliced = _without_lines(text, parent, number, whole=depth == 2 and path[0] == "services")
    return _checked(text, spliced, path, expected.without(_plain(text), path[:depth]))


# -- putting in


def _replaced(text: str, way: list[Spot], path: Path, value: Node) -> str:
    spot, parent = way[-1], way[-2]
    in_brackets = any(outer.inside for outer in way[:-1])
    if parent.kind == "list":
        if spot.is_block or isinstance(value.value, dict | list):
            raise Unspliceable(f"'{'.'.join(path)}' is an item that nexsock cannot rewrite", spot.start)
        return text[: spot.start] + written.inline(value) + text[spot.end :]
    if in_brackets or (written.fits(value) and not spot.is_block and not spot.is_empty):
        return text[: spot.start] + written.inline(value) + text[spot.end :]
    after = _after_key(text, parent, spot)
    if written.fits(value):
        return f"{text[:after]} {written.inline(value)}{text[spot.end :]}"
    bare = text[:after] + text[spot.end :]
    return _with_lines(bare, _line_end(bare, after), list(written.block(value, _step(way))), parent.column + _step(way))


def _inserted(text: str, way: list[Spot], path: Path, value: Node) -> str:
    """A new entry `path[0]` in the map that the way ends with, and within it the rest of the path."""
    spot = way[-1]
    if any(outer.inside for outer in way[:-1]) or (spot.inside and spot.values):
        for name in reversed(path[1:]):
            value = Node({name: value}, value.origin)
        member = f"{written.scalar(path[0])}: {written.inline(value)}"
        return (
            _behind_last(text, spot, member) if spot.values else f"{text[: spot.start]}{{ {member} }}{text[spot.end :]}"
        )
    lines = _nested(path, value, _step(way))
    if spot.values:
        gap = [""] if _has_gaps(text, spot) else []
        return _with_lines(text, _tail(text, spot.end, spot.column), [*gap, *lines], spot.column)
    if len(way) == 1:
        return _with_lines(text[: spot.start] + text[spot.end :], spot.start, lines, 0)
    start = _after_key(text, way[-2], spot) if not spot.is_empty else spot.start
    bare = text[:start] + text[spot.end :]
    return _with_lines(bare, _line_end(bare, start), lines, way[-2].column + _step(way))


def _nested(path: Path, value: Node, step: int) -> list[str]:
    """The lines of a value below the keys of a path."""
    lines = written.entry(path[-1], value, step)
    for name in reversed(path[:-1]):
        lines = [f"{written.scalar(name)}:", *(" " * step + line for line in lines)]
    return lines


def _with_lines(text: str, at: int, lines: list[str], indent: int) -> str:
    """The text with whole lines after the line that ends at `at`, with the line ends that it has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    added = newline.join(" " * indent + line if line else "" for line in lines)
    before, after = text[:at], text[at:]
    if not before or before.endswith("\n"):
        return f"{before}{added}{newline}{after}"
    return f"{before}{newline}{added}{after}"


def _behind_last(text: str, spot: Spot, member: str) -> str:
    """The text with one more member in brackets, which have some."""
    last = spot.values[-1].end
    comma = re.match(r"\s*,", text[last : spot.end])
    if comma:
        at = last + comma.end()
        return f"{text[:at]} {member}{text[at:]}"
    return f"{text[:last]}, {member}{text[last:]}"


def _quoted_as(old: Spot, value: Node) -> Node:
    """A scalar with the quotes of the one that it replaces."""
    if (
        old.kind == "scalar"
        and old.style in ("'", '"')
        and not isinstance(value.value, dict | list)
        and value.value is not None
    ):
        return Node(
            value.value if isinstance(value.value, str) else value.text, value.origin, text=value.text, style=old.style
        )
    return value


# -- taking out


def _without_member(text: str, parent: Spot, number: int) -> str:
    firsts = parent.keys if parent.kind == "map" else parent.values
    if number + 1 < len(firsts):
        return text[: firsts[number].start] + text[firsts[number + 1].start :]
    return text[: parent.values[number - 1].end] + text[parent.values[number].end :]


def _without_lines(text: str, parent: Spot, number: int, *, whole: bool) -> str:
    """Without the lines of an entry; with `whole` also without the comments that are its own.

    Those are the ones right above it at its own indentation, and the ones right below it that are indented deeper.
    """
    value = parent.values[number]
    first = parent.keys[number].start if parent.kind == "map" else _dash(text, value)
    start = _line_start(text, first)
    if text[start:first].strip():
        if number + 1 == len(parent.values):
            raise Unspliceable("this entry shares its line with another one", first)
        return text[:first] + text[(parent.keys or parent.values)[number + 1].start :]
    end = _line_end(text, value.end)
    if whole:
        end = _tail(text, value.end, first - start)
        while (above := _line_start(text, start - 1)) < start and re.match(
            rf" {{{first - start}}}#", text[above:start]
        ):
            start = above
        if number == 0:
            end = len(text) - len(re.sub(r"\A(?:\r?\n[ ]*(?=\r?\n))+", "", text[end:]))
        else:
            start = _gap_above(text, start, end)
    before, after = text[:start], re.sub(r"\A\r?\n", "", text[end:], count=1)
    if not after and not text.endswith("\n"):
        return before.rstrip("\r\n")
    return before + after


def _gap_above(text: str, start: int, end: int) -> int:
    """Where the empty line above begins, if another one, or nothing, follows below."""
    below = text[end:].lstrip("\r\n ") == "" or re.match(r"\r?\n[ ]*\r?\n", text[end:])
    while below and start and not text[(above := _line_start(text, start - 1)) : start].strip() and above < start:
        start = above
        if text[end:].strip():
            break
    return start


# -- where things are


def _existing(text: str, path: Path) -> list[Spot]:
    root = spots.of(text)
    way = [] if root is None else spots.along(root, path)
    if len(way) <= len(path):
        raise Unspliceable(f"'{'.'.join(path)}' is not written here", way[-1].start if way else 0)
    return way


def _after_key(text: str, parent: Spot, value: Spot) -> int:
    """The place right behind the colon before a value."""
    if parent.kind == "list":
        raise Unspliceable("an item of a list cannot be changed from one line to many, or the other way", value.start)
    key = next(key for key, one in zip(parent.keys, parent.values, strict=True) if one is value)
    return text.index(":", key.end) + 1


def _dash(text: str, item: Spot) -> int:
    """The place of the dash before an item of a list without brackets."""
    return text.rindex("-", 0, item.start)


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, max(at, 0)) + 1


def _line_end(text: str, at: int) -> int:
    """The end of the line, before its line break."""
    found = text.find("\n", at)
    end = len(text) if found < 0 else found
    return end - 1 if end > at and text[end - 1] == "\r" else end


def _tail(text: str, end: int, column: int) -> int:
    """The end of the last line that belongs to what ends at `end`: comments that follow, deeper than `column`."""
    at = _line_end(text, end)
    while follows := re.match(rf"(?:\r?\n[ ]*(?=\r?\n))*\r?\n {{{column + 1},}}#[^\r\n]*", text[at:]):
        at += follows.end()
    return at


def _step(way: list[Spot]) -> int:
    """By how many columns this file is indented."""
    root = way[0]
    for value in root.values:
        if value.kind == "map" and not value.inside and value.column > root.column:
            return value.column - root.column
    return written.STEP


def _has_gaps(text: str, spot: Spot) -> bool:
    """Whether empty lines stand between the entries of a map."""
    between = zip(spot.values, spot.keys[1:], strict=False)
    return any(re.search(r"\n[ ]*\r?\n", text[value.end : key.start]) for value, key in between)


# -- reading back


def _checked(before: str, after: str, path: Path, wanted: object) -> str:
    """The new text, if it is read as what is expected of it and as nothing else."""
    if _plain(after) == wanted:
        return after
    root = spots.of(before)
    place = spots.along(root, path)[-1].start if root is not None else 0
    raise Unspliceable(f"'{'.'.join(path)}' cannot be changed here without changing something else", place)


def _plain(text: str) -> Any:
    document = tree.compose(text, "", [])
    return None if document is None else document.plain()
