import os

import pytest

from nexsock.cli import surroundings


@pytest.fixture
def folder(tmp_path) -> str:
    (tmp_path / "nexsock.yaml").write_text("")
    (tmp_path / "below/deep").mkdir(parents=True)
    return os.path.realpath(tmp_path)


def test_the_project_is_found_from_any_folder_below_it(folder):
    found = surroundings.project(folder + "/below/deep", {})
    assert (found["directory"], found["files"]) == (folder, [folder + "/nexsock.yaml"])


def test_without_a_file_there_is_no_project(tmp_path):
    assert surroundings.project("/proc", {}) is None


def test_named_files_replace_the_search_and_are_relative_to_the_working_folder(folder):
    found = surroundings.project(folder + "/below", {"NEXSOCK_FILE": "x.yaml"}, files=["a.yaml", "../b.yaml"])
    assert found["files"] == [folder + "/below/a.yaml", folder + "/b.yaml"]
    assert found["directory"] == folder + "/below"


def test_a_variable_names_files_too(folder):
    found = surroundings.project(folder, {"NEXSOCK_FILE": "a.yaml:b.yaml"})
    assert found["files"] == [folder + "/a.yaml", folder + "/b.yaml"]


def test_a_project_directory_is_where_the_search_begins(folder):
    found = surroundings.project("/", {}, directory=folder + "/below")
    assert (found["directory"], found["files"]) == (folder + "/below", [folder + "/nexsock.yaml"])


def test_two_names_of_one_folder_are_one_project(folder, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "shop"
    link.symlink_to(folder)
    assert surroundings.project("/", {}, directory=str(link))["directory"] == folder


def test_a_name_alone_means_a_known_project(folder):
    found = surroundings.project(folder, {}, name="shop")
    assert (found["name"], found["files"], found["directory"]) == ("shop", [], "")


def test_a_name_with_a_file_renames_what_the_file_describes(folder):
    found = surroundings.project(folder, {}, name="shop", files=["nexsock.yaml"])
    assert (found["name"], found["files"]) == ("shop", [folder + "/nexsock.yaml"])


@pytest.mark.parametrize(
    ("given", "environ", "chosen"),
    [([], {}, []), ([], {"NEXSOCK_PROFILES": "a,b"}, ["a", "b"]), (["c"], {"NEXSOCK_PROFILES": "a,b"}, ["c"])],
)
def test_profiles_of_the_line_replace_those_of_the_environment(folder, given, environ, chosen):
    assert surroundings.project(folder, environ, profiles=given)["profiles"] == chosen


@pytest.mark.parametrize(
    ("environ", "is_terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_needs_a_terminal_and_nobody_against_it(environ, is_terminal, wanted):
    assert surroundings.colour_wanted(environ, is_terminal) is wanted


def test_a_pipe_has_no_width():
    assert surroundings.columns({"COLUMNS": "60"}, 1, False) == surroundings.UNLIMITED


def test_the_width_of_a_terminal_may_be_said_in_a_variable():
    assert surroundings.columns({"COLUMNS": "60"}, 1, True) == 60


def test_a_terminal_that_does_not_know_its_width_has_80_columns():
    reading, writing = os.pipe()
    try:
        assert surroundings.columns({}, writing, True) == 80
    finally:
        os.close(reading)
        os.close(writing)


def test_a_working_folder_that_is_gone_has_the_name_that_the_shell_remembers(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    found = [surroundings.folder(environ) for environ in ({"PWD": f"{tmp_path}/gone"}, {"PWD": "gone"}, {})]
    assert found == [f"{tmp_path}/gone", "/", "/"]
