"""The schema: complete, agreed upon by code and docs, and told in the words of a person."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from nexsock.config import accept, build, check, circumstances, files, references, schema, tree
from nexsock.config.node import Node
from nexsock.model.problem import Problem

ROOT = Path(__file__).parent.parent.parent
CASES = sorted((ROOT / "tests" / "cases" / "config").glob("*/*.yaml"))

FULL = """
name: full
environment: {A: 1}
env_file: []
plugins: []
configs:
  one: {target: a.env, format: env, values: {}, mode: "0600"}
  two: {target: b, template: none}
  three: {target: c, file: none}
services:
  every:
    command: x
    shell: [sh]
    oneshot: false
    inputs: []
    working_dir: .
    environment: {A: 1}
    env_file: [{path: none, required: false, format: raw}]
    inherit_env: true
    configs: [{source: one, target: d}]
    ports: {http: {port: 1, env: X, protocol: http}}
    depends_on:
      other: {condition: started, required: true, restart: true, tunnel: true}
      far: {tunnel: {to: "a:1", ssh: b}}
    healthcheck:
      http: {url: /, status: 200, headers: {}}
      interval: 1s
      timeout: 1s
      retries: 1
      start_period: 1s
      start_interval: 1s
      success_threshold: 1
      on_unhealthy: none
    restart: always
    restart_policy: {delay: 1s, factor: 1, max_delay: 1s, window: 1s, max_in_window: 1, reset_after: 1s}
    success_exit_codes: [0]
    stop_signal: TERM
    stop_grace_period: 1s
    stop_command: x
    hooks:
      pre_start: [{command: x, timeout: 1s, working_dir: ., environment: {}}]
      post_start: []
      pre_stop: []
      post_stop: []
    watch:
      - {path: ., include: [], ignore: [], action: exec, signal: HUP, command: x, cascade: true, debounce: 1s}
    profiles: []
    scale: 1
    tty: true
    labels: {}
    description: x
    logging: {max_size: 1MiB, max_files: 1}
    limits: {nofile: 1, memory: 1MiB, nice: 1}
  other:
    external: {tcp: "a:1"}
    healthcheck: {tcp: 1}
"""


class Asked(dict[str, Node]):
    """The entries of a map, remembering which ones were asked for."""

    def __init__(self, entries: dict[str, Node]) -> None:
        super().__init__(entries)
        self.names: set[str] = set()

    def __contains__(self, key: object) -> bool:
        self.names.add(str(key))
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Node:
        self.names.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().get(key, default)


def watched(node: Node) -> Node:
    if isinstance(node.value, dict):
        return Node(Asked({key: watched(child) for key, child in node.value.items()}), node.origin, node.keys)
    if isinstance(node.value, list):
        return Node([watched(item) for item in node.value], node.origin)
    return node


def asked(node: Node, *path: str | int) -> set[str]:
    for part in path:
        node = node.items[part] if isinstance(part, int) else dict.__getitem__(node.mapping, part)
    assert isinstance(node.value, Asked)
    return node.value.names


def no_file(path: str) -> str:
    return ""


@pytest.fixture(scope="module")
def built() -> Node:
    """The full document after everything that reads it has run."""
    document = watched(tree.parse(FULL, "f"))
    problems: list[Problem] = []
    facts = circumstances.Facts("/p", {}, {}, "", no_file, str, problems)
    resolve = references.Facts("full", "/p", {})
    files.rendered(document, facts, resolve)
    services = build.build(document, facts)
    check.check(document, services, problems, is_folder=lambda _path: True)
    assert [str(problem) for problem in problems] == []
    return document


def fields_of(definition: dict[str, Any]) -> set[str]:
    return set(definition["properties"])


def objects(part: Any) -> Iterator[dict[str, Any]]:
    """Every object with properties in a schema."""
    if isinstance(part, dict):
        if isinstance(part.get("properties"), dict):
            yield part
        for inner in part.values():
            yield from objects(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from objects(inner)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.load())


def test_every_field_is_described_for_editors() -> None:
    definitions = schema.load()["$defs"]
    silent = [
        name
        for part in objects(schema.load())
        for name, field in part["properties"].items()
        if "description" not in field and "description" not in definitions.get(field.get("$ref", "")[8:], {})
    ]
    assert silent == []


def test_every_kind_of_map_refuses_unknown_keys() -> None:
    assert [part for part in objects(schema.load()) if part.get("additionalProperties") is not False] == []


def test_building_reads_exactly_the_fields_of_a_service_that_the_schema_has(built: Node) -> None:
    fields = fields_of(schema.load()["$defs"]["service"])
    assert asked(built, "services", "every") >= fields - {"extends", "scale"}  # done with before
    assert asked(built, "services", "every") <= fields


@pytest.mark.parametrize(
    "path",
    ["restart_policy", "hooks", "hooks.pre_start.0", "watch.0", "logging", "limits", "healthcheck"],
)
def test_building_reads_exactly_the_fields_within(built: Node, path: str) -> None:
    part: Any = schema.load()["$defs"]["service"]
    keys: list[str | int] = ["services", "every"]
    for step in path.split("."):
        keys.append(int(step) if step.isdigit() else step)
        part = part["items"] if step.isdigit() else part["properties"][step]
        while "$ref" in part or "anyOf" in part:
            part = schema.load()["$defs"][part["$ref"][8:]] if "$ref" in part else part["anyOf"][-1]
    assert asked(built, *keys) == fields_of(part)


def test_building_reads_exactly_the_fields_of_a_config(built: Node) -> None:
    read = set().union(*(asked(built, "configs", name) for name in ("one", "two", "three")))
    assert read == fields_of(schema.load()["$defs"]["config"])


def test_building_reads_exactly_the_fields_of_external(built: Node) -> None:
    part = schema.load()["$defs"]["service"]["properties"]["external"]
    assert asked(built, "services", "other", "external") == fields_of(part)


def test_building_reads_exactly_the_fields_of_a_tunnel(built: Node) -> None:
    need = schema.load()["$defs"]["service"]["properties"]["depends_on"]["anyOf"][1]["additionalProperties"]
    assert asked(built, "services", "every", "depends_on", "other") == fields_of(need)
    part = need["properties"]["tunnel"]["anyOf"][1]
    assert asked(built, "services", "every", "depends_on", "far", "tunnel") == fields_of(part)


def test_the_reference_lists_exactly_the_fields_of_the_schema_with_their_defaults() -> None:
    text = (ROOT / "docs" / "reference.md").read_text()
    documented = {}
    for title, section in re.findall(r"^### (.*?)\n(.*?)(?=^##|\Z)", text, re.M | re.S):
        if rows := re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", section, re.M):
            documented[title] = frozenset((name, default.strip()) for name, default in rows)
    definitions = schema.load()["$defs"]

    def row(name: str, field: dict[str, Any]) -> tuple[str, str]:
        words = field.get("description") or definitions[field["$ref"][8:]]["description"]
        return name, words.partition(" Default: ")[2].rstrip(".")

    described = {
        frozenset(row(name, field) for name, field in part["properties"].items()) for part in objects(schema.load())
    }
    assert set(documented.values()) == described


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_quick_look_says_what_the_library_says(path: Path) -> None:
    document = tree.compose(path.read_bytes().decode("utf-8-sig", "replace"), "f", [])
    if document is not None:
        assert accept.compiled(schema.load())(document) == jsonschema_accepts(document)


def jsonschema_accepts(document: Node) -> bool:
    return bool(jsonschema.Draft202012Validator(schema.load()).is_valid(schema.plain(document)))


SCALARS = some.none() | some.booleans() | some.integers(-2, 70_000) | some.sampled_from(
    ["", "auto", "80", "no", "on-failure:3", "true", "10s", "0600", "TERM", "x", "healthy", "dotenv", "a b"]
)  # fmt: skip
KEYS = ["path", "source", "command", "http", "x-a", "port", "url"]
VALUES = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.sampled_from(KEYS), inner, max_size=3),
    max_leaves=4,
)


def noded(value: Any) -> Node:
    origin = tree.parse("", "f").origin
    if isinstance(value, dict):
        return Node({key: noded(item) for key, item in value.items()}, origin, dict.fromkeys(value, origin))
    return Node([noded(item) for item in value], origin) if isinstance(value, list) else Node(value, origin)


@settings(max_examples=300)
@given(field=some.sampled_from(sorted(schema.load()["$defs"]["service"]["properties"])), value=VALUES)
def test_the_quick_look_never_lets_through_what_the_library_refuses(field: str, value: Any) -> None:
    document = noded({"services": {"web": {field: value}}})
    assert accept.compiled(schema.load())(document) == jsonschema_accepts(document)


@given(field=some.sampled_from(sorted(schema.load()["$defs"]["service"]["properties"])), value=VALUES)
@settings(max_examples=300)
def test_whatever_is_wrong_has_a_place_and_is_taken_out(field: str, value: Any) -> None:
    document = noded({"services": {"web": {field: value}}})
    problems: list[Problem] = []
    damaged: set[str] = set()
    sound = schema.validate(document, problems, damaged)
    assert bool(problems) == (not jsonschema_accepts(document)) == bool(damaged)
    assert jsonschema_accepts(sound)


def test_a_keyword_that_the_quick_look_does_not_know_is_refused_when_the_schema_is_compiled() -> None:
    with pytest.raises(NotImplementedError):
        accept.compiled({"multipleOf": 3})


def test_what_reset_removes_needs_no_type() -> None:
    problems: list[Problem] = []
    schema.validate(tree.parse("services: {web: {ports: !reset null, command: x}}", "f"), problems, set())
    assert problems == []
