"""nexsock.config.grammar: a text with variables, cut into its parts."""

import pytest

from nexsock.config import grammar
from nexsock.config.grammar import Reference, Variable


def test_plain_text_is_one_part():
    assert grammar.parse("no money here } { :-") == ("no money here } { :-",)


def test_parts_keep_the_offset_of_their_dollar():
    assert grammar.parse("a$B ${C}") == ("a", Variable("B", 1), " ", Variable("C", 4))


def test_two_dollars_are_one_and_hide_what_follows():
    assert grammar.parse("$${A}") == ("$", "{A}")


@pytest.mark.parametrize("text", ["$1", "$ ", "$", "$(pwd)", "$-", "$é"])
def test_a_dollar_before_anything_else_is_a_dollar(text):
    assert "".join(str(part) for part in grammar.parse(text)) == text


@pytest.mark.parametrize("operator", [":-", "-", ":?", "?", ":+", "+"])
def test_every_operator_takes_the_text_up_to_the_closing_brace(operator):
    assert grammar.parse(f"${{A{operator}b c}}d") == (Variable("A", 0, operator, ("b c",)), "d")


def test_braces_within_a_text_are_balanced():
    assert grammar.parse('${A:-{"x": {}}}}') == (Variable("A", 0, ":-", ("{", '"x": ', "{", "}", "}")), "}")


def test_variables_nest():
    inner = Variable("C", 9, "+", ("d",))
    assert grammar.parse("${A:-${B-${C+d}}}")[0] == Variable("A", 0, ":-", (Variable("B", 5, "-", (inner,)),))


def test_a_name_with_a_dot_is_a_reference():
    assert grammar.parse("${db.ports.admin-ui}") == (Reference("${db.ports.admin-ui}", 0),)


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("a ${}", 2, "'${}' names no variable"),
        ("${1}", 0, "'${1}' names no variable"),
        ("${A", 0, "'${A' is not closed"),
        ("${A:-${B}", 0, "'${A:-${B}' is not closed"),
        ("x ${A:-b", 2, "'${A:-b' is not closed"),
        ("${A b}", 3, "'${A b}' has ' ' after the variable's name"),
        ("${A:b}", 3, "'${A:b}' has ':' after the variable's name"),
        ("${A=b}", 3, "'${A=b}' has '=' after the variable's name"),
        ("${db.}", 0, "'${db.}' is not a reference"),
        ("${db.port:-1}", 0, "'${db.port:-1}' is not a reference"),
    ],
)
def test_what_breaks_the_grammar_is_shown_with_its_place(text, offset, message):
    with pytest.raises(grammar.Mistake) as caught:
        grammar.parse(text)
    assert (caught.value.offset, caught.value.message) == (offset, message)


def test_nesting_ends_at_twenty():
    def nested(depth: int) -> str:
        return "${A:-" * depth + "}" * depth

    assert grammar.parse(nested(grammar.MAX_DEPTH))
    with pytest.raises(grammar.Mistake, match="nested more than 20 deep"):
        grammar.parse(nested(grammar.MAX_DEPTH + 1))
