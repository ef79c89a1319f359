"""The small documents that commands make themselves, against docs/json.md."""

import json
import re
from pathlib import Path

import pytest

from nexsock.model.edit import Definition, EditStatus, ListedDependency
from nexsock.model.plan import Plan, Step
from nexsock.model.status import Outcome, ServiceDetail, ServiceStatus
from nexsock.protocol.api import DatabaseStatus, Progress

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
WEB = ServiceStatus(name="web", phase="ready", ready=True, ports={"http": 8080})


def keys(section: str) -> set[str]:
    """The keys that the page lists in a section."""
    (found,) = re.findall(rf"^## {section}$(.*?)(?=^## |\Z)", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^\| `(\w+)` \|", found, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("section", "arguments"),
    [
        ("port", ("port", "web")),
        ("url", ("url", "web")),
        ("db", ("db", "status")),
        ("doctor", ("doctor",)),
        ("validate", ("validate",)),
        ("config", ("config", "--origins")),
        ("version", ("version",)),
    ],
)
def test_a_document_has_the_documented_keys(shell, tmp_path, section, arguments):
    (tmp_path / "nexsock.yaml").write_text("services:\n  web: {command: serve}\n")
    shell.daemon.runs = section != "doctor"
    shell.answers(
        service_status=ServiceDetail(service=WEB, command="serve", working_dir="/"),
        database=DatabaseStatus(path="/s", version=1, newest=1),
    )
    told = json.loads(shell.run(*arguments, "--json").out)
    assert set(told) == {"version", *keys(section)}


def test_checks_and_settings_of_doctor_have_the_documented_keys(shell):
    shell.daemon.runs = False
    told = json.loads(shell.run("doctor", "--json").out)
    assert all(set(check) == keys("check") for check in told["checks"])
    assert all(set(setting) == keys("setting") for setting in told["settings"])


def test_the_documents_of_editing_have_the_documented_keys(shell):
    step = Step(action="start", service="web", reason="new")
    done = EditStatus(service="web", files=("/f",), origin="f:1:1", applied=True, plan=Plan(steps=(step,)))
    outcome = Progress(outcome=Outcome(ok=True))
    shell.answers(add_service=done, wait=lambda _request: iter([outcome]))
    told = json.loads(shell.run("add", "web", "--json").out)
    assert set(told) == {"version", *keys("edit")}
    one = ListedDependency(service="web", on="db", condition="started", origin="f:1:1")
    shell.answers(list_dependencies=(one,))
    listed = json.loads(shell.run("dependency", "list", "--json").out)["dependencies"]
    assert set(listed[0]) == keys("dependency list")


def test_a_service_of_the_config_has_the_documented_keys(shell):
    found = Definition(service="web", file="/f", digest="d", origin="f:1:1", config={"command": "x"})
    shell.answers(get_config=found)
    told = json.loads(shell.run("config", "get", "web", "--json").out)
    assert set(told) == {"version", *keys("config get")}
    field = json.loads(shell.run("config", "get", "web", "command", "--json").out)
    assert set(field) == {"version", *keys("config get"), "field", "value"} - {"config", "origins"}


def test_init_has_the_documented_keys(shell, tmp_path):
    (tmp_path / "nexsock.yaml").unlink()
    assert set(json.loads(shell.run("init", "--json").out)) == {"version", *keys("init")}
