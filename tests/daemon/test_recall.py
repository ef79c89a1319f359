"""What outlives the brain is read back whole, by nobody else, or not at all."""

import os

import pytest

from nexsock.daemon import recall
from nexsock.model.project import Project, ProjectRef
from nexsock.model.state import Selection, Wants
from nexsock.places import Places, make_private

WANTS = Wants(selection=Selection(everything=True), intents={"web": "stopped"})


@pytest.fixture
def remembered():
    return recall.Remembered(
        ref=ProjectRef(directory="/shop", discovered=True),
        project=Project(id="shop-1", name="shop", directory="/shop"),
        environ={"TOKEN": "secret"},
        watching=True,
    )


def test_what_was_saved_is_loaded(tmp_path, remembered):
    recall.save(str(tmp_path), remembered)
    assert recall.load(str(tmp_path)) == remembered


def test_what_was_saved_and_not_dropped_is_known_without_reading_it(tmp_path, remembered):
    places = Places(f"{tmp_path}/config", f"{tmp_path}/state", f"{tmp_path}/run")
    before = places.remembered()
    for project in ("shop-1", "mail-2"):
        make_private(places.project_runtime(project), os.getuid())
        recall.save(places.project_runtime(project), remembered)
    recall.drop(places.project_runtime("mail-2"))
    assert (before, places.remembered()) == ([], ["shop-1"])


def test_the_environment_is_private_to_the_user(tmp_path, remembered):
    recall.save(str(tmp_path), remembered)
    assert os.stat(tmp_path / recall.FILE).st_mode & 0o777 == 0o600


def test_what_did_not_change_is_not_written_again(tmp_path, remembered):
    recall.save(str(tmp_path), remembered)
    before = os.stat(tmp_path / recall.FILE)
    recall.save(str(tmp_path), remembered)
    after = os.stat(tmp_path / recall.FILE)
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_was_dropped_is_not_there_and_may_be_dropped_again(tmp_path, remembered):
    recall.save(str(tmp_path), remembered)
    recall.drop(str(tmp_path))
    recall.drop(str(tmp_path))
    assert recall.load(str(tmp_path)) is None


@pytest.mark.parametrize("content", [b"", b"\x80", b"\xc1 of another version"])
def test_what_another_version_wrote_is_nothing(tmp_path, content):
    (tmp_path / recall.FILE).write_bytes(content)
    assert recall.load(str(tmp_path)) is None


def test_a_torn_file_is_nothing(tmp_path, remembered):
    recall.save(str(tmp_path), remembered)
    path = tmp_path / recall.FILE
    path.write_bytes(path.read_bytes()[:-1])
    assert recall.load(str(tmp_path)) is None


def test_what_was_wanted_is_known_in_the_same_boot_only(tmp_path):
    recall.save_wants(str(tmp_path), WANTS, "this boot")
    assert recall.load_wants(str(tmp_path), "this boot") == WANTS
    assert recall.load_wants(str(tmp_path), "the next boot") is None


@pytest.mark.parametrize("content", [b"", b"\x80", b"\xc1 of another version"])
def test_wants_that_cannot_be_read_are_not_known(tmp_path, content):
    (tmp_path / recall.WANTS_FILE).write_bytes(content)
    assert recall.load_wants(str(tmp_path), "this boot") is None
