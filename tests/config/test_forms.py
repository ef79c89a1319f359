"""nexsock.config.forms: short forms of fields become the long one."""

import pytest

from nexsock.config import forms, interpolate, tree
from nexsock.config.node import Node
from nexsock.model.origin import Origin


def value(text: str) -> Node:
    return tree.parse(f"a: {text}", "f").mapping["a"]


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        (forms.assignments, "[A=1, B, C=, 'D=x=y']", {"A": "1", "B": None, "C": "", "D": "x=y"}),
        (forms.assignments, "[A=1, A=2]", {"A": "2"}),
        (forms.assignments, "{A: 1}", {"A": 1}),
        (forms.dependencies, "[db, cache]", {"db": {}, "cache": {}}),
        (forms.ports, "[3000, 9000, auto]", {"default": 3000, "9000": 9000, "auto": "auto"}),
        (forms.ports, "[]", {}),
        (forms.sequence, "common.env", ["common.env"]),
        (forms.sequence, "{path: a.env}", [{"path": "a.env"}]),
    ],
)
def test_short_forms_become_the_long_one(form, text, expected):
    assert form(value(text)).plain() == expected


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (forms.assignments, "[A=1, {B: 2}]"),
        (forms.assignments, "plain"),
        (forms.dependencies, "[1]"),
        (forms.ports, "[3000, 9000, 9000]"),
        (forms.ports, "[{port: 1}]"),
        (forms.sequence, "[a, b]"),
        (forms.sequence, "null"),
    ],
)
def test_what_is_in_no_known_form_stays_as_it_is(form, text):
    node = value(text)
    assert form(node) is node


def test_a_value_keeps_its_place_behind_the_equals_sign():
    entries = forms.assignments(value("[NAME=x, 'B=y']"))
    assert [child.origin for child in entries.mapping.values()] == [Origin("f", 1, 10), Origin("f", 1, 16)]
    assert entries.keys == {"NAME": Origin("f", 1, 5), "B": Origin("f", 1, 13)}


def test_a_value_keeps_its_reference():
    node = interpolate.interpolate(value("['URL=${db.url}']"), {}, [])
    assert forms.assignments(node).mapping["URL"].value.spans == ((0, 9, Origin("f", 1, 10)),)
