"""Services from documents: what the cases in files do not show."""

import pytest

from nexsock.config import build, circumstances, tree
from nexsock.config.source import Unreadable
from nexsock.model.problem import Problem
from nexsock.model.service import Service


def nothing_there(path: str) -> str:
    raise Unreadable("does not exist", missing=True)


def built(text: str, ports: circumstances.PortChooser | None = None) -> tuple[dict[str, Service], list[str]]:
    problems: list[Problem] = []
    facts = circumstances.Facts("/p", {}, {}, "", nothing_there, str, problems, ports=ports)
    return build.build(tree.parse(text, "f"), facts), [str(problem) for problem in problems]


def test_an_auto_port_is_what_the_chooser_gives() -> None:
    asked = []

    def choose(service: str, port: str) -> int:
        asked.append((service, port))
        return 41000

    services, problems = built("services: {web: {command: x, ports: {http: auto}}}", choose)
    assert (services["web"].launch.environment["PORT_HTTP"], asked, problems) == ("41000", [("web", "http")], [])


@pytest.mark.parametrize("number", ["65536", "99999", "00"])
def test_a_number_that_is_no_port_is_refused(number: str) -> None:
    _, problems = built(f"services: {{web: {{command: x, ports: {{http: '{number}'}}}}}}")
    assert problems == [f"f:1:44: {int(number)} is not a port; use a number from 1 to 65535"]


def test_nothing_is_built_from_a_document_without_services() -> None:
    assert built("name: x") == ({}, [])


def test_an_unknown_dependency_that_is_not_required_is_left_out() -> None:
    services, _ = built("services: {web: {command: x, depends_on: {gone: {required: false}, need: {}}}}")
    assert list(services["web"].depends_on) == ["need"]


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        ("command: x", "started"),
        ("command: x, healthcheck: {tcp: 1}", "healthy"),
        ("command: x, healthcheck: {test: [NONE]}", "started"),
        ("command: x, oneshot: true, healthcheck: {tcp: 1}", "completed_successfully"),
        ("external: {tcp: 'h:1'}", "healthy"),
    ],
)
def test_what_a_dependent_waits_for_follows_from_what_it_needs(fields: str, condition: str) -> None:
    services, _ = built(f"services: {{db: {{{fields}}}, web: {{command: x, depends_on: [db]}}}}")
    assert services["web"].depends_on["db"].condition == condition


def test_building_twice_gives_the_same() -> None:
    text = "services: {web: {command: x, ports: [1, 2], labels: {a: b}}}"
    assert built(text) == built(text)
