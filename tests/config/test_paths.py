"""nexsock.config.paths: paths of documents that come from other folders."""

import pytest

from nexsock.config import interpolate, paths, tree
from nexsock.model.origin import Origin

HERE = Origin("nexsock.yaml", 2, 5)


@pytest.mark.parametrize(
    ("folder", "path", "joined"),
    [
        ("", "./a/../b", "./a/../b"),
        ("lib", "a", "lib/a"),
        ("lib", "../a", "a"),
        ("lib", "../../a", "../a"),
        ("lib", ".", "lib"),
        ("lib", "/etc/a", "/etc/a"),
        ("lib", "~/a", "~/a"),
        ("/opt/lib", "a", "/opt/lib/a"),
    ],
)
def test_a_path_belongs_to_its_folder(folder, path, joined):
    assert paths.join(folder, path) == joined


@pytest.mark.parametrize("path", ["a", "a/../b", "./a", "..a/b"])
def test_files_below_the_project_are_inside(path):
    problems: list = []
    assert paths.inside(path, HERE, problems)
    assert problems == []


@pytest.mark.parametrize("path", ["../a", "/etc/a", "a/../../b", ".."])
def test_files_elsewhere_are_refused_with_the_way_to_allow_them(path):
    problems: list = []
    assert not paths.inside(path, HERE, problems)
    assert str(problems[0]) == (
        f"nexsock.yaml:2:5: '{path}' is outside the project; "
        "copy it into the project, or set NEXSOCK_ALLOW_OUTSIDE=1 if you trust what names it"
    )


def test_paths_with_references_move_too_unless_they_begin_with_one():
    text = "services: {a: {working_dir: 'run/${project.name}'}, b: {working_dir: '${project.dir}/x'}}"
    document = interpolate.interpolate(tree.parse(text, "f"), {}, [])
    services = paths.rebase(document, "lib").mapping["services"].mapping
    moved = services["a"].mapping["working_dir"].value
    assert (moved, moved.spans[0][:2]) == ("lib/run/${project.name}", (8, 23))
    assert services["b"].mapping["working_dir"].value == "${project.dir}/x"


def test_the_projects_own_folder_changes_nothing():
    document = tree.parse("services: {a: {env_file: x}}", "f")
    assert paths.rebase(document, "") is document
