"""What is remembered of a launch, and what two of them differ in."""

import msgspec
import pytest

from nexsock.model.plugin import PluginChange
from nexsock.model.service import Launch, Limits, Port, Service
from nexsock.model.state import Cause, Run
from nexsock.plan import snapshot


def service(**launch) -> Service:
    return Service(name="web", launch=Launch(command=("serve",), working_dir="/shop", **launch))


def differences(old: Service, new: Service) -> list[tuple[str, str | None, str | None]]:
    found = snapshot.between(snapshot.take(old), snapshot.take(new), lambda path: None)
    return [(change.path, change.old, change.new) for change in found]


def test_equal_launches_differ_in_nothing():
    assert differences(service(environment={"A": "1"}), service(environment={"A": "1"})) == []


def test_a_value_that_changed_came_or_went_is_told_by_its_name_in_the_file():
    old = service(environment={"PORT": "3000", "GONE": "1"}, ports={"http": Port(number=80)})
    new = service(environment={"PORT": "3001"}, ports={"http": Port(number=81)}, limits=Limits(nofile=64))
    assert differences(old, new) == [
        ("environment.PORT", '"3000"', '"3001"'),
        ("environment.GONE", '"1"', None),
        ("ports.http", "80", "81"),
        ("limits.nofile", None, "64"),
    ]


def test_an_empty_variable_is_not_an_absent_one():
    assert differences(service(environment={"A": ""}), service()) == [("environment.A", '""', None)]


def test_a_secret_is_remembered_by_nothing_but_a_short_mark():
    kept = snapshot.take(service(environment={"API_TOKEN": "s3cret", "DSN": "pg://u:s3cret@h/db"}))
    assert "s3cret" not in str(msgspec.to_builtins(kept))
    assert {len(mark) for mark in kept.marks.values()} == {4}


def test_a_secret_that_changed_is_told_to_have_changed():
    old, new = (service(environment={"API_TOKEN": value}) for value in ("s3cret", "other"))
    assert differences(old, new) == [("environment.API_TOKEN", "••••••", "••••••")]


def test_a_long_value_is_cut_off_and_still_told_apart():
    old, new = (service(environment={"LIST": "x" * 5000 + end}) for end in ("a", "b"))
    (told,) = differences(old, new)
    assert told[0] == "environment.LIST"
    assert len(told[1] or "") == snapshot.VALUE_CHARACTERS


def test_a_field_has_its_place_in_the_file():
    old, new = (snapshot.take(service(environment={"PORT": value})) for value in ("1", "2"))
    (change,) = snapshot.between(old, new, {"environment.PORT": "nexsock.yaml:14:7"}.get)
    assert change.origin == "nexsock.yaml:14:7"


def test_a_secret_of_the_file_whose_value_changed_is_told_by_its_variable():
    assert [
        change.path for change in snapshot.secrets_between("f" * 32 + ";DB=1;KEY=1", "f" * 32 + "1a2b;DB=2;KEY=1;NEW=3")
    ] == ["secrets.DB"]


def test_of_inherited_variables_the_names_are_remembered_and_no_value():
    digest, marks = snapshot.inherited({"PATH": "/bin", "GITHUB_TOKEN": "s3cret", "SHLVL": "3", "_": "/bin/env"})
    assert list(marks) == ["GITHUB_TOKEN", "PATH"]
    assert "s3cret" not in str(marks)
    assert digest == snapshot.inherited({"GITHUB_TOKEN": "s3cret", "PATH": "/bin", "SHLVL": "1"})[0]


def test_inherited_variables_that_changed_came_or_went_are_named():
    _, old = snapshot.inherited({"A": "1", "B": "1", "C": "1"})
    _, new = snapshot.inherited({"A": "1", "B": "2", "D": "1"})
    assert snapshot.names_that_differ(old, new) == ("B", "C", "D")


def run(*changes: PluginChange) -> Run:
    return Run(number=1, instance="i", cause=Cause(kind="user", text="t"), fingerprint="f", altered=changes)


def set_to(new: str | None, old: str | None = "3000", plugin: str = "ports", field: str = "environment.PORT"):
    return PluginChange(plugin=plugin, field=field, old=old, new=new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((), (), []),
        ((set_to("4000"),), (set_to("4000"),), []),
        ((), (set_to("4000"),), [("3000", "4000", "plugin 'ports'")]),
        ((set_to("4000"),), (), [("4000", "3000", "plugin 'ports'")]),
        ((set_to("4000"),), (set_to("5000", plugin="other"),), [("4000", "5000", "plugin 'other'")]),
        ((), (set_to("4000"), set_to("5000", "4000", "late")), [("3000", "5000", "plugin 'late'")]),
        ((), (set_to(None),), [("3000", None, "plugin 'ports'")]),
        ((), (set_to("60", "10", field="grace_s"),), []),
    ],
)
def test_runs_differ_in_what_plugins_have_made_of_them(old, new, expected):
    found = snapshot.altered_between(run(*old), run(*new))
    assert [(change.old, change.new, change.origin) for change in found] == expected
