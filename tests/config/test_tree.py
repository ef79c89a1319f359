"""YAML to nodes: types, places, merge keys, and everything hostile."""

import time

import pytest

from nexsock import errors
from nexsock.config import tree
from nexsock.model.problem import Problem


def faults(text: str) -> list[str]:
    problems: list[Problem] = []
    tree.compose(text, "f", problems)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("off", "off"), ("y", "y"), ("22:22", "22:22"), ("12:30:45", "12:30:45"), ("0755", "0755"),
        ("2026-11-23", "2026-11-23"), ("1_000", "1_000"), ("=", "="), ("0o17", 15), ("0x1F", 31), ("0", 0), ("-7", -7),
        ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5), ("1.", 1.0), ("true", True), ("False", False), ("~", None),
        ("null", None), ("", None), ("1.2.3", "1.2.3"), ("+1", 1), ("-", [None]), (".inf", ".inf"),
        ("123456789012345678901234567890", "123456789012345678901234567890"), ("'1'", "1"), ('"true"', "true"),
        ("! 5", "5"),
    ],
)  # fmt: skip
def test_plain_text_is_typed_by_yaml_1_2_and_what_is_doubtful_stays_text(written: str, value: object) -> None:
    assert tree.parse(f"a: \n  {written}", "f").mapping["a"].plain() == value


def test_a_number_keeps_how_it_was_written() -> None:
    assert tree.parse("a: 1.10", "f").mapping["a"].text == "1.10"


def test_places_count_from_one_in_characters() -> None:
    document = tree.parse("ü: x\nb:\n  - ü: [1, grün]\n", "f")
    item = document.mapping["b"].items[0]
    assert (str(document.keys["b"]), str(item.keys["ü"]), str(item.mapping["ü"].items[1].origin)) == (
        "f:2:1",
        "f:3:5",
        "f:3:12",
    )


def test_windows_line_ends_do_not_move_places() -> None:
    assert str(tree.parse("a: 1\r\nb: 2\r\n", "f").keys["b"]) == "f:2:1"


def test_quoting_is_remembered() -> None:
    document = tree.parse("a: 'x'\nb: \"x\"\nc: |\n  x\nd: x\n", "f")
    assert [document.mapping[key].style for key in "abcd"] == ["'", '"', "|", None]


def test_an_empty_text_is_an_empty_map() -> None:
    assert tree.parse("# nothing\n", "f").plain() == {}


def test_merge_keys_fill_in_what_is_not_written_and_keep_their_source() -> None:
    document = tree.parse("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 9\n", "f")
    assert document.mapping["z"].plain() == {"a": 9, "b": 2, "c": 4}
    assert str(document.mapping["z"].keys["c"]) == "f:2:14"


def test_a_merge_key_may_stand_before_its_sources_merge_keys() -> None:
    text = "a: &a {v: 1}\nb: &b\n  <<: *a\n  w: 2\nc:\n  <<: *b\n"
    assert tree.parse(text, "f").mapping["c"].plain() == {"w": 2, "v": 1}


def test_reset_and_override_are_the_tags_there_are() -> None:
    document = tree.parse("a: !reset null\nb: !override [1]\n", "f")
    assert (document.mapping["a"].tag, document.mapping["b"].tag) == ("!reset", "!override")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3:1: the key 'a' stands here a second time; the first is at line 1"),
        ("8080: x", 'f:1:1: the key 8080 is not text; write it as "8080"'),
        ("true: x", 'f:1:1: the key true is not text; write it as "true"'),
        ("? [a]\n: x", "f:1:3: a list or map cannot be a key"),
        ("? \n: x", "f:1:2: the key nothing is not text"),
        ("a:\n\t- b", "f:2:1: a tab indents this line; indent with spaces"),
        ("a:\n  b: 1\n\tc: 2", "f:3:1: a tab indents this line; indent with spaces"),
        ("a: b: c", "f:1:5: a ':' cannot stand here; look at the indentation, or put quotes around the value"),
        ("a:\n  b: 1\n c: 2\n", "f:3:2: a key was expected here; look at the indentation of the lines above"),
        ("a: @x", "f:1:4: a value cannot begin with '@'; put quotes around it"),
        ("a: `x`", "f:1:4: a value cannot begin with '`'; put quotes around it"),
        ("a: [1\nb: 2", "f:2:2: the list in [ ] is not closed; add ',' or ']'"),
        ("a: {b\n", "f:2:1: the map in { } is not closed; add ',' or '}'"),
        ("a: 'x", "f:1:4: this quoted text has no end; add the closing quote"),
        ("a:\n  b: \"x\n  c: [1]\n", "f:2:6: this quoted text has no end; add the closing quote"),
        ('a: "\\q"', "f:1:5: this escape is not known in double quotes; use single quotes, or write \\\\"),
        ("abc\ndef: 1", "f:2:4: a ':' cannot stand here; look at the indentation, or put quotes around the value"),
        ("a: \x07", "f:1:4: the character U+0007 is not allowed in YAML; "
                    "remove it, or write it as an escape in double quotes"),
        ("a: *b", "f:1:4: the alias *b has no anchor &b before it"),
        ("a: &a [*a]", "f:1:8: the alias *a stands inside the value that it names"),
        ("a: 1\n---\nb: 2", "f:2:1: a second document begins here; put everything into one document"),
        ("a: !!python/object:os.system x", "f:1:4: the tag !!python/object:os.system is not known here; "
                                           "use !reset or !override, or none"),
        ("a: !env X", "f:1:4: the tag !env is not known here; use !reset or !override, or none"),
        ("a:\n  <<: 1\n", "f:2:7: '<<' merges maps only; give it an alias of a map, such as *common"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_plain_words_with_its_place(text: str, fault: str) -> None:
    assert faults(text) == [fault]


def test_several_mistakes_are_found_at_once() -> None:
    assert len(faults("a: 1\na: 2\n3: x\nb: !x 1\n")) == 3


def test_parse_raises_everything_at_once() -> None:
    with pytest.raises(errors.ConfigError) as caught:
        tree.parse("a: 1\na: 2\na: 3\n", "f")
    assert len(caught.value.problems) == 2


def deep(text: str) -> str:
    return text * 30_000


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (deep("["), "f:1:65: values are nested more than 64 deep"),
        (deep("{a: "), "f:1:257: values are nested more than 64 deep"),
        ("a: " + deep("- "), "f:1:4: a '-' cannot begin a list here; put it on a line of its own"),
        (BOMB, "f:4:45: the aliases up to here stand for more than 10,000 values"),
        ("a:\n" + "- x\n" * 250_000, "f:199999:3: the file has more than 200,000 values"),
    ],
    ids=["brackets", "braces", "dashes", "aliases", "values"],
)
def test_a_hostile_text_is_refused_with_its_place(text: str, fault: str) -> None:
    assert faults(text) == [fault]


def test_a_hostile_text_of_ten_mebibytes_is_refused_soon() -> None:
    started = time.process_time()
    faults("a:\n" + "- x\n" * 2_600_000)
    assert time.process_time() - started < 10


def test_the_same_alias_many_times_is_fine_while_it_is_small() -> None:
    text = "x: &x {a: 1}\n" + "".join(f"s{i}: *x\n" for i in range(1000))
    assert faults(text) == []
