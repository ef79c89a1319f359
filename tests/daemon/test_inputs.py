"""What is said of a oneshot's input files: whether they differ from those of its last run, and which do."""

import os

import pytest
from msgspec.structs import replace

from nexsock.daemon.inputs import InputFiles
from nexsock.model.state import Record


@pytest.fixture
def shop(house, service, tmp_path):
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "1.sql").write_text("one")
    project = house(service("db"), service("migrate", oneshot=True, inputs=(f"{tmp_path}/db/*.sql",))).project
    return replace(project, directory=str(tmp_path))


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def make(tmp_path, warnings):
    """Gives what a daemon has that was started just now."""
    (tmp_path / "state").mkdir()
    return lambda: InputFiles(str(tmp_path / "state"), str(tmp_path), warnings.append)


def ran_with(shop, observed, run):
    fingerprint = shop.services["migrate"].fingerprint + observed.inputs["migrate"]
    return {"migrate": Record(name="migrate", phase="completed", run=replace(run(3), fingerprint=fingerprint))}


async def test_only_oneshots_that_declare_inputs_are_looked_at(shop, make):
    assert list((await make().observe(shop, {})).inputs) == ["migrate"]


async def test_what_changed_since_the_last_run_is_named_by_another_daemon_too(shop, make, run, tmp_path):
    records = ran_with(shop, await make().observe(shop, {}), run)
    (tmp_path / "db" / "1.sql").write_text("new")
    (tmp_path / "db" / "2.sql").write_text("two")
    await make().observe(shop, records)
    assert (await make().look(shop, records)).changed == {"migrate": ("db/1.sql", "db/2.sql")}


async def test_what_is_as_it_was_has_the_same_digest_and_no_names(shop, make, run):
    first = await make().observe(shop, {})
    second = await make().observe(shop, ran_with(shop, first, run))
    assert (second.inputs, second.changed) == (first.inputs, {})


async def test_a_look_remembers_nothing(shop, make, tmp_path):
    await make().look(shop, {})
    assert list((tmp_path / "state").iterdir()) == []


async def test_other_times_of_the_same_content_are_not_written(shop, make, tmp_path):
    known = make()
    await known.observe(shop, {})
    remembered = tmp_path / "state" / "inputs.msgpack"
    before = remembered.stat().st_mtime_ns
    os.utime(tmp_path / "db" / "1.sql", (1, 1))
    await known.observe(shop, {})
    assert remembered.stat().st_mtime_ns == before
    await make().observe(shop, {})
    assert remembered.stat().st_mtime_ns == before


async def test_a_file_that_cannot_be_understood_costs_the_names_only(shop, make, run, tmp_path):
    records = ran_with(shop, await make().observe(shop, {}), run)
    (tmp_path / "state" / "inputs.msgpack").write_bytes(b"garbage")
    (tmp_path / "db" / "1.sql").write_text("new")
    observed = await make().observe(shop, records)
    assert observed.changed == {}
    assert not records["migrate"].run.fingerprint.endswith(observed.inputs["migrate"])
