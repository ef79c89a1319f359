import pytest

from nexsock.model.problem import Problem
from nexsock.views import problems


def problem(**changes) -> Problem:
    fields = {"file": "nexsock.yaml", "line": 14, "column": 16, "message": "there is no service 'databse'"}
    return Problem(**{**fields, **changes})


def test_a_problem_is_place_sentence_suggestion_line_and_caret():
    found = problem(suggestion="did you mean 'database'?", source_line="    depends_on: [databse]", column=18)
    assert problems.one(found, colour=False) == (
        "nexsock.yaml:14:18: there is no service 'databse'; did you mean 'database'?\n"
        "    depends_on: [databse]\n"
        "                 ^\n"
    )


def test_without_its_line_a_problem_is_one_line():
    assert problems.one(problem(), colour=False) == "nexsock.yaml:14:16: there is no service 'databse'\n"


def test_a_warning_says_that_it_is_one():
    assert "nexsock.yaml:14:16: warning: there" in problems.one(problem(severity="warning"), colour=False)


@pytest.mark.parametrize(
    ("line", "column", "caret_below"),
    [("日本: x", 1, "日"), ("日本: x", 5, "x"), ("\tkey: v", 2, "k"), ("key: v", 99, "")],
)
def test_the_caret_stands_below_its_letter(line, column, caret_below):
    _, source, caret = problems.one(problem(source_line=line, column=column), colour=False).splitlines()
    columns = [letter for letter in source for _ in range(2 if letter in "日本" else 1)]
    assert "".join(columns[caret.index("^") :][:1]) == caret_below


def test_the_summary_counts_problems_and_files():
    assert problems.summary([problem()]) == "1 problem in nexsock.yaml"
    assert problems.summary([problem(), problem(file="base.yaml")]) == "2 problems in 2 files"


def test_a_file_of_an_odd_name_does_not_steer_the_terminal():
    odd = problem(file="a\x1b[2J.yaml", source_line=None)
    assert "\x1b" not in problems.render([odd], colour=False) + problems.summary([odd])
