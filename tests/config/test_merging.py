"""nexsock.config.merging: one document on top of another. The cases as files are in tests/cases/overlay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexsock.config import merging, tree
from nexsock.config.node import Node
from nexsock.model.origin import Origin

bounded = settings(max_examples=80)


def service(text: str, file: str = "f") -> Node:
    return tree.parse(f"services: {{web: {text}}}", file)


def merged(base: str, over: str) -> object:
    document = merging.settle(merging.merge(service(base), service(over)))
    return document.mapping["services"].mapping["web"].plain()


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        ("{tty: true, scale: 2, description: a}", "{tty: false, scale: 0, description: ''}", (False, 0, "")),
        ("{tty: true, scale: 2, description: a}", "{tty: null, scale: null}", (True, 2, "a")),
    ],
    ids=["false, 0 and the empty text count", "nothing does not"],
)
def test_a_later_value_wins(base, over, expected):
    assert tuple(merged(base, over).values()) == expected


def test_commands_replace():
    base = "{command: [a, b], shell: [sh], stop_command: x, healthcheck: {test: [CMD, a], retries: 2}}"
    over = "{command: c, shell: [bash, -c], stop_command: [y], healthcheck: {test: [CMD, b]}}"
    assert merged(base, over) == {
        "command": "c",
        "shell": ["bash", "-c"],
        "stop_command": ["y"],
        "healthcheck": {"test": ["CMD", "b"], "retries": 2},
    }


def test_an_environment_merges_by_name_in_any_form_and_keeps_every_equals_sign():
    base = "{environment: [URL=http://h/?a=1&b=2, KEY=dGVzdA==, OLD=1, GONE]}"
    over = "{environment: {OLD: 2, NEW: 3, KEY: null}}"
    expected = {"URL": "http://h/?a=1&b=2", "KEY": None, "OLD": 2, "GONE": None, "NEW": 3}
    assert merged(base, over)["environment"] == expected
    assert merged(over, base)["environment"]["URL"] == "http://h/?a=1&b=2"


def test_dependencies_merge_by_name_and_a_short_one_keeps_the_condition():
    merged_needs = merged("{depends_on: {db: {condition: healthy}}}", "{depends_on: [db, cache]}")["depends_on"]
    assert merged_needs == {"db": {"condition": "healthy"}, "cache": {}}


def test_ports_merge_by_name_and_the_first_stays_the_first():
    ports = merged("{ports: [3000]}", "{ports: {admin: 9000, default: 4000}}")["ports"]
    assert list(ports.items()) == [("default", 4000), ("admin", 9000)]


def test_lists_append_and_what_has_a_name_replaces_its_namesake():
    base = "{watch: [{path: a}], env_file: a.env, profiles: [x], configs: [one, {source: two, target: t}]}"
    over = "{watch: [{path: a}], env_file: [b.env, {path: a.env, required: false}], profiles: [x, y], configs: [one]}"
    assert merged(base, over) == {
        "watch": [{"path": "a"}, {"path": "a"}],
        "env_file": [{"path": "a.env", "required": False}, "b.env"],
        "profiles": ["x", "y"],
        "configs": ["one", {"source": "two", "target": "t"}],
    }


def test_a_probe_of_another_kind_replaces_the_one_before():
    assert merged("{healthcheck: {http: /health, retries: 5}}", "{healthcheck: {tcp: 5432}}")["healthcheck"] == {
        "retries": 5,
        "tcp": 5432,
    }


def test_reset_removes_and_override_replaces():
    base = "{environment: {A: 1, B: 2}, watch: [{path: a}], labels: {x: y}, scale: 3}"
    over = "{environment: {A: !reset null}, watch: !override [{path: b}], labels: !override {}, scale: !reset 1}"
    assert merged(base, over) == {"environment": {"B": 2}, "watch": [{"path": "b"}], "labels": {}}


def test_what_comes_after_a_reset_stands_alone():
    reset = merging.merge(service("{labels: {a: 1}}"), service("{labels: !reset null}"))
    document = merging.settle(merging.merge(reset, service("{labels: {b: 2}}")))
    assert document.plain() == {"services": {"web": {"labels": {"b": 2}}}}


def test_tags_of_a_single_document_mean_the_same():
    assert merging.settle(service("{labels: !override {a: 1}, scale: !reset 2}")).plain() == {
        "services": {"web": {"labels": {"a": 1}}}
    }


def test_values_keep_their_places_and_maps_that_of_their_first():
    document = merging.merge(service("{labels: {a: 1, b: 2}}", "one"), service("{labels: {b: 3}}", "two"))
    web = document.mapping["services"].mapping["web"]
    assert document.mapping["services"].keys["web"] == Origin("one", 1, 12)
    assert [child.origin.file for child in web.mapping["labels"].mapping.values()] == ["one", "two"]
    assert web.mapping["labels"].keys["b"].file == "two"


def test_neither_document_is_changed():
    base, over = service("{labels: {a: 1}, watch: [{path: a}]}"), service("{labels: [b=2], watch: [{path: b}]}")
    before = base.plain(), over.plain()
    merging.merge(base, over)
    assert (base.plain(), over.plain()) == before


def _node(value: object) -> Node:
    here = Origin("f", 1, 1)
    if isinstance(value, tuple):
        return Node(_node(value[1]).value, here, tag=value[0])
    if isinstance(value, dict):
        return Node({key: _node(child) for key, child in value.items()}, here, dict.fromkeys(value, here))
    if isinstance(value, list):
        return Node([_node(item) for item in value], here)
    return Node(value, here)


def _tagged(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return values | st.tuples(st.sampled_from(["!reset", "!override"]), values)


SCALARS = st.sampled_from([None, False, 0, "", 1, "x"])
LISTS = st.lists(SCALARS, max_size=3)


def _maps(children: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Maps in which the first letter of a key says what is below it, so that kinds do not clash."""
    return st.fixed_dictionaries(
        {}, optional={"s1": _tagged(SCALARS), "s2": _tagged(SCALARS), "l1": _tagged(LISTS), "m1": _tagged(children)}
    )


MAPS = _maps(_maps(_maps(st.just({}))))


@bounded
@given(MAPS, MAPS, MAPS)
def test_the_order_in_which_documents_are_merged_makes_no_difference(one, two, three):
    a, b, c = _node(one), _node(two), _node(three)
    left = merging.merge(merging.merge(a, b), c)
    right = merging.merge(a, merging.merge(b, c))
    assert merging.settle(left).plain() == merging.settle(right).plain()
