"""Which file an edit changes, and what it makes of the short forms that people write."""

import pytest

from nexsock import errors
from nexsock.config import changes, tree
from nexsock.config.changes import Draft
from nexsock.model.edit import Edit
from nexsock.model.problem import Problem

WEB = "services:\n  db: {command: y}\n  web:\n    command: x\n"


def edited(text: str, action: str, service: str = "web", **asked: object) -> str:
    draft = Draft({"nexsock.yaml": text})
    changes.make(draft, Edit(action=action, service=service, **asked))  # type: ignore[arg-type]
    return draft.texts["nexsock.yaml"]


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("3001", 3001),
        ("true", True),
        ("", ""),
        ("null", None),
        ("'3001'", "3001"),
        ("[a, 1]", ["a", 1]),
        ("{http: auto}", {"http": "auto"}),
        ("npm run dev", "npm run dev"),
        ("echo a: b", "echo a: b"),
        ("a: b", "a: b"),
        ("- a", "- a"),
        ("echo # x", "echo # x"),
        ("[ -f x ] && y", "[ -f x ] && y"),
        ("*.py", "*.py"),
        ("&x", "&x"),
        ("one\ntwo", "one\ntwo"),
        ("'it''s' here", "'it''s' here"),
        ("$$PORT", "$$PORT"),
    ],
)
def test_a_value_is_yaml_where_it_is_one_value_and_else_the_text_itself(given: str, value: object) -> None:
    assert changes.value_of(given).plain() == value
    after = edited(WEB, "update", fields={"x": given})
    assert tree.parse(after, "f").mapping["services"].mapping["web"].mapping["x"].plain() == value


def test_a_number_is_written_as_it_was_given() -> None:
    assert "    version: 1.10\n" in edited(WEB, "update", fields={"version": "1.10"})


def test_a_dot_in_a_name_is_escaped() -> None:
    assert "labels:\n      com.shop: a\n" in edited(WEB, "update", fields={r"labels.com\.shop": "a"})


@pytest.mark.parametrize("field", ["", "a..b", ".a"])
def test_a_field_without_a_name_is_refused(field: str) -> None:
    with pytest.raises(errors.UsageError, match="is not a field"):
        changes.path_of(field)


def test_variables_in_a_list_keep_its_form() -> None:
    text = WEB + "    environment:\n      - A=1   # one\n"
    after = edited(text, "update", fields={"environment.A": "2", "environment.B": "3"})
    assert after == text.replace("A=1", "A=2") + "      - B=3\n"


@pytest.mark.parametrize(
    ("before", "fields", "after"),
    [
        ("", {}, "    depends_on: [db]\n"),
        ("", {"condition": "started"}, "    depends_on:\n      db:\n        condition: started\n"),
        ("    depends_on: [a]\n", {}, "    depends_on: [a, db]\n"),
        ("    depends_on: [a]\n", {"tunnel": "true"}, "    depends_on: {a: {}, db: { tunnel: true }}\n"),
        ("    depends_on:\n    - a\n", {}, "    depends_on:\n    - a\n    - db\n"),
        ("    depends_on: {a: {}}\n", {}, "    depends_on: {a: {}, db: {}}\n"),
        ("    depends_on: [db]\n", {}, "    depends_on: [db]\n"),
        ("    depends_on: {db: {condition: started}}\n", {}, "    depends_on: {db: {condition: started}}\n"),
        (
            "    depends_on: {db: {condition: started}}\n",
            {"condition": "healthy"},
            "    depends_on: {db: {condition: healthy}}\n",
        ),
        ("    depends_on:\n      db:\n", {"restart": "true"}, "    depends_on:\n      db:\n        restart: true\n"),
    ],
)
def test_a_dependency_is_added_in_the_form_that_is_there(before: str, fields: dict[str, str], after: str) -> None:
    assert edited(WEB + before, "add_dependency", others=("db",), fields=fields) == WEB + after


def test_a_dependency_is_removed_and_the_last_one_takes_the_field_along() -> None:
    text = WEB + "    depends_on:\n      - a\n      - db   # for its tables\n"
    one = edited(text, "remove_dependency", others=("db",))
    assert one == WEB + "    depends_on:\n      - a\n"
    assert edited(one, "remove_dependency", others=("a",)) == WEB
    with pytest.raises(errors.NotFound, match="service 'web' has no dependency on 'db'"):
        edited(one, "remove_dependency", others=("db",))


def test_a_service_that_others_need_is_not_removed_without_force() -> None:
    text = WEB + "    depends_on: [db]\n"
    with pytest.raises(errors.ConfigError, match=r"service 'db' is needed by 'web' \(nexsock.yaml:5:18\)"):
        edited(text, "remove", "db")
    assert edited(text, "remove", "db", force=True) == "services:\n  web:\n    command: x\n"


def test_a_service_is_not_added_twice() -> None:
    with pytest.raises(errors.UsageError, match=r"'web' is declared already, at nexsock.yaml:3:3"):
        edited(WEB, "add", fields={"command": "y"})


def test_an_unknown_service_is_told_with_the_nearest_name() -> None:
    with pytest.raises(errors.NotFound) as refused:
        edited(WEB, "update", "wbe", fields={"a": "1"})
    assert str(refused.value) == "no service 'wbe' in nexsock.yaml; did you mean 'web'?"
    with pytest.raises(errors.NotFound, match=r"declared are db, web$"):
        edited(WEB, "remove", "mailer")


def test_what_cannot_be_changed_is_told_with_its_place() -> None:
    with pytest.raises(errors.ConfigError) as refused:
        edited(WEB, "update", fields={"command.x": "1"})
    assert str(refused.value).startswith("nexsock.yaml:4:14: 'services.web.command' is a single value here")


def two(named: bool = False) -> Draft:
    main = "services:\n  web:\n    command: x\n    environment: {A: 1}\n"
    return Draft({"one.yaml": main, "two.yaml": "services:\n  web:\n    environment: {B: 2}\n"}, named=named)


@pytest.mark.parametrize(
    ("named", "field", "file"),
    [
        (False, "environment.A", "one.yaml"),
        (False, "environment.B", "two.yaml"),
        (False, "scale", "one.yaml"),
        (True, "scale", "two.yaml"),
    ],
)
def test_a_field_is_changed_in_the_file_that_it_comes_from(named: bool, field: str, file: str) -> None:
    draft, before = two(named), two()
    changes.make(draft, Edit(action="update", service="web", fields={field: "5"}))
    assert [name for name in draft.texts if draft.texts[name] != before.texts[name]] == [file]


@pytest.mark.parametrize(("named", "file"), [(False, "one.yaml"), (True, "two.yaml")])
def test_a_new_service_goes_into_the_main_file_or_the_last_that_was_named(named: bool, file: str) -> None:
    draft, before = two(named), two()
    changes.make(draft, Edit(action="add", service="db", fields={"command": "y"}))
    assert [name for name in draft.texts if draft.texts[name] != before.texts[name]] == [file]


def test_a_service_is_removed_from_every_file() -> None:
    draft = two()
    changes.make(draft, Edit(action="remove", service="web"))
    assert set(draft.texts.values()) == {"services: {}\n"}


def test_a_field_that_is_nowhere_written_cannot_be_taken_out() -> None:
    with pytest.raises(errors.NotFound, match=r"'restart' of service 'web' is not written in nexsock\.yaml"):
        edited(WEB, "update", unset=("restart",))


def test_the_line_that_a_refusal_shows_holds_no_secret() -> None:
    with pytest.raises(errors.ConfigError) as refused:
        edited(
            "services:\n  web: {command: x, environment: [API_TOKEN=hunter2]}\n",
            "update",
            fields={"environment.A.b": "1"},
        )
    (problem,) = refused.value.problems
    assert isinstance(problem, Problem)
    assert "hunter2" not in (problem.source_line or "")
