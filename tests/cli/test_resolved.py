import pytest
import yaml

from nexsock.cli import resolved
from nexsock.config.node import Node
from nexsock.model.origin import Origin


def node(value: object, line: int = 1, via: str | None = None) -> Node:
    if isinstance(value, dict):
        return Node({key: node(child, line + 1) for key, child in value.items()}, Origin("n.yaml", line, 1))
    if isinstance(value, list):
        return Node([node(child, line + 1) for child in value], Origin("n.yaml", line, 1))
    return Node(value, Origin("n.yaml", line, 1), via=via)


def test_dollars_are_doubled_so_that_it_is_a_file_again():
    assert resolved.yaml(node({"command": "serve $PORT ${A}"}), with_origins=False) == (
        'command: "serve $$PORT $${A}"\n'
    )


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "two words",
        "true",
        "No",
        "1",
        "1.5",
        "a: b",
        "a #b",
        "- x",
        "",
        " padded ",
        "multi\nline",
        "tab\t",
        "\x00control",
        "émile",
        "emoji 🙂",
        "'quoted'",
        '"',
        "*alias",
        "&anchor",
        "!tag",
        "%x",
        "@x",
        "=",
        "~",
        "null",
        "0x1F",
        "2026-11-23",
        "12:30",
        "...",
        "path/to-file_1.txt",
        5,
        1.5,
        True,
        None,
        [],
        {},
    ],
)
def test_every_scalar_means_itself_when_it_is_read_again(value):
    assert yaml.safe_load(resolved.yaml(node({"key": value}), with_origins=False)) == {"key": value}


def test_the_shape_is_kept():
    value = {"services": {"web": {"command": ["a", "b c"], "ports": {"http": 80}, "env": [{"x": 1, "y": ["z"]}]}}}
    assert yaml.safe_load(resolved.yaml(node(value), with_origins=False)) == value


def test_origins_stand_behind_the_values_as_comments():
    document = Node(
        {"a": node("x", 3), "list": node(["q"], 7), "b": node("z", 9, via="variable TAG")}, Origin("n.yaml", 1, 1)
    )
    assert resolved.yaml(document, with_origins=True) == (
        "a: x   # n.yaml:3:1\nlist:\n  - q  # n.yaml:8:1\nb: z   # n.yaml:9:1, variable TAG\n"
    )


def test_origins_are_told_by_path():
    assert resolved.origins(node({"a": {"b": ["x", "y"]}})) == {"a.b.0": "n.yaml:4:1", "a.b.1": "n.yaml:4:1"}
