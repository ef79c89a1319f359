"""nexsock.config.walk: the scalars of a tree."""

from dataclasses import replace

from nexsock.config import tree, walk
from nexsock.config.node import Node

DOCUMENT = tree.parse("services: {web: {ports: [1, 2], tty: true}, api: {scale: 1}}", "f")


def test_every_scalar_comes_by_with_its_path():
    seen = []

    def look(node: Node, path: walk.Path) -> Node:
        seen.append((".".join(path), node.value))
        return node

    walk.scalars(DOCUMENT, look)
    assert seen == [
        ("services.web.ports.*", 1),
        ("services.web.ports.*", 2),
        ("services.web.tty", True),
        ("services.api.scale", 1),
    ]


def test_what_does_not_change_stays_the_same_tree():
    changed = walk.scalars(DOCUMENT, lambda node, path: replace(node, value=7) if "api" in path else node)
    assert changed.plain() == {"services": {"web": {"ports": [1, 2], "tty": True}, "api": {"scale": 7}}}
    assert changed.mapping["services"].mapping["web"] is DOCUMENT.mapping["services"].mapping["web"]
    assert walk.scalars(DOCUMENT, lambda node, _path: node) is DOCUMENT
