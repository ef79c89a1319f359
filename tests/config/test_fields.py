"""Single values of fields."""

import pytest

from nexsock.config import fields, tree
from nexsock.config.fields import Fields
from nexsock.model.problem import Problem


def of(text: str, problems: list[Problem] | None = None) -> Fields:
    return Fields(tree.parse(text, "f"), "/p", "/home/me", [] if problems is None else problems)


@pytest.mark.parametrize(
    ("path", "absolute"),
    [
        ("a", "/p/a"), ("", "/p"), (".", "/p"), ("../a", "/a"), ("/a/./b", "/a/b"), ("~", "/home/me"),
        ("~/a", "/home/me/a"), ("~me/a", "/p/~me/a"),
    ],
)  # fmt: skip
def test_paths_are_relative_to_the_folder_and_a_tilde_is_home(path: str, absolute: str) -> None:
    assert of("{}").absolute(path) == absolute


def test_without_a_home_a_tilde_is_a_name() -> None:
    assert Fields(tree.parse("{}", "f"), "/p", "", []).absolute("~/a") == "/p/~/a"


@pytest.mark.parametrize("written", ["SIGTERM", "TERM", "term", "sigterm", 15, "15"])
def test_a_signal_has_many_spellings(written: str | int) -> None:
    assert fields.signal_name(written) == "SIGTERM"


@pytest.mark.parametrize("written", ["SIGTRM", "", "99", 0])
def test_what_is_no_signal_is_refused(written: str | int) -> None:
    with pytest.raises(ValueError, match="there is no signal"):
        fields.signal_name(written)


def test_text_is_as_it_was_written() -> None:
    given = of("{a: 1.10, b: true, c: 0x1F, d: '1.10', e: 0o17}")
    assert [given.text(name) for name in "abcde"] == ["1.10", "true", "0x1F", "1.10", "0o17"]


def test_a_wrong_value_gives_its_default_and_one_problem() -> None:
    problems: list[Problem] = []
    assert of("a: 10x", problems).seconds("a", 3.0) == 3.0
    assert [str(problem) for problem in problems] == [
        "f:1:4: a: '10x' is not a duration; write it like 250ms, 10s or 1h30m"
    ]


def test_a_value_that_has_a_problem_already_gets_no_second_one() -> None:
    problems = [Problem(file="f", line=1, column=4, message="variable X is not set")]
    of("a: ''", problems).seconds("a", 3.0)
    assert len(problems) == 1


def test_a_command_in_text_form_goes_to_the_shell() -> None:
    assert of("c: a b").command("c", ("sh", "-c")) == ("sh", "-c", "a b")
    assert of("c: [a, 1]").command("c") == ("a", "1")
    assert of("{}").command("c") == ()
