"""The tree of a YAML document whose values still know where they stand.

Every step of the pipeline (interpolate, overlay, schema, build, check) takes and gives these nodes, so that a
problem found late can still point at its line and column.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nexsock.model.origin import Origin

Scalar = str | int | float | bool | None


@dataclass(slots=True)
class Node:
    """A scalar, list or mapping with its place.

    `value` is a scalar, a list of nodes, or a dict from key text to node. `keys` has the place of each key of a
    mapping. `tag` is a merge tag of the user ("!reset", "!override") or None. `text` is a scalar as it was written.
    `style` is how a scalar is quoted: None (plain), "'", '"', "|" or ">".
    `via` says how the value came to be when it is not simply written there: "variable TAG", "default", "env file x".
    """

    value: Scalar | list[Node] | dict[str, Node]
    origin: Origin
    keys: dict[str, Origin] = field(default_factory=dict)
    tag: str | None = None
    text: str | None = None
    style: str | None = None
    via: str | None = None

    @property
    def items(self) -> list[Node]:
        """The children of a list; a mistake to ask of anything else."""
        assert isinstance(self.value, list)
        return self.value

    @property
    def mapping(self) -> dict[str, Node]:
        """The children of a mapping; a mistake to ask of anything else."""
        assert isinstance(self.value, dict)
        return self.value

    def plain(self) -> object:
        """The value without places: str, int, float, bool, None, list and dict."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value
