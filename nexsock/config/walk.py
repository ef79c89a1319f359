"""Go through the scalars of a tree and change some of them."""

from collections.abc import Callable
from dataclasses import replace

from nexsock.config.node import Node

Path = tuple[str, ...]
"""keys from the top of the document; an item of a list is "*" """


def scalars(node: Node, change: Callable[[Node, Path], Node], path: Path = ()) -> Node:
    """The tree with `change(scalar, path)` in place of each scalar; where nothing changed it is the same tree."""
    match node.value:
        case dict() as mapping:
            children = {key: scalars(child, change, (*path, key)) for key, child in mapping.items()}
            same = all(child is mapping[key] for key, child in children.items())
            return node if same else replace(node, value=children)
        case list() as items:
            below = (*path, "*")
            changed = [scalars(item, change, below) for item in items]
            same = all(new is old for new, old in zip(changed, items, strict=True))
            return node if same else replace(node, value=changed)
    return change(node, path)
