"""The store: what is put is there after a restart, and nothing is written that did not change."""

import asyncio
import os
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexsock import errors
from nexsock.model.project import Project, RenderedConfig
from nexsock.model.service import Dependency, Launch, Port, Service
from nexsock.model.state import Cause, Exit, Health, Phase, Record, Run, Selection, Snapshot, Stopping
from nexsock.store import migrate, store
from nexsock.store.launches import ENVIRONMENTS_KEPT
from nexsock.store.storage import MemoryStorage, SafeStorage, unseal
from nexsock.store.store import RUNS_KEPT, Store, open_store
from nexsock.store.tables import MetaRow
from nexsock.store.writer import Writer


def never(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture
def writer():
    made = Writer(batch_s=0.001)
    yield made
    made.close()


def run(number: int, **known: object) -> Run:
    cause = Cause(kind="user", text="started by you")
    return Run(number=number, instance=f"web-{number}", cause=cause, fingerprint="f" * 32, **known)


def service(name: str, *needs: str) -> Service:
    return Service(
        name=name,
        launch=Launch(
            command=("/bin/sh", "-c", "serve --now"),
            environment={"TOKEN": "hunter2-secret"},
            ports={"http": Port(number=8080)},
            configs={"app": "0" * 64},
        ),
        depends_on={need: Dependency(condition="healthy", tunnel=True) for need in needs},
    )


def project(*services: Service) -> Project:
    config = RenderedConfig(name="app", target="/p/app.properties", text="secret-in-config", digest="0" * 64)
    return Project(
        id="p-1",
        name="p",
        directory="/p",
        files=("/p/nexsock.yaml",),
        services={each.name: each for each in services},
        configs={"app": config},
    )


def reopened(path: str) -> tuple[Store, Writer]:
    fresh = Writer(batch_s=0.001)
    return open_store(path, fresh, never), fresh


FULL = Record(
    name="web",
    phase="stopping",
    since_at=12.5,
    reason="stopped by you",
    intent="stopped",
    run=run(
        3,
        pid=7,
        start_ticks=99,
        boot_id="b",
        started_at=1.0,
        ready_mono=2.0,
        exit=Exit(code=143, at=3.0, signal="SIGTERM"),
    ),
    replace=Cause(kind="config", text="environment.PORT", origin="nexsock.yaml:3:5"),
    stopping=Stopping(cause=Cause(kind="user", text="stop web"), since_mono=1.5, kill_mono=11.5, killed=True),
    health=Health(verdict="unhealthy"),
    restarts=4,
    attempts=2,
    failed_mono=(1.0, 2.0),
    retry_mono=9.0,
    done_fingerprint="d" * 32,
    survivors=(4, 5),
)


def test_record_comes_back_as_it_was_put(writer, state_path):
    opened = open_store(state_path, writer, never)
    opened.put(FULL)
    opened.close()
    again, other = reopened(state_path)
    assert again.load().records == {"web": FULL}
    again.close()
    other.close()


def test_meta_and_selection_come_back(writer, state_path):
    opened = open_store(state_path, writer, never)
    opened.describe(project(service("web")))
    opened.set_meta(selection=Selection(names=("web",)), watching=True)
    opened.close()
    again, other = reopened(state_path)
    assert again.load().selection == Selection(names=("web",))
    assert (again.meta.id, again.meta.directory, again.meta.files, again.meta.watching) == (
        "p-1",
        "/p",
        ("/p/nexsock.yaml",),
        True,
    )
    again.close()
    other.close()


def test_no_environment_value_and_no_config_text_reaches_the_disk(writer, state_path):
    opened = open_store(state_path, writer, never)
    opened.describe(project(service("web")))
    opened.put(msgspec.structs.replace(FULL, applied=service("web")))
    opened.close()
    assert b"secret" not in Path(state_path).read_bytes()


def test_tables_name_configs_ports_and_dependencies(writer):
    memory = MemoryStorage()
    opened = Store(memory, writer, never)
    opened.describe(project(service("db"), service("web", "db")))
    opened.close()
    document = memory.read()
    assert [(row["name"], row["port"], row["config_id"], row["status"]) for row in document["service"].values()] == [
        ("db", 8080, 1, None),
        ("web", 8080, 2, None),
    ]
    assert document["service_config"]["2"] == {
        "id": 2,
        "filename": "/p/app.properties",
        "format": "properties",
        "run_command": "/bin/sh -c 'serve --now'",
    }
    assert document["service_dependency"] == {
        "1": {
            "id": 1,
            "service_id": 2,
            "dependent_service_id": 1,
            "condition": "healthy",
            "tunnel_enabled": True,
        }
    }


def test_described_service_that_was_never_recorded_is_not_in_the_state(writer):
    opened = Store(MemoryStorage(), writer, never)
    opened.describe(project(service("web")))
    assert opened.load().records == {}


def test_service_that_left_the_file_is_forgotten_unless_it_was_recorded(writer):
    memory = MemoryStorage()
    opened = Store(memory, writer, never)
    opened.describe(project(service("db"), service("web", "db"), service("old", "db")))
    opened.put(Record(name="web"))
    opened.describe(project(service("db")))
    opened.close()
    document = memory.read()
    assert [row["name"] for row in document["service"].values()] == ["db", "web"]
    assert list(document["service_config"]) == ["1"]
    assert document["service_dependency"] == {}


async def test_same_again_writes_nothing(writer, state_path):
    opened = open_store(state_path, writer, never)
    opened.describe(project(service("db"), service("web", "db")))
    opened.put(FULL)
    assert await opened.barrier()
    before = os.stat(state_path)
    opened.describe(project(service("db"), service("web", "db")))
    opened.put(msgspec.structs.replace(FULL, applied=service("web")))
    opened.put_run("web", FULL.run)
    opened.set_meta(selection=opened.meta.selection)
    assert await opened.barrier()
    assert os.stat(state_path).st_ino == before.st_ino
    opened.close()


async def test_probe_that_finds_the_same_writes_nothing(writer, state_path):
    opened = open_store(state_path, writer, never)
    opened.put(FULL)
    await opened.barrier()
    before = os.stat(state_path)
    health = Health(verdict="unhealthy", failures=9, probes=40, last_output="HTTP 503", last_ok=False, last_at=99.0)
    opened.put(msgspec.structs.replace(FULL, health=health))
    await opened.barrier()
    assert os.stat(state_path).st_ino == before.st_ino
    opened.close()


def test_store_that_is_only_opened_makes_no_file(writer, state_path):
    opened = open_store(state_path, writer, never)
    opened.load()
    opened.close()
    assert not os.path.exists(state_path)


def test_history_is_newest_first_and_keeps_the_newest(writer, state_path):
    opened = open_store(state_path, writer, never)
    for number in range(1, RUNS_KEPT + 11):
        opened.put(Record(name="web", run=run(number)))
    opened.close()
    again, other = reopened(state_path)
    assert [each.number for each in again.runs("web")] == list(range(RUNS_KEPT + 10, 10, -1))
    assert again.load().records["web"].run == run(RUNS_KEPT + 10)
    again.close()
    other.close()


def test_what_a_run_was_launched_with_is_remembered_once_for_all_that_are_alike(writer, state_path):
    opened = open_store(state_path, writer, never)
    for number, fingerprint in ((1, "a"), (2, "a"), (3, "b")):
        launched = msgspec.structs.replace(run(number), fingerprint=fingerprint)
        opened.put(Record(name="web", run=launched))
        opened.put_launch("web", launched, Snapshot(fields={"command": fingerprint}))
    opened.close()
    again, other = reopened(state_path)
    assert [again.launch("web", each).fields["command"] for each in again.runs("web")] == ["b", "a", "a"]
    again.close()
    other.close()
    assert len(msgspec.json.decode(unseal(Path(state_path).read_bytes())[0])["launch"]) == 2


def test_what_only_forgotten_runs_were_launched_with_is_forgotten(writer):
    memory = MemoryStorage()
    opened = Store(memory, writer, never)
    for number in range(1, RUNS_KEPT + 3):
        launched = msgspec.structs.replace(run(number), fingerprint=f"f{number}")
        opened.put(Record(name="web", run=launched))
        opened.put_launch("web", launched, Snapshot(fields={"command": "x"}))
    assert opened.launch("web", msgspec.structs.replace(run(1), fingerprint="f1")) is None
    opened.forget("web")
    opened.close()
    assert memory.read()["launch"] == {}


def test_the_newest_inherited_environments_are_remembered(writer, state_path):
    opened = open_store(state_path, writer, never)
    for number in range(ENVIRONMENTS_KEPT + 5):
        opened.put_environment(f"e{number}", {"PATH": f"{number:04x}"})
        opened.put_environment(f"e{number}", {"PATH": f"{number:04x}"})
    opened.close()
    again, other = reopened(state_path)
    assert (again.environment("e0"), again.environment("e5")) == (None, {"PATH": "0005"})
    assert again.environment(f"e{ENVIRONMENTS_KEPT + 4}") is not None
    again.close()
    other.close()


def test_the_time_of_the_last_up_is_remembered(writer, state_path):
    opened = open_store(state_path, writer, never)
    opened.set_meta(up_at=12.5)
    opened.close()
    again, other = reopened(state_path)
    assert again.load().up_at == 12.5
    again.close()
    other.close()


def test_run_that_ended_replaces_itself_in_the_history(writer):
    opened = Store(MemoryStorage(), writer, never)
    opened.put_run("web", run(1))
    opened.put_run("web", run(1, exit=Exit(code=0, at=5.0)))
    assert opened.runs("web") == (run(1, exit=Exit(code=0, at=5.0)),)


def test_history_of_a_service_nobody_put_survives_a_restart(writer, state_path):
    opened = open_store(state_path, writer, never)
    opened.put_run("web", run(1))
    opened.close()
    again, other = reopened(state_path)
    assert again.runs("web") == (run(1),)
    again.close()
    other.close()


def test_forgotten_service_leaves_nothing_behind(writer):
    memory = MemoryStorage()
    opened = Store(memory, writer, never)
    opened.describe(project(service("db"), service("web", "db")))
    opened.put(FULL)
    opened.forget("web")
    opened.forget("nobody")
    opened.close()
    document = memory.read()
    assert [row["name"] for row in document["service"].values()] == ["db"]
    assert (document["run"], document["service_dependency"], list(document["service_config"])) == ({}, {}, ["1"])


async def test_full_disk_is_reported_once_and_nothing_is_missing_when_it_is_mended(
    writer, state_path, failing, reports
):
    opened = Store(SafeStorage(state_path, report=never, files=failing), writer, reports)
    failing.fail("write")
    opened.put(FULL)
    assert not await opened.barrier()
    opened.put(msgspec.structs.replace(FULL, restarts=5))
    assert not await opened.barrier()
    assert opened.load().records["web"].restarts == 5
    failing.mend()
    opened.put(msgspec.structs.replace(FULL, restarts=6))
    assert await opened.barrier()
    opened.close()
    again, other = reopened(state_path)
    assert again.load().records["web"].restarts == 6
    assert reports == [
        f"{state_path} cannot be written: No space left on device: what changes is kept in memory, and written once"
        " the disk takes it",
        f"{state_path} is written again",
    ]
    again.close()
    other.close()


async def test_what_a_full_disk_refused_is_written_when_it_is_mended_and_nothing_else_happens(
    state_path, failing, reports
):
    writer = Writer(0, retry_s=0.001)
    opened = open_store(state_path, writer, reports, failing)
    failing.fail("write")
    opened.put(FULL)
    assert not await opened.barrier()
    failing.mend()
    while opened.refusal is not None:
        await asyncio.sleep(0.001)
    opened.close()
    again, other = reopened(state_path)
    assert again.load().records["web"].restarts == FULL.restarts
    again.close()
    other.close()
    writer.close()


async def test_trouble_of_the_disk_is_told_in_the_thread_of_the_loop(writer, state_path, failing):
    threads = []
    opened = open_store(state_path, writer, lambda text: threads.append(threading.current_thread()), failing)
    failing.fail("write")
    opened.put(FULL)
    await opened.barrier()
    assert threads == [threading.main_thread()]
    failing.mend()
    opened.close()


def test_folder_of_the_store_is_made_for_its_owner_only(writer, tmp_path):
    open_store(str(tmp_path / "data" / "p-1" / "state.json"), writer, never).close()
    assert os.stat(tmp_path / "data" / "p-1").st_mode & 0o777 == 0o700


def test_folder_that_is_open_to_others_is_refused(writer, tmp_path):
    tmp_path.chmod(0o755)
    with pytest.raises(errors.StateError, match="is open to other users: run 'chmod 700"):
        open_store(str(tmp_path / "state.json"), writer, never)


def test_row_of_an_unknown_kind_costs_that_row_only(writer, state_path, reports):
    document = {
        "meta": {"1": msgspec.to_builtins(MetaRow(schema=migrate.NEWEST))},
        "service": {
            "1": {"id": 1, "name": "web", "status": "levitating"},
            "2": {"id": 2, "name": "api", "status": "ready"},
        },
    }
    raw = SafeStorage(state_path, report=never)
    raw.write(document)
    raw.close()
    opened = open_store(state_path, writer, reports)
    assert list(opened.load().records) == ["api"]
    assert len(reports) == 1
    assert "row 1 of table 'service'" in reports[0]
    opened.close()


def test_newer_schema_is_refused_and_the_file_is_free_afterwards(writer, state_path):
    raw = SafeStorage(state_path, report=never)
    raw.write({"meta": {"1": {"schema": 99}}})
    raw.close()
    content = Path(state_path).read_bytes()
    with pytest.raises(errors.StateError, match="schema 99; this one knows schema"):
        open_store(state_path, writer, never)
    assert Path(state_path).read_bytes() == content
    SafeStorage(state_path, report=never).close()


def record_in(name: str, phase: Phase, number: int) -> Record:
    return Record(name=name, phase=phase, run=run(number))


names = st.sampled_from(["web", "api", "db"])
phases = st.sampled_from(["stopped", "starting", "ready", "failed"])
changes = st.lists(
    st.one_of(
        st.builds(
            lambda name, phase, number: Record(name=name, phase=phase, run=run(number)),
            names,
            phases,
            st.integers(1, 60),
        ),
        names,
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(changes=changes)
def test_whatever_is_put_and_forgotten_a_restart_finds_the_same(changes):
    memory, writer = MemoryStorage(), Writer(batch_s=0)
    opened = Store(memory, writer, never)
    for change in changes:
        if isinstance(change, str):
            opened.forget(change)
        else:
            opened.put(change)
    opened.close()
    again = Store(memory, writer, never)
    assert again.load() == opened.load()
    assert [again.runs(name) for name in ("web", "api", "db")] == [opened.runs(name) for name in ("web", "api", "db")]
    writer.close()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", "/state/projects/p-1/state.json"),
        ("postgres://localhost/shop", "/state/projects/p-1/state.json"),
        ("memory:", None),
        ("tinydb:/data", "/data/p-1/state.json"),
        ("tinydb:///data/", "/data/p-1/state.json"),
    ],
)
def test_database_url_says_where_the_store_is(url, path):
    assert store.locate("p-1", "/state/projects/p-1", url) == path


def test_database_url_without_an_absolute_folder_is_an_error():
    with pytest.raises(errors.UsageError, match="names no absolute folder; write it like tinydb:/home/me/state"):
        store.locate("p-1", "/state", "tinydb:data")
