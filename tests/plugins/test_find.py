"""Plugins are found where they belong, and one that somebody else could have written is not used."""

import os

import pytest

from nexsock.plugins import find
from nexsock.plugins.find import Candidate

GOOD = 'NEXSOCK_PLUGIN = {"name": "gate", "abi": "1.0"}\ndef on_exit(): pass\n'
LUA = 'NEXSOCK_PLUGIN = { name = "gate", abi = "1.0" }\nfunction on_exit() end\n'
ME = os.getuid()


def look(folder, kind="native", name="native/gate.py", uid=ME):
    return find.look(Candidate(kind=kind, path=str(folder.path / name), root=str(folder.path)), uid)


def test_files_with_the_right_end_in_the_right_folder_are_plugins(folder):
    for name in ("native/a.py", "native/b.lua", "native/_c.py", "native/.d.py", "lua/e.lua", "lua/f.py", "g.py"):
        folder.write(name, GOOD)
    found = find.in_folder(str(folder.path))
    assert [(one.kind, one.path.removeprefix(f"{folder.path}/")) for one in found] == [
        ("lua", "lua/e.lua"),
        ("native", "native/a.py"),
    ]


def test_without_a_folder_there_is_none(tmp_path):
    assert find.in_folder(str(tmp_path / "nowhere")) == []


@pytest.mark.parametrize(("kind", "name", "text"), [("native", "native/gate.py", GOOD), ("lua", "lua/gate.lua", LUA)])
def test_a_sound_plugin_is_read(kind, name, text, folder):
    folder.write(name, text)
    found = look(folder, kind, name)
    assert (found.name, found.source, found.fault) == ("gate", text.encode(), "")


@pytest.mark.parametrize("opened", ["native/gate.py", "native", "."])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_can_write_is_refused_with_the_command_that_mends_it(opened, mode, folder):
    folder.write("native/gate.py", GOOD)
    path = folder.path / opened
    path.chmod(path.stat().st_mode | mode)
    found = look(folder)
    assert ("can be written by others" in found.fault, found.hint) == (True, f"run 'chmod go-w {path}'")


def test_what_belongs_to_somebody_else_is_refused(folder):
    folder.write("native/gate.py", GOOD)
    assert f"belongs to user {ME}" in look(folder, uid=ME + 1).fault


def test_a_link_that_leads_out_is_refused_and_one_that_stays_is_not(folder, tmp_path):
    outside = tmp_path / "gate.py"
    outside.write_text(GOOD)
    (folder.path / "native" / "gate.py").symlink_to(outside)
    folder.write("native/_gate.py", GOOD)
    (folder.path / "native" / "inside.py").symlink_to("_gate.py")
    assert "leads out of" in look(folder).fault
    assert look(folder, name="native/inside.py").fault == ""


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.mkdir(), "is not a file"),
        (lambda path: os.mkfifo(path, 0o600), "is not a file"),
        (lambda path: path.write_text("#" * find.SOURCE_LIMIT_BYTES["native"] + "##"), "more than 32 KiB"),
        (lambda path: path.symlink_to("gate.py"), "cannot be read|leads out|is not a file"),
        (lambda path: None, "No such file"),
    ],
)
def test_what_is_no_file_to_read_is_told(make, told, folder):
    make(folder.path / "native" / "gate.py")
    assert any(text in look(folder).fault for text in told.split("|"))


def test_a_package_offers_a_plugin_without_being_imported(tmp_path):
    info = tmp_path / "gate-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(
        "[other]\nx = y\n\n[nexsock.plugins]\n# ours\ngate = gatepkg.main:thing [extra]\n"
    )
    package = tmp_path / "gatepkg"
    package.mkdir()
    (package / "main.py").write_text(GOOD)
    (candidate,) = find.installed([str(tmp_path)])
    assert (candidate.module, candidate.path, find.look(candidate, ME).name) == (
        "gatepkg.main",
        str(package / "main.py"),
        "gate",
    )


def test_a_package_whose_module_is_not_there_is_told(tmp_path):
    info = tmp_path / "gate-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[nexsock.plugins]\ngate = nowhere\n")
    (candidate,) = find.installed(["", str(tmp_path)])
    assert "No such file" in find.look(candidate, ME).fault
