"""The small documents that commands make themselves, against docs/json.md."""

import json
import re
from pathlib import Path

import pytest

from nexsock.model.status import ServiceDetail, ServiceStatus
from nexsock.protocol.api import DatabaseStatus

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


def test_init_has_the_documented_keys(shell, tmp_path):
    (tmp_path / "nexsock.yaml").unlink()
    assert set(json.loads(shell.run("init", "--json").out)) == {"version", *keys("init")}
