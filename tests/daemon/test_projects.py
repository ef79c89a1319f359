"""How a request finds its project: by a folder, by a name, and with what it leaves to the daemon."""

import os

import pytest

from nexsock import errors
from nexsock.daemon.projects import Projects, folder
from nexsock.model import names
from nexsock.model.project import Project, ProjectRef
from nexsock.model.state import ProjectState, Selection


class Host:
    """A project that has been met."""

    def __init__(self, directory, name):
        self.project = Project(id=names.project_id(str(directory)), name=name, directory=str(directory), services={})
        self.ref = ProjectRef(directory=str(directory), profiles=("dev",))
        self.state = ProjectState(selection=Selection(scale={"web": 2}))
        self.environ = {"PORT": "3000"}

    @property
    def reconciler(self):
        return self


@pytest.fixture
def projects(tmp_path):
    """Two projects with one name in two folders, and one with another."""
    found = Projects(None, None)
    for where, name in (("a", "shop"), ("b", "shop"), ("c", "blog")):
        (tmp_path / where).mkdir()
        host = Host(tmp_path / where, name)
        found.hosts[host.project.id] = host
    return found


async def test_a_project_is_known_by_its_folder_its_name_and_its_id(projects, tmp_path):
    blog = projects.hosts[names.project_id(str(tmp_path / "c"))]
    refs = (ProjectRef(directory=str(tmp_path / "c")), ProjectRef(name="blog"), ProjectRef(name=blog.project.id))
    assert [await projects.known(ref) for ref in refs] == [blog] * 3


async def test_a_folder_is_found_by_another_path_to_it(projects, tmp_path):
    (tmp_path / "link").symlink_to("c")
    assert (await projects.known(ProjectRef(directory=str(tmp_path / "link")))).project.name == "blog"


def test_a_name_of_two_projects_is_refused_with_their_folders(projects, tmp_path):
    with pytest.raises(errors.NotFound, match=f"2 projects are named 'shop': {tmp_path}/a, {tmp_path}/b"):
        projects.named(ProjectRef(name="shop"))


@pytest.mark.parametrize(
    ("ref", "said"),
    [(ProjectRef(name="wiki"), "no project is named 'wiki'"), (ProjectRef(), "there is no nexsock.yaml here")],
)
def test_a_project_that_nobody_knows_is_not_found(projects, ref, said):
    with pytest.raises(errors.NotFound, match=said):
        projects.named(ref)


def test_what_a_name_leaves_out_is_as_it_was_asked_for_last(projects):
    placed = projects.placed(ProjectRef(name="blog", scale={"api": 3}))
    assert (placed.profiles, placed.environ, placed.scale) == (("dev",), {"PORT": "3000"}, {"web": 2, "api": 3})


def test_a_folder_is_loaded_with_the_variables_of_the_caller_or_else_of_the_daemon(projects, tmp_path):
    here = str(tmp_path / "c")
    placed = [projects.placed(ProjectRef(directory=here, environ=given)).environ for given in ({"A": "1"}, None)]
    assert placed == [{"A": "1"}, dict(os.environ)]


def test_the_folder_of_a_request_is_that_of_its_first_file_where_it_names_none(tmp_path):
    refs = (ProjectRef(files=(f"{tmp_path}/x.yaml", "/y/z.yaml")), ProjectRef(name="shop"))
    assert [folder(ref) for ref in refs] == [str(tmp_path), ""]
