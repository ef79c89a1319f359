import pytest

from nexsock.keeper import spawn, wire


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Three folders of a PATH: `a` has a folder and a file that may not be executed, `b` and `here` the program."""
    for name in ("a", "b", "here"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "tool").mkdir()
    for name, mode in (("a/barred", 0o600), ("b/tool", 0o700), ("here/tool", 0o700)):
        (tmp_path / name).touch(mode)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_the_first_file_on_path_that_may_be_executed_is_found(folders):
    environment = {"PATH": f"{folders}/none:{folders}/a:{folders}/b"}
    assert spawn.find_program("tool", environment) == f"{folders}/b/tool"


def test_a_name_with_a_slash_is_not_looked_up(folders):
    assert spawn.find_program("./tool", {"PATH": f"{folders}/b"}) == "./tool"


@pytest.mark.parametrize("path", ["", ".", ":/none", "/none:"])
def test_an_empty_part_of_path_is_the_folder_of_the_service(folders, path):
    environment = {"PATH": path or ":"}
    assert spawn.find_program("tool", environment).removeprefix("./") == "tool"


def test_without_a_path_the_usual_folders_are_searched():
    assert spawn.find_program("sh", {}) == "/bin/sh"


def test_a_file_that_may_not_be_executed_is_named(folders):
    with pytest.raises(wire.Refusal) as caught:
        spawn.find_program("barred", {"PATH": f"{folders}/b:{folders}/a"})
    assert (caught.value.kind, caught.value.subject) == (wire.PERMISSION, f"{folders}/a/barred")
