"""The file in fields."""

from dataclasses import replace

import pytest
from msgspec import structs

from nexsock.config import tree
from nexsock.errors import ConfigError, Conflict
from nexsock.masking import MASK
from nexsock.model.edit import Definition
from nexsock.model.problem import Problem
from nexsock.model.status import ProjectInfo, ProjectStatus, ServiceDetail, ServiceStatus
from nexsock.web.api import gather
from nexsock.web.frame import Frame
from nexsock.web.pages import editing

WEB = ServiceStatus(name="web", phase="ready", ready=True)
CONFIG = {"restart": "always", "environment": {"A.B": "1", "KEY": MASK}, "command": "serve", "watch": []}
FOUND = gather.Config(
    detail=ServiceDetail(service=WEB, command="serve", working_dir="/shop"),
    status=ProjectStatus(project=ProjectInfo(name="shop", dir="/shop", id="shop-1"), services=(WEB,)),
    definition=Definition(
        service="web", file="/shop/nexsock.yaml", digest="d", origin="nexsock.yaml:2:3", config=CONFIG
    ),
)
WRONG = ConfigError(
    "1 problem", (Problem(file="nexsock.yaml", line=3, column=5, message="'x' is no policy", suggestion="use 'no'"),)
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("npm run dev", "npm run dev"),
        ("3000", '"3000"'),
        (3000, "3000"),
        ("yes", '"yes"'),
        ("a: b", '"a: b"'),
        ("$HOME #1", '"$$HOME #1"'),
        (" x", '" x"'),
        (["a", True], '["a", true]'),
        ("", '""'),
        (".5", '".5"'),
        ("./serve, then rest", "./serve, then rest"),
        ("http://localhost:80/", "http://localhost:80/"),
    ],
)
def test_a_value_is_written_as_the_yaml_that_means_it(value, text):
    assert editing.as_yaml(value) == text


@pytest.mark.parametrize(
    "text", [".5", ".inf", "off", "~", "1e5", "a: b", "key:", "a #b", "a, b: c", "-", "=", "x,y:z"]
)
def test_a_text_stays_one_when_it_is_saved_as_it_is_shown(text):
    assert tree.parse(editing.as_yaml(text), "nexsock.yaml").value == text


def test_what_people_look_for_first_stands_first_and_what_is_empty_nowhere():
    assert list(editing.fields(CONFIG)) == ["command", r"environment.A\.B", "environment.KEY", "restart"]


def test_a_secret_is_not_offered_for_editing():
    shown = editing.show_config(Frame(now=1.0, path="/"), FOUND)["fields"]
    assert [field["path"] for field in shown if field["masked"]] == ["environment.KEY"]


def test_a_mistake_is_told_at_its_field_with_what_was_entered():
    frame = Frame(now=1.0, path="/", error=WRONG, entered={"fields.restart": "x", "digest": "d"})
    shown = {field["path"]: field for field in editing.show_config(frame, FOUND)["fields"]}
    assert shown["restart"]["value"] == "x"
    assert shown["restart"]["problems"] == [
        {"message": "'x' is no policy", "advice": "use 'no'", "place": "nexsock.yaml:3:5"}
    ]
    assert not shown["command"]["problems"]


def test_what_is_wrong_with_a_field_is_told_before_what_follows_from_that():
    def place(line: int) -> Problem:
        return Problem(file="nexsock.yaml", line=line, column=5, message="wrong", suggestion=None)

    found = replace(FOUND, definition=structs.replace(FOUND.definition, origins={"restart": "nexsock.yaml:3:5"}))
    error = ConfigError("3 problems", (place(1), place(3), place(9)))
    frame = Frame(now=1.0, path="/", error=error, entered={"fields.restart": "x"})
    shown = {field["path"]: field for field in editing.show_config(frame, found)["fields"]}
    assert [one["place"] for one in shown["restart"]["problems"]] == [f"nexsock.yaml:{line}:5" for line in (3, 1, 9)]


def test_a_mistake_in_no_field_is_told_above_all():
    frame = Frame(now=1.0, path="/", error=Conflict("the file has changed"), entered={"unset": "command"})
    assert editing.show_config(frame, FOUND)["general"][0]["message"] == "the file has changed"


def test_a_new_field_is_shown_empty_and_named():
    frame = Frame(now=1.0, path="/", parameters={"field": "environment.NEW"})
    last = editing.show_config(frame, FOUND)["fields"][-1]
    assert (last["path"], last["value"], last["fresh"]) == ("environment.NEW", "", True)
