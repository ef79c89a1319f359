"""nexsock.config.references: ${db.port} and its like."""

import pytest

from nexsock.config import interpolate, references, tree
from nexsock.config.node import Node
from nexsock.config.references import Facts, ServiceFacts

SERVICES = {
    "db": ServiceFacts(ports={"default": 5432, "admin": 9000}, url="tcp://127.0.0.1:5432"),
    "my-api": ServiceFacts(ports={"http": 3000}, url="http://127.0.0.1:3000"),
    "worker": ServiceFacts(),
    "far": ServiceFacts(host="db.example.org", ports={"default": 1}, url="tcp://db.example.org:1"),
}
FACTS = Facts(name="shop", directory="/srv/shop", services=SERVICES, branch=lambda: "main", sha=lambda: None)


def resolved(text: str, facts: Facts = FACTS) -> tuple[Node, list[str]]:
    problems: list = []
    node = interpolate.interpolate(tree.parse(text, "f"), {"V": "${db.port}"}, problems)
    node = references.resolve(node, facts, problems)
    return node, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${db.host}:${db.port}", "127.0.0.1:5432"),
        ("${db.ports.admin} ${db.ports.default}", "9000 5432"),
        ("${db.url}/shop", "tcp://127.0.0.1:5432/shop"),
        ("${my_api.url}", "http://127.0.0.1:3000"),
        ("${far.host}", "db.example.org"),
        ("${worker.host}", "127.0.0.1"),
        ("${project.name} ${project.dir} ${git.branch}", "shop /srv/shop main"),
        ("${NO:-${db.port}}", "5432"),
        ("$${db.port} $V", "${db.port} ${db.port}"),
    ],
)
def test_references_stand_for_their_facts(text, expected):
    node, problems = resolved(f"services: {{web: {{command: '{text}'}}}}")
    assert node.plain() == {"services": {"web": {"command": expected}}}
    assert problems == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("${dbb.port}", "f:1:9: ${dbb.port}: there is no service 'dbb'; did you mean 'db'?"),
        ("${projct.name}", "f:1:9: ${projct.name}: there is no service 'projct'; did you mean 'project'?"),
        ("${db.prot}", "f:1:9: ${db.prot}: a service has no 'prot'; services have host, port, ports.NAME and url"),
        ("${db.ports.admn}", "f:1:9: ${db.ports.admn}: service 'db' has no port 'admn'; did you mean 'admin'?"),
        (
            "${worker.port}",
            "f:1:9: ${worker.port}: the port of service 'worker' is not known; give 'worker' a number under 'ports'",
        ),
        ("${project.id}", "f:1:9: ${project.id}: a project has no 'id'; projects have name and dir"),
        ("${git.tag}", "f:1:9: ${git.tag}: git has no 'tag'; git has branch and sha"),
        (
            "${git.sha}",
            "f:1:9: ${git.sha}: /srv/shop has no git sha; commit it to a git repository, or take this out",
        ),
    ],
)
def test_what_is_not_known_is_a_problem_at_its_place(text, problem):
    node, problems = resolved(f"x-a: 'a {text}'")
    assert (node.plain(), problems) == ({"x-a": "a "}, [problem])


def test_git_is_asked_only_when_it_is_named():
    def refuse() -> str:
        raise AssertionError

    resolved("a: ${db.port}", Facts("shop", "/srv/shop", SERVICES, branch=refuse, sha=refuse))


def test_a_field_that_wants_a_number_gets_one():
    node, _ = resolved("services: {web: {ports: {default: '${db.port}'}, environment: {P: '${db.port}'}}}")
    web = node.mapping["services"].mapping["web"]
    assert web.plain() == {"ports": {"default": 5432}, "environment": {"P": "5432"}}
    assert web.mapping["environment"].mapping["P"].via == "reference db.port"


def test_a_text_by_itself_is_resolved_too():
    problems: list = []
    text = interpolate.expand("a ${db.port}\n${nope.port}\n", {}, tree.parse("", "t").origin, problems)
    assert references.resolve_text(text, FACTS, problems) == "a 5432\n\n"
    assert [str(problem) for problem in problems] == ["t:2:1: ${nope.port}: there is no service 'nope'"]


DOCUMENT = """
services:
  web: {ports: [3000, 9000]}
  api: {ports: {http: {port: 80, protocol: http}, admin: 81}}
  auto: {ports: {default: auto}}
  none: {command: x}
  tcp: {external: {tcp: "db.example.org:5432"}}
  http: {external: {http: "https://example.org/path"}}
  odd: {external: 3, ports: {a: x}}
  broken: 1
"""


def test_a_document_says_where_its_services_listen():
    assert references.services_in(tree.parse(DOCUMENT, "f"), lambda _service, _port: 40_000) == {
        "web": ServiceFacts(ports={"default": 3000, "9000": 9000}, url="tcp://127.0.0.1:3000"),
        "api": ServiceFacts(ports={"http": 80, "admin": 81}, url="http://127.0.0.1:80"),
        "auto": ServiceFacts(ports={"default": 40_000}, url="tcp://127.0.0.1:40000"),
        "none": ServiceFacts(),
        "tcp": ServiceFacts("db.example.org", {"default": 5432}, "tcp://db.example.org:5432"),
        "http": ServiceFacts("example.org", {"default": 443}, "https://example.org/path"),
        "odd": ServiceFacts(host=""),
        "broken": ServiceFacts(),
    }


def test_a_port_that_is_chosen_later_is_not_known():
    assert references.services_in(tree.parse(DOCUMENT, "f"))["auto"] == ServiceFacts()
