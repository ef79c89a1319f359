"""nexsock.config.envfile: files of variables in three formats. What Compose reads is in tests/oracle."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexsock.config import envfile

bounded = settings(max_examples=80)


def read(text: str, form: envfile.Format = "dotenv", **lookup: str) -> tuple[dict[str, str], list[str]]:
    found, problems = envfile.parse(text, form, lookup, "app.env")
    return found, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nexport B=2\n\n# note\n  C = 3 # note\nD: 4", {"A": "1", "B": "2", "C": "3", "D": "4"}),
        ("A=x#y\nB='#'\nC=\"#\" # note\nD= # note", {"A": "x#y", "B": "#", "C": "#", "D": ""}),
        ('A=\'$X \\n\'\nB="\\tb\\"c\\\\ \\$X \\q"', {"A": "$X \\n", "B": '\tb"c\\ $X \\q'}),
        ("A='one\n  two'\nB=\"three\nfour\"", {"A": "one\n  two", "B": "three\nfour"}),
        ("A=1\nB=$A-${A:-x}-${NO:-y}\nC=$$A", {"A": "1", "B": "1-1-y", "C": "$A"}),
        ('A=1\r\nB="2"\r\n', {"A": "1", "B": "2"}),
        ("A=b=c=\nA.B-C[0]=x", {"A": "b=c=", "A.B-C[0]": "x"}),
        ('A="\\033[1m\\a\\101"', {"A": "\x1b[1m\a\\101"}),
        ("", {}),
    ],
)
def test_dotenv_is_read_as_compose_reads_it(text, expected):
    assert read(text) == (expected, [])


def test_a_bare_name_takes_the_callers_value_or_is_unset():
    assert read("SET\nUNSET\nexport SET2", SET="1", SET2="2") == ({"SET": "1", "SET2": "2"}, [])


def test_the_callers_value_wins_over_the_files_own_in_later_values():
    assert read("A=file\nB=$A", A="caller") == ({"A": "file", "B": "caller"}, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A=1\n=2", "app.env:2:1: the name of the variable is missing; "),
        ("A=1\n  A B=2", "app.env:2:3: 'A B' is not a name for a variable; "),
        ("A=1\nB='x", "app.env:2:3: this ' is not closed; add a '"),
        ('A="x"y', "app.env:1:6: 'y' stands after the closing quote; "),
        ("A='a''b'", "app.env:1:6: \"'b'\" stands after the closing quote; "),
        ("A=a\0b", "app.env:1:1: the value of A has a NUL character; "),
        ('A="\\00"', "app.env:1:1: the value of A has a NUL character; "),
        ("\nA=x ${", "app.env:2:5: '${' names no variable; "),
        ('A="x\n y ${B"', "app.env:2:4: '${B' is not closed; "),
        ("A=${B:?say it}", "app.env:1:3: required variable 'B' is not set: say it; "),
        ("A=x ${db.port}", "app.env:1:5: the reference ${db.port} has no meaning in an env file; "),
        ("A+=1", "app.env:1:1: 'A+' is not a name for a variable; "),
    ],
)
def test_mistakes_in_dotenv_have_their_place(text, problem):
    _, problems = read(text)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_after_a_mistake_the_rest_is_still_read():
    found, problems = read("A B=1\nC=2\nD='x\nE=3\n")
    assert (found, len(problems)) == ({"C": "2", "E": "3"}, 2)


def test_an_unset_variable_is_a_warning():
    _, problems = envfile.parse("A=$NOPE", "dotenv", {}, "app.env")
    assert [(problem.severity, problem.column) for problem in problems] == [("warning", 3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1\nb : 2\nc 3\nd\n", {"a": "1", "b": "2", "c": "3", "d": ""}),
        ("# one\n ! two\na = = x ", {"a": "= x "}),
        ("a=one \\\n   two\\\n\tthree\nb=x\\\\", {"a": "one twothree", "b": "x\\"}),
        ("a=\\u00e9\\t\\n\\r\\f\\q\\\\", {"a": "é\t\n\r\fq\\"}),
        ("a=\\uD83D\\uDE00", {"a": "😀"}),
        ("a\\=b=c", {}),
        ("a.b-c[1]=$x ${y}\rd=1\r\ne=2", {"a.b-c[1]": "$x ${y}", "d": "1", "e": "2"}),
        ("# no \\\na=1\nb=2\\", {"a": "1", "b": "2"}),
    ],
)
def test_properties_are_read_as_java_reads_them(text, expected):
    assert read(text, "properties")[0] == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a=1\n\n b\\ c=2", "app.env:3:2: 'b c' is not a name for a variable; "),
        ("a=x\\\ny\nb=\\u12", "app.env:3:1: a \\u escape has no four hexadecimal digits; "),
        ("a=\\ud83d", "app.env:1:1: a \\u escape is half of a character; "),
        ("=x", "app.env:1:1: the name of the variable is missing; "),
        ("a=\\u0000", "app.env:1:1: the value of a has a NUL character; "),
    ],
)
def test_mistakes_in_properties_have_their_line(text, problem):
    assert read(text, "properties")[1][0].startswith(problem)


def test_raw_takes_everything_after_the_equals_sign():
    text = "A='x' # $B\n# note\n\n  C= y \r\nSET\nUNSET\n"
    assert read(text, "raw", SET="1") == ({"A": "'x' # $B", "C": " y ", "SET": "1"}, [])


@pytest.mark.parametrize("text", ["export A=1", "A =1", "=1", "A=a\0"])
def test_mistakes_in_raw_are_problems(text):
    found, problems = read(text, "raw")
    assert (found, len(problems)) == ({}, 1)


@bounded
@given(st.text(alphabet="AB=:'\"\\$#{} \n\r\t!0un.\0", max_size=60), st.sampled_from(["dotenv", "properties", "raw"]))
def test_whatever_is_in_the_file_ends_and_raises_nothing(text, form):
    found, problems = envfile.parse(text, form, {"A": "$B"}, "f")
    assert all("\0" not in value for value in found.values())
    assert all(1 <= problem.line <= len(text) + 1 for problem in problems)
