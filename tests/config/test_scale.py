"""Instances in place of services that run several times."""

import pytest

from nexsock.config import load
from nexsock.model.project import ProjectRef

FILE = """
services:
  web: {command: "serve ${web.port}", scale: 2, ports: {http: auto}}
  front: {command: "proxy ${web.port} ${web_2.port}", depends_on: [web]}
"""


@pytest.fixture
def loaded(tmp_path):
    (tmp_path / "nexsock.yaml").write_text(FILE)
    return lambda **scale: load.load(ProjectRef(directory=str(tmp_path), scale=scale))


def command(project, name):
    return project.services[name].launch.command[2]


def test_each_instance_has_ports_of_its_own_and_means_them_by_its_own_name(loaded):
    project = loaded()
    one, two = (project.services[name].launch.ports["http"].number for name in ("web-1", "web-2"))
    assert one != two
    assert [command(project, name) for name in ("web-1", "web-2")] == [f"serve {one}", f"serve {two}"]
    assert command(project, "front") == f"proxy {one} {two}"
    assert list(project.auto_ports) == ["web-1/http", "web-2/http"]


def test_another_number_leaves_the_instances_that_stay_as_they_are(loaded):
    two, four = loaded(), loaded(web=4)
    assert four.groups == {"web": ("web-1", "web-2", "web-3", "web-4")}
    assert [four.services[name] for name in two.groups["web"]] == [two.services[name] for name in two.groups["web"]]
    assert set(four.services["front"].depends_on) == set(four.groups["web"])


def test_a_number_turns_a_service_without_scale_into_instances(loaded):
    assert loaded(front=1).groups["front"] == ("front-1",)


def test_a_number_for_what_is_not_there_changes_nothing(loaded):
    assert loaded(gone=3) == loaded()


def test_members_are_services_each_once(loaded):
    assert loaded().members(["front", "web", "web-2"]) == ("front", "web-1", "web-2")
