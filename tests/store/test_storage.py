"""The storage class: whole or not at all, wherever the disk fails or the bytes are damaged."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tinydb import TinyDB, where

from nexsock import errors
from nexsock.store import storage
from nexsock.store.storage import Damaged, MemoryStorage, SafeStorage, seal, unseal

ONE = {"service": {"1": {"name": "web"}}}
TWO = {"service": {"1": {"name": "api"}}}
STEPS = ("create", "write", "sync", "link", "rename", "sync_folder")


def never(text: str) -> None:
    raise AssertionError(text)


def open_and_close(path: str, document: Any) -> None:
    opened = SafeStorage(path, report=never)
    opened.write(document)
    opened.close()


def test_written_document_is_there_when_the_file_is_opened_again(state_path):
    open_and_close(state_path, ONE)
    again = SafeStorage(state_path, report=never)
    assert again.read() == ONE
    again.close()


def test_unwritten_storage_holds_nothing_and_makes_no_file(state_path):
    fresh = SafeStorage(state_path, report=never)
    assert fresh.read() is None
    assert not os.path.exists(state_path)
    fresh.close()


def test_changing_what_was_read_changes_nothing_that_is_stored():
    memory = MemoryStorage()
    memory.write(ONE)
    memory.read()["service"]["1"]["name"] = "changed"
    assert memory.read() == ONE


def test_tinydb_queries_work_on_it(state_path):
    database = TinyDB(state_path, storage=SafeStorage, report=never)
    database.table("service").insert({"name": "web", "port": 80})
    assert database.table("service").get(where("port") == 80) == {"name": "web", "port": 80}
    database.close()


def test_second_opener_is_refused_at_once_and_told_which_file(state_path):
    first = SafeStorage(state_path, report=never)
    with pytest.raises(errors.StateError, match=f"{state_path} is in use by another process"):
        SafeStorage(state_path, report=never)
    first.close()
    SafeStorage(state_path, report=never).close()


def test_files_are_for_their_owner_only(state_path):
    open_and_close(state_path, ONE)
    open_and_close(state_path, TWO)
    folder = os.path.dirname(state_path)
    assert {os.stat(os.path.join(folder, name)).st_mode & 0o777 for name in os.listdir(folder)} == {0o600}


def test_version_before_is_kept_beside_the_current_one(state_path):
    open_and_close(state_path, ONE)
    open_and_close(state_path, TWO)
    assert b"web" in Path(state_path + ".bak").read_bytes()
    assert b"api" in Path(state_path).read_bytes()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_disk_that_fails_at_any_step_leaves_a_readable_document_and_an_honest_memory(
    state_path, failing, reports, step, number
):
    opened = SafeStorage(state_path, report=reports, files=failing)
    opened.write(ONE)
    failing.fail(step, number)
    with pytest.raises(errors.StateError, match=state_path):
        opened.write(TWO)
    in_memory = opened.read()
    opened.close()
    again = SafeStorage(state_path, report=reports)
    assert again.read() == in_memory
    assert in_memory == (TWO if step == "sync_folder" else ONE)
    assert reports == []
    again.close()


@pytest.mark.parametrize("step", STEPS)
def test_same_write_succeeds_once_the_disk_is_mended(state_path, failing, step):
    opened = SafeStorage(state_path, report=never, files=failing)
    opened.write(ONE)
    failing.fail(step)
    with pytest.raises(errors.StateError):
        opened.write(TWO)
    failing.mend()
    opened.write(TWO)
    opened.close()
    again = SafeStorage(state_path, report=never)
    assert again.read() == TWO
    again.close()


def test_file_system_without_hard_links_still_keeps_the_version_before(state_path, failing):
    opened = SafeStorage(state_path, report=never, files=failing)
    opened.write(ONE)
    failing.fail("link", errno.EPERM)
    opened.write(TWO)
    opened.close()
    assert unseal(Path(state_path + ".bak").read_bytes())[0] == b'{"service":{"1":{"name":"web"}}}'


def test_damaged_file_is_set_aside_and_the_version_before_is_used(state_path, reports):
    open_and_close(state_path, ONE)
    open_and_close(state_path, TWO)
    Path(state_path).write_bytes(Path(state_path).read_bytes()[:-3])
    opened = SafeStorage(state_path, report=reports)
    assert opened.read() == ONE
    assert reports == [
        f"{state_path} holds 29 bytes of 32 and is now state.json.corrupt-1: the version before it is used"
    ]
    opened.write(TWO)
    opened.close()
    again = SafeStorage(state_path, report=never)
    assert again.read() == TWO
    again.close()


def test_damage_to_both_versions_starts_empty_and_keeps_both_for_a_person(state_path, reports):
    open_and_close(state_path, ONE)
    open_and_close(state_path, TWO)
    for name in (state_path, state_path + ".bak"):
        Path(name).write_bytes(b"garbage")
    opened = SafeStorage(state_path, report=reports)
    assert opened.read() is None
    assert len(reports) == 1
    assert "starting empty" in reports[0]
    assert os.path.exists(state_path + ".corrupt-2")
    opened.close()


def test_lost_file_comes_back_from_the_version_before(state_path, reports):
    open_and_close(state_path, ONE)
    open_and_close(state_path, TWO)
    os.unlink(state_path)
    opened = SafeStorage(state_path, report=reports)
    assert opened.read() == ONE
    assert reports == [f"{state_path} is missing: the version before it is used"]
    opened.close()


@pytest.mark.parametrize("content", [b"[]", b'{"service": 3}', b"\xff", b""])
def test_whole_file_that_holds_no_tables_is_set_aside(state_path, reports, content):
    Path(state_path).write_bytes(seal(content, 1))
    opened = SafeStorage(state_path, report=reports)
    assert opened.read() is None
    assert "holds something else than tables" in reports[0]
    opened.close()


def test_file_of_a_newer_format_is_refused_and_left_as_it_is(state_path):
    content = b"nexsock-state 2 whatever comes then\n..."
    Path(state_path).write_bytes(content)
    with pytest.raises(errors.StateError, match=r"newer nexsock \(format 2; this one knows format 1\)"):
        SafeStorage(state_path, report=never)
    assert Path(state_path).read_bytes() == content


def test_symbolic_link_in_its_place_is_refused_and_not_followed(state_path, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(seal(b"{}", 1))
    os.symlink(target, state_path)
    with pytest.raises(errors.StateError, match="cannot be read"):
        SafeStorage(state_path, report=never)


def test_fifo_in_its_place_is_refused_without_waiting_for_a_writer(state_path):
    os.mkfifo(state_path)
    with pytest.raises(errors.StateError, match="is not a plain file"):
        SafeStorage(state_path, report=never)


def test_refused_file_does_not_stay_locked(state_path):
    os.mkfifo(state_path)
    with pytest.raises(errors.StateError):
        SafeStorage(state_path, report=never)
    os.unlink(state_path)
    SafeStorage(state_path, report=never).close()


@given(body=st.binary(max_size=60), generation=st.integers(min_value=0, max_value=2**63))
def test_sealed_body_comes_back(body, generation):
    assert unseal(seal(body, generation)) == (body, generation)


@settings(max_examples=300)
@given(body=st.binary(min_size=1, max_size=60), data=st.data())
def test_any_changed_byte_or_cut_is_noticed(body, data):
    content = seal(body, 7)
    position = data.draw(st.integers(min_value=0, max_value=len(content) - 1))
    byte = data.draw(st.integers(min_value=1, max_value=255))
    changed = content[:position] + bytes([content[position] ^ byte]) + content[position + 1 :]
    for damaged in (changed, content[:position]):
        with pytest.raises((Damaged, errors.StateError)):
            unseal(damaged)


def test_newer_names_both_versions_and_what_to_do():
    assert str(storage.newer("/s/state.json", "schema 9", "schema 2")) == (
        "/s/state.json was written by a newer nexsock (schema 9; this one knows schema 2) and is left untouched; "
        "use that nexsock, or take the file back with its 'nexsock db rollback'"
    )
