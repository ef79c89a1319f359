"""nexsock.config.interpolate: variables in the scalars of a tree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexsock.config import interpolate, tree
from nexsock.config.node import Node
from nexsock.model.origin import Origin

bounded = settings(max_examples=60)

HERE = Origin("nexsock.yaml", 3, 10)
VARIABLES = {"TAG": "v1", "EMPTY": "", "PORT": "3000", "ON": "True", "MONEY": "$TAG ${TAG}"}


def expand(text: str, **variables: str) -> tuple[str, list[str]]:
    problems: list = []
    return interpolate.expand(text, variables or VARIABLES, HERE, problems), [str(problem) for problem in problems]


def document(text: str) -> tuple[Node, list[str]]:
    problems: list = []
    node = interpolate.interpolate(tree.parse(text, "nexsock.yaml"), VARIABLES, problems)
    return node, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$TAG-${TAG}", "v1-v1"),
        ("${TAG:-d} ${EMPTY:-d} ${NO:-d}", "v1 d d"),
        ("${TAG-d} ${EMPTY-d} ${NO-d}", "v1  d"),
        ("${TAG:+r} ${EMPTY:+r} ${NO:+r}", "r  "),
        ("${TAG+r} ${EMPTY+r} ${NO+r}", "r r "),
        ("${TAG:?e} ${TAG?e} ${EMPTY?e}", "v1 v1 "),
        ("${NO:-${EMPTY:-$TAG}}", "v1"),
    ],
)
def test_operators_choose_as_the_specification_says(text, expected):
    assert expand(text) == (expected, [])


def test_a_text_that_is_not_needed_is_not_looked_at():
    assert expand("${TAG:-${NO:?missing}} ${NO:+$OTHER}") == ("v1 ", [])


def test_a_value_is_not_read_again_for_variables():
    assert expand("${MONEY}") == ("$TAG ${TAG}", [])


def test_an_unset_variable_is_empty_and_a_warning_at_its_dollar():
    problems: list = []
    assert interpolate.expand("x $NOPE", {}, HERE, problems) == "x "
    assert problems[0].severity == "warning"
    assert str(problems[0]) == (
        "nexsock.yaml:3:12: variable 'NOPE' is not set and counts as empty; set it, or write ${NOPE:-default}"
    )


def test_an_unset_variable_with_a_similar_name_gets_that_as_suggestion():
    _, problems = expand("$DB_PROT", DB_PORT="1")
    assert problems[0].endswith("did you mean 'DB_PORT'?")


def test_a_required_variable_gives_the_users_text():
    assert expand("${NO:?ask $TAG}${EMPTY:?}") == (
        "",
        [
            "nexsock.yaml:3:10: required variable 'NO' is not set: ask v1; set it in the environment or in .env",
            "nexsock.yaml:3:25: required variable 'EMPTY' is empty; set it in the environment or in .env",
        ],
    )


def test_a_mistake_leaves_the_text_as_it_is():
    assert expand("$TAG ${") == (
        "$TAG ${",
        ["nexsock.yaml:3:15: '${' names no variable; write $$ for a dollar sign"],
    )


def test_references_are_left_and_marked():
    expanded, problems = expand("$$x ${db.port} ${NO:-${db.host}}")
    assert (str(expanded), problems) == ("$x ${db.port} ${db.host}", [])
    assert expanded.spans == (
        (3, 13, Origin("nexsock.yaml", 3, 14)),
        (14, 24, Origin("nexsock.yaml", 3, 31)),
    )


def test_what_only_looks_like_a_reference_is_plain_text():
    assert type(expand("$${db.port} $V", V="${db.port}")[0]) is str


def test_a_part_of_a_text_keeps_its_references():
    pending, _ = expand("URL=${db.url}")
    assert interpolate.cut(pending, 4).spans == ((0, 9, Origin("nexsock.yaml", 3, 14)),)
    assert type(interpolate.cut(pending, 5)) is str
    assert interpolate.prefixed(pending, "my").spans[0][0] == 6


@pytest.mark.parametrize(
    ("text", "variables"),
    [("$A" * 40_000, {"A": ""}), ("$A$A", {"A": "x" * 40_000})],
    ids=["before", "after"],
)
def test_a_text_that_is_too_long_is_refused_before_and_after(text, variables):
    expanded, problems = expand(text, **variables)
    assert expanded == text
    assert "more than 65536 characters" in problems[0]


def test_a_long_text_without_variables_is_nobodys_business():
    assert expand("x" * 100_000) == ("x" * 100_000, [])


def test_keys_are_left_alone_and_values_say_where_they_come_from():
    node, _ = document("services: {web: {labels: {$TAG: $TAG, b: '${PORT}$TAG', c: '${NO:-x}', d: plain}}}")
    labels = node.mapping["services"].mapping["web"].mapping["labels"]
    assert labels.plain() == {"$TAG": "v1", "b": "3000v1", "c": "x", "d": "plain"}
    assert [child.via for child in labels.mapping.values()] == ["variable TAG", "variables PORT, TAG", None, None]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scale: $PORT", 3000),
        ("scale: '$PORT'", 3000),
        ("tty: $ON", True),
        ("ports: {default: '${PORT}'}", {"default": 3000}),
        ("ports: ['$PORT']", [3000]),
        ("depends_on: {db: {tunnel: $ON}}", {"db": {"tunnel": True}}),
        ("command: $ON", "True"),
        ("environment: {A: $PORT}", {"A": "3000"}),
        ("scale: $TAG", "v1"),
        ("scale: '${NO:-7}'", 7),
    ],
)
def test_a_variable_becomes_a_number_or_flag_where_the_field_wants_one(field, value):
    node, _ = document(f"services: {{web: {{{field}}}}}")
    web = node.mapping["services"].mapping["web"].plain()
    assert list(web.values()) == [value]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: x${", "1:8"),
        ("name: 'x${'", "1:9"),
        ('name: "x${"', "1:9"),
        ("name: |\n  one\n  two ${", "3:1"),
        ("name: >\n  one\n  two ${", "1:7"),
    ],
    ids=["plain", "single", "double", "literal", "folded"],
)
def test_problems_stand_as_exactly_as_the_way_of_writing_lets_us_know(text, place):
    _, problems = document(text)
    assert problems[0].startswith(f"nexsock.yaml:{place}: ")


def test_an_aliased_value_is_reported_once():
    _, problems = document("x-a: &a $NOPE\nname: *a\n")
    assert len(problems) == 1


PIECES = st.sampled_from(
    ["$", "{", "}", "${", "A", "B", ":-", "-", ":?", "?", ":+", "+", "$$", ".", "x", " ", "\n", "é"]
)


@bounded
@given(st.lists(PIECES, max_size=60).map("".join))
def test_whatever_is_written_ends_and_raises_nothing(text):
    problems: list = []
    expanded = interpolate.expand(text, {"A": "${A}", "B": ""}, HERE, problems)
    assert isinstance(expanded, str)
    assert all(problem.line >= 3 and problem.column >= 1 for problem in problems)


@bounded
@given(st.text(alphabet="ab {}:-?+.", max_size=40))
def test_a_text_whose_dollars_are_doubled_comes_back_as_it_was(text):
    written = text.replace("a", "$")
    assert expand(written.replace("$", "$$")) == (written, [])
