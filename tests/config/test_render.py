"""nexsock.config.render: values as the text of files, taken back by the readers of each format."""

import json
import subprocess
import tomllib

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nexsock.config import envfile, render, tree

bounded = settings(max_examples=40)

NASTY = [
    "", " ", "plain", "two words", "tab\there", "a\nb\n", "\r\n", "'", '"', "it's", "\\", "a\\", "\\'", "\\\\'",
    "$HOME", "\x85",
    "${X:-y}", "$$", "`id`", "'`$(id)`'", "#", "a # b", "a#b", "=", "a=b", ":", "!", "~", "~/x", "*", "a;b", "a&b|c",
    "é", "😀", "\x1b[1m", "no", "0755", "1e3", "0o17", "null", "true", "22:22", "- x", "{a}", "%x", "\x7f", "\u2028",
]  # fmt: skip

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20) | st.text(
    "'\"\\$`# \n=!", max_size=12
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)


def values_of(text: str) -> tuple[str | None, list[str]]:
    form, _, values = text.partition(" ")
    problems: list = []
    return render.render(form, tree.parse(f"values: {values}", "f").mapping["values"], problems), list(
        map(str, problems)
    )


def by_shell(text: str, names: list[str]) -> dict[str, str]:
    """What `. file` in /bin/sh makes of the text."""
    shown = "; ".join(f'printf "%s\\0" "${name}"' for name in names)
    run = subprocess.run(["/bin/sh", "-c", f"{text}\n{shown}"], capture_output=True, check=True, env={})
    assert run.stderr == b""
    return dict(zip(names, run.stdout.decode().split("\0"), strict=False))


def test_env_is_read_alike_by_the_shell_and_by_our_reader():
    values = {f"N{number}": text for number, text in enumerate(NASTY)}
    text = render.env(values)
    assert by_shell(text, list(values)) == values
    assert envfile.parse(text, "dotenv", {}, "f") == (values, [])


@bounded
@given(st.dictionaries(st.integers(0, 30).map("V{}".format), TEXTS, max_size=8))
def test_env_round_trips_through_the_shell(values):
    assert by_shell(render.env(values), list(values)) == values


@bounded
@given(st.dictionaries(NAMES, TEXTS, max_size=8))
def test_env_and_properties_round_trip_through_our_readers(values):
    assert envfile.parse(render.env(values), "dotenv", {}, "f") == (values, [])
    assert envfile.parse(render.properties(values), "properties", {}, "f") == (values, [])


def test_env_says_flags_and_numbers_as_they_are_written_and_nothing_as_empty():
    assert values_of("env {A: true, B: 1.10, C: null, D: a b}") == ("A=true\nB=1.10\nC=\nD='a b'\n", [])
    assert render.env({"A": True, "B": 1.5}) == "A=true\nB=1.5\n"


def test_properties_are_plain_ascii():
    assert values_of('properties {a.b: é😀, "c d": " #x\\n"}')[0] == ("a.b=\\u00E9\\uD83D\\uDE00\nc\\ d=\\ #x\\n\n")


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXTS
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
DOCUMENTS = st.dictionaries(TEXTS, TREES, max_size=4)


@bounded
@given(st.dictionaries(TEXTS, TREES.filter(lambda value: "inf" not in repr(value)), max_size=4))
def test_json_round_trips(values):
    assert json.loads(render.json_text(values)) == values


@bounded
@given(DOCUMENTS)
def test_yaml_round_trips(values):
    assert yaml.safe_load(render.yaml_text(values)) == values


@bounded
@given(st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), TEXTS, max_size=5))
def test_yaml_means_the_same_to_a_yaml_1_2_reader(values):
    assert tree.parse(render.yaml_text(values), "f").plain() == values


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_text_survives_every_format_with_types(text):
    values = {"a": {"b": [text]}}
    assert yaml.safe_load(render.yaml_text(values)) == values
    assert tree.parse(render.yaml_text(values), "f").plain() == values
    assert json.loads(render.json_text(values)) == values
    assert tomllib.loads(render.toml(values)) == values


def without_null(value: object) -> bool:
    if isinstance(value, (list, dict)):
        return all(map(without_null, value.values() if isinstance(value, dict) else value))
    return value is not None


@bounded
@given(DOCUMENTS.filter(without_null))
def test_toml_round_trips(values):
    assert tomllib.loads(render.toml(values)) == values


def test_toml_has_tables_for_maps():
    assert values_of("toml {a: 1, t: {b: [x, {y: 2}], u: {}}, v.w: {c: 1.5, d: true}}")[0] == (
        'a = 1\n\n[t]\nb = ["x", {y = 2}]\n\n[t.u]\n\n["v.w"]\nc = 1.5\nd = true\n'
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("env {A: {b: 1}}", "f:1:13: 'A' has values within, which this format cannot say; use json, yaml or toml"),
        ("properties {a: [1]}", "f:1:13: 'a' has values within, which this format cannot say; use json, yaml or toml"),
        ("env {a-b: 1}", "f:1:15: 'a-b' is not a name that a shell can assign to; use letters, digits and _"),
        ('env {A: "x\\0"}', "f:1:13: 'A' has a NUL character, which no environment can hold"),
        ("toml {a: {b: null}}", "f:1:17: 'a.b' is null, which toml does not have; leave it out"),
        ("toml {a: 99999999999999999}", None),
        ("json [1]", "f:1:9: 'values' is not a map; write it as 'NAME: value' lines"),
    ],
)
def test_what_a_format_cannot_say_is_a_problem_at_the_value(text, problem):
    rendered, problems = values_of(text)
    assert problems == ([problem] if problem else [])
    assert (rendered is None) == bool(problem)


@pytest.mark.parametrize("render_text", [render.json_text, render.toml])
def test_numbers_that_a_format_does_not_have_are_refused(render_text):
    with pytest.raises(ValueError, match=r"^'a\.0' "):
        render_text({"a": [float("inf") if render_text is render.json_text else 2**63]})
