"""The documents, and docs/json.md against them."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from nexsock import errors
from nexsock.model.edit import ListedDependency
from nexsock.model.event import Event
from nexsock.model.git import Branch, CheckoutStatus, Commit, GitItem
from nexsock.model.log import LogLine, LogSlice
from nexsock.model.plan import FieldChange, Hold, Plan, Skip, Step
from nexsock.model.plugin import Denial, PluginChange, PluginNote, PluginStatus
from nexsock.model.problem import Problem
from nexsock.model.status import (
    Because,
    ConfigFault,
    DaemonStatus,
    DependencyStatus,
    Failure,
    Foreseen,
    GitStatus,
    Graph,
    GraphEdge,
    GraphNode,
    LastChange,
    Leftover,
    Next,
    Outcome,
    PlanStatus,
    ProbeStatus,
    ProjectInfo,
    ProjectStatus,
    ProjectSummary,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceEnvironment,
    ServiceStatus,
    ServiceUsage,
    Timing,
    Timings,
    TunnelStatus,
    Usage,
    Why,
)
from nexsock.views import document

PAGE = Path(__file__).parents[2] / "docs" / "json.md"

NOUNS: dict[str, type] = {
    "plugin": PluginStatus,
    "ps": ProjectStatus,
    "project": ProjectInfo,
    "config_error": ConfigFault,
    "problem": Problem,
    "service": ServiceStatus,
    "git": GitStatus,
    "dependency": DependencyStatus,
    "dependency list": ListedDependency,
    "probe": ProbeStatus,
    "tunnel": TunnelStatus,
    "run": RunStatus,
    "plugin_change": PluginChange,
    "denial": Denial,
    "plugin_note": PluginNote,
    "foreseen": Foreseen,
    "log_slice": LogSlice,
    "diff": RunDiff,
    "top": Usage,
    "usage": ServiceUsage,
    "timings": Timings,
    "timing": Timing,
    "outcome": Outcome,
    "failure": Failure,
    "cause": Because,
    "why": Why,
    "last_change": LastChange,
    "next": Next,
    "step": Step,
    "field": FieldChange,
    "hold": Hold,
    "skip": Skip,
    "log": LogLine,
    "event": Event,
    "graph": Graph,
    "node": GraphNode,
    "edge": GraphEdge,
    "leftover": Leftover,
    "ls": ProjectSummary,
    "env": ServiceEnvironment,
    "checkout": CheckoutStatus,
    "git act": GitItem,
    "branch": Branch,
    "commit": Commit,
}


COMPOSED = {
    *("error", "status", "plan", "daemon"),  # checked below
    *("validate", "db", "port", "url", "doctor", "check", "setting", "config", "config get", "edit"),  # tests/cli
    *("init", "plugin check", "version"),
}


def documented() -> dict[str, list[str]]:
    """The keys of each section of the page."""
    sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return {section.splitlines()[0]: re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) for section in sections}


@pytest.mark.parametrize(("section", "noun"), NOUNS.items())
def test_the_page_names_exactly_the_keys_of_each_noun(section, noun):
    fields = [document.RENAMED.get(name, name) for name in noun.__struct_fields__]
    assert documented()[section] == [name for name in fields if name not in document.MACHINE_ONLY]


def test_the_page_of_a_service_has_the_keys_of_ps_and_its_own(shop):
    detail = ServiceDetail(
        service=shop.services[1], command="serve", working_dir="/", origin="n.yaml:1:1", project=shop.project
    )
    keys = set(document.detail(detail))
    assert keys - set(ServiceStatus.__struct_fields__) == set(documented()["status"]) - {"command"}
    assert "command" in keys


def test_a_plan_has_the_documented_keys(shop):
    found = document.plan(PlanStatus(plan=Plan(), project=shop.project))
    assert list(found) == documented()["plan"]


def test_the_daemons_version_does_not_stand_where_the_documents_stands():
    found = DaemonStatus(pid=1, keeper_pid=2, version="0.1.0", protocol=1, started_at=0.0, socket="/s")
    told = json.loads(document.text(document.daemon(found)))
    assert (told["version"], told["nexsock"]) == (1, "0.1.0")
    assert set(told) - {"version"} == set(documented()["daemon"])


def test_times_are_rfc_3339_and_nothing_else_is_changed(now):
    event = Event(at=now, seq=1, project="shop", kind="exit", exit_code=0)
    assert json.loads(document.line(document.plain(event))) == {
        "version": 1,
        "at": "2026-11-23T10:00:00.000Z",
        "seq": 1,
        "project": "shop",
        "kind": "exit",
        "reason": "",
        "exit_code": 0,
        "fields": [],
    }


def test_names_that_users_chose_are_never_taken_for_ours():
    service = ServiceStatus(name="web", phase="ready", ready=True, ports={"at": 80, "from_": 81, "until": 82})
    assert document.plain(service)["ports"] == {"at": 80, "from_": 81, "until": 82}


def test_a_hold_tells_no_monotonic_time():
    assert "until" not in document.plain(Hold(service="web", waits_for="x", until=5.0))


def test_ps_leaves_out_inactive_services_unless_asked(shop):
    assert [service["name"] for service in document.status(shop, False)["services"]] == [
        "migrate",
        "api",
        "web",
        "worker",
    ]
    assert len(document.status(shop, True)["services"]) == 5


def test_a_broken_file_is_part_of_the_project(broken_shop):
    told = document.status(broken_shop)["project"]["config_error"]
    assert (told["since"], told["problems"][0]["line"]) == ("2026-11-23T09:59:40.000Z", 3)


def test_an_error_lists_the_problems_of_a_broken_file():
    problem = Problem(file="n.yaml", line=1, column=1, message="wrong")
    told = document.error(errors.ConfigError("1 problem", (problem,)))
    assert told["error"] == {"code": "config", "message": "1 problem"}
    assert told["problems"][0]["message"] == "wrong"


def test_every_error_code_is_documented():
    section = PAGE.read_text().split("## error")[1].split("\n## ")[0]
    assert [code for code in errors.BY_CODE if f"`{code}`" not in section] == []


def test_one_document_ends_with_one_newline():
    assert document.text({"a": 1}) == '{\n  "version": 1,\n  "a": 1\n}\n'
    assert document.line({"a": 1}) == '{"version":1,"a":1}\n'


def test_every_section_of_the_page_that_is_a_noun_is_checked():
    assert set(documented()) == set(NOUNS) | COMPOSED
    assert all(issubclass(noun, msgspec.Struct) for noun in NOUNS.values())
