"""Migrations: real old files in both directions, and `down(up(x)) == x` for any x."""

import os
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexsock import errors
from nexsock.model.state import Selection
from nexsock.store import migrate, migrations
from nexsock.store.storage import SafeStorage, seal, unseal
from nexsock.store.store import open_store
from nexsock.store.writer import Writer

FILES = Path(__file__).parent / "files"


def never(text: str) -> None:
    raise AssertionError(text)


def document_in(path: str | Path) -> dict:
    return msgspec.json.decode(unseal(Path(path).read_bytes())[0])


def old_file(schema: int, state_path: str) -> str:
    shutil.copy(FILES / f"schema-{schema}.json", state_path)
    return state_path


def test_every_migration_module_is_in_the_list_and_in_order():
    folder = Path(migrations.__file__).parent
    assert [path.stem for path in sorted(folder.glob("[0-9]*.py"))] == list(migrations.NAMES)
    assert [int(name[:4]) for name in migrations.NAMES] == list(range(1, migrate.NEWEST + 1))


def test_there_is_a_real_file_of_every_schema():
    assert sorted(path.name for path in FILES.iterdir()) == [f"schema-{n}.json" for n in range(migrate.NEWEST + 1)]


@pytest.mark.parametrize("schema", range(migrate.NEWEST))
def test_real_old_file_goes_up_one_step_and_comes_back_the_same(schema):
    document = document_in(FILES / f"schema-{schema}.json")
    migration = migrate.load(migrations.NAMES[schema])
    assert migration.down(migration.up(document)) == document


@pytest.mark.parametrize("schema", range(1, migrate.NEWEST + 1))
def test_real_file_goes_down_and_what_it_could_keep_comes_up_again(schema):
    migration = migrate.load(migrations.NAMES[schema - 1])
    lower = migration.down(document_in(FILES / f"schema-{schema}.json"))
    assert migration.down(migration.up(lower)) == lower


@pytest.mark.parametrize("schema", range(migrate.NEWEST + 1))
def test_real_file_of_every_schema_opens_today(schema, state_path):
    writer = Writer()
    opened = open_store(old_file(schema, state_path), writer, never)
    assert opened.meta.schema == migrate.NEWEST
    opened.close()
    writer.close()


def test_services_and_history_of_the_first_schema_are_known_today(state_path):
    writer = Writer()
    opened = open_store(old_file(1, state_path), writer, never)
    state = opened.load()
    assert state.selection == Selection(everything=True)
    assert {name: record.phase for name, record in state.records.items()} == {
        "db": "ready",
        "migrate": "completed",
        "web": "stopped",
    }
    assert [(run.number, run.exit.code) for run in opened.runs("migrate")] == [(2, 0), (1, 1)]
    assert state.records["db"].run.pid == 4101
    assert state.records["web"].run is None
    opened.close()
    writer.close()


def test_intent_and_watching_of_the_second_schema_are_known_today(state_path):
    writer = Writer()
    opened = open_store(old_file(2, state_path), writer, never)
    assert opened.load().records["web"].intent == "stopped"
    assert opened.meta.watching
    opened.close()
    writer.close()


def test_runs_of_the_second_schema_are_known_today_without_what_they_were_launched_with(state_path):
    writer = Writer()
    opened = open_store(old_file(2, state_path), writer, never)
    newest = opened.runs("migrate")[0]
    assert (newest.asked_at, newest.ended, opened.launch("migrate", newest)) == (None, None, None)
    opened.close()
    writer.close()


def test_launches_and_times_of_the_third_schema_are_known_today(state_path):
    writer = Writer()
    opened = open_store(old_file(3, state_path), writer, never)
    newest, before = opened.runs("web")[:2]
    assert opened.launch("web", newest).fields["environment.PORT"] == '"3001"'
    assert opened.launch("web", before).fields["environment.PORT"] == '"3000"'
    assert newest.asked_at <= newest.begun_at <= newest.started_at
    assert "PATH" in opened.environment(newest.inherited)
    assert opened.meta.up_at
    opened.close()
    writer.close()


def test_file_as_it_was_is_kept_when_it_is_migrated(state_path):
    old_file(1, state_path)
    before = document_in(state_path)
    assert migrate.migrate(state_path, report=never).version == migrate.NEWEST
    assert document_in(state_path + ".v1") == before
    assert os.stat(state_path + ".v1").st_mode & 0o777 == 0o600


def test_migrating_what_is_newest_writes_nothing(state_path):
    old_file(migrate.NEWEST, state_path)
    content = Path(state_path).read_bytes()
    migrate.migrate(state_path, report=never)
    assert Path(state_path).read_bytes() == content
    assert sorted(os.listdir(os.path.dirname(state_path))) == ["state.json", "state.json.lock"]


def test_rollback_goes_back_and_migrate_comes_again(state_path):
    old_file(1, state_path)
    before = document_in(state_path)
    migrate.migrate(state_path, report=never)
    assert migrate.rollback(state_path, migrate.NEWEST - 1, report=never) == migrate.schema(1)
    assert document_in(state_path) == before
    assert migrate.rollback(state_path, report=never).version == 0
    assert document_in(state_path) == {}
    assert migrate.migrate(state_path, 1, report=never).version == 1


def test_status_says_what_is_applied_and_what_is_pending_while_the_daemon_has_the_file(state_path):
    opened = SafeStorage(old_file(1, state_path), report=never)
    found = migrate.status(state_path)
    assert (found.version, found.newest) == (1, migrate.NEWEST)
    assert (found.applied, found.pending) == (migrations.NAMES[:1], migrations.NAMES[1:])
    opened.close()


def test_status_of_a_missing_file_is_schema_0(state_path):
    assert migrate.status(state_path).version == 0


def test_status_of_a_damaged_file_is_an_error_that_names_it(state_path):
    Path(state_path).write_bytes(b"garbage")
    with pytest.raises(errors.StateError, match=r"state\.json cannot be read: has no header"):
        migrate.status(state_path)


@pytest.mark.parametrize("action", [migrate.migrate, migrate.rollback])
def test_newer_schema_is_refused_untouched(state_path, action):
    content = seal(b'{"meta":{"1":{"schema":9}}}', 3)
    Path(state_path).write_bytes(content)
    with pytest.raises(errors.StateError, match=f"schema 9; this one knows schema {migrate.NEWEST}"):
        action(state_path, report=never)
    assert Path(state_path).read_bytes() == content


def test_schema_that_does_not_exist_is_a_usage_error(state_path):
    with pytest.raises(errors.UsageError, match="there is no schema 99; schemas go from 0 to"):
        migrate.migrate(state_path, 99, report=never)
    with pytest.raises(errors.UsageError, match="3 steps back is before the first"):
        migrate.rollback(old_file(1, state_path), 3, report=never)


plain = st.none() | st.integers(0, 2**40) | st.text("aé\n", max_size=5)
extra = st.dictionaries(st.sampled_from(["reason", "port", "later_column"]), plain, max_size=3)
run_rows = st.builds(lambda number, more: {**more, "number": number}, st.integers(1, 99), extra)
service_rows = st.lists(st.tuples(st.lists(run_rows, max_size=3), extra), max_size=4).map(
    lambda rows: {
        str(row_id): {"name": f"s{row_id}", **more, "id": row_id, "runs": runs}
        for row_id, (runs, more) in enumerate(rows, 1)
    }
)
dependency_rows = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4), st.booleans()), max_size=4).map(
    lambda rows: {
        str(row_id): {"id": row_id, "service_id": service, "dependent_service_id": needed, "tunnel_enabled": tunnel}
        for row_id, (service, needed, tunnel) in enumerate(rows, 1)
    }
)
first_schema = st.fixed_dictionaries(
    {
        "meta": extra.map(lambda row: {"1": {**row, "schema": 1}}),
        "service": service_rows,
        "service_config": st.just({}),
        "service_dependency": dependency_rows,
    }
)


@given(document=st.dictionaries(st.sampled_from(["_default", "notes"]), st.dictionaries(st.just("1"), extra)))
def test_base_tables_come_and_go_and_other_tables_stay(document):
    base = migrate.load("0001_base")
    assert base.down(base.up(document)) == document


@given(document=first_schema)
def test_run_history_moves_out_and_back_without_loss(document):
    runs = migrate.load("0002_runs")
    before = msgspec.json.encode(document)
    assert runs.down(runs.up(document)) == document
    assert msgspec.json.encode(document) == before, "the argument was changed"


@given(document=first_schema)
def test_conversion_there_and_back_is_the_same_document(document):
    assert migrate.convert(migrate.convert(document, migrate.NEWEST), 1) == document
