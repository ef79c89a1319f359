"""Where each value of a YAML text begins and ends, for who changes one of them and leaves the rest alone.

The text has gone through `tree.compose` before, so it is one document within the limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import yaml
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

Path = tuple[str, ...]


@dataclass(slots=True)
class Spot:
    """One value: `text[start:end]` is all of it, with its anchor and tag, without a comment behind it.

    `inside` is whether it is written in brackets. The values of a map have their `keys` beside them. `column` is the
    one that the keys or dashes of a list or map without brackets stand in.
    """

    kind: Literal["scalar", "alias", "map", "list"]
    start: int
    end: int
    column: int
    text: str = ""
    style: str | None = None
    inside: bool = False
    keys: list[Spot] = field(default_factory=list)
    values: list[Spot] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """There is a key, and nothing behind it."""
        return self.kind == "scalar" and self.start == self.end

    @property
    def is_block(self) -> bool:
        """A text after | or >, or a list or map without brackets."""
        return self.style in ("|", ">") or (self.kind in ("map", "list") and not self.inside)

    def find(self, name: str) -> int | None:
        """The number of the value with this key or, in a list, with this index or in the form `name` or `name=...`."""
        if self.kind == "map":
            return next((number for number, key in enumerate(self.keys) if key.text == name), None)
        if self.kind == "list" and name.isdecimal():
            return int(name) if int(name) < len(self.values) else None
        items = enumerate(self.values) if self.kind == "list" else ()
        return next((number for number, item in items if item.text == name or item.text.startswith(f"{name}=")), None)


def of(text: str) -> Spot | None:
    """The whole document, or None when there is none."""
    loader = yaml.CLoader(text)
    open_spots: list[Spot] = []
    root = None
    try:
        while (event := loader.get_event()) is not None:
            if isinstance(event, MappingEndEvent | SequenceEndEvent):
                _close(open_spots.pop(), event)
            elif isinstance(event, NodeEvent):
                spot = _spot(event, text)
                root = root or spot
                if open_spots:
                    _take(open_spots[-1], spot)
                if spot.kind in ("map", "list"):
                    open_spots.append(spot)
    finally:
        loader.dispose()
    return root


def along(root: Spot, path: Path) -> list[Spot]:
    """The values on the way from the root to `path`, as far as they exist: the root itself is the first."""
    way = [root]
    for name in path:
        number = way[-1].find(name)
        if number is None:
            break
        way.append(way[-1].values[number])
    return way


def _spot(event: NodeEvent, text: str) -> Spot:
    assert event.start_mark is not None
    assert event.end_mark is not None
    start, end, column = event.start_mark.index, event.end_mark.index, event.start_mark.column
    match event:
        case AliasEvent():
            return Spot("alias", start, end, column)
        case ScalarEvent():
            if event.style in ("|", ">"):
                end = start + len(text[start:end].rstrip())
            return Spot("scalar", start, end, column, event.value, event.style or None)
        case MappingStartEvent() | SequenceStartEvent():
            kind: Literal["map", "list"] = "map" if isinstance(event, MappingStartEvent) else "list"
            return Spot(kind, start, end, column, inside=bool(event.flow_style))
    raise AssertionError(event)


def _take(parent: Spot, spot: Spot) -> None:
    if parent.kind == "map" and len(parent.keys) == len(parent.values):
        parent.keys.append(spot)
    else:
        parent.values.append(spot)


def _close(spot: Spot, event: Event) -> None:
    """The end of what has no brackets is the end of its last value; libyaml says where the next thing begins."""
    assert event.end_mark is not None
    spot.end = event.end_mark.index if spot.inside else spot.values[-1].end
    if spot.kind == "map" and not spot.inside:
        spot.column = spot.keys[0].column
