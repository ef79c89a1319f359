"""Model to rows and back loses nothing that is meant to be kept."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexsock.model.service import Launch, Port, Service
from nexsock.model.state import Cause, Exit, Health, Record, Run, Stopping
from nexsock.store import records
from nexsock.store.tables import RunRow, ServiceRow

text = st.text('ab é\0\n"\\\U0001d11e', max_size=8)
seconds = st.floats(min_value=0, max_value=2e9)
maybe_seconds = st.none() | seconds
causes = st.builds(Cause, kind=st.sampled_from(["user", "config", "crash"]), text=text, origin=st.none() | text)
exits = st.builds(Exit, code=st.none() | st.integers(0, 255), at=seconds, signal=st.none() | text)
runs = st.builds(
    Run,
    number=st.integers(1, 2**32),
    instance=text,
    cause=causes,
    fingerprint=text,
    pid=st.none() | st.integers(1),
    started_at=maybe_seconds,
    ready_mono=maybe_seconds,
    exit=st.none() | exits,
    commit=st.none() | text,
)
all_records = st.builds(
    Record,
    name=text,
    phase=st.sampled_from(["stopped", "ready", "backoff"]),
    since_at=seconds,
    reason=text,
    intent=st.sampled_from(["unset", "up", "stopped"]),
    run=st.none() | runs,
    replace=st.none() | causes,
    stopping=st.none() | st.builds(Stopping, cause=causes, since_mono=seconds, kill_mono=maybe_seconds),
    health=st.none() | st.builds(Health, verdict=st.sampled_from(["starting", "healthy", "unhealthy"])),
    restarts=st.integers(0, 99),
    attempts=st.integers(0, 99),
    failed_mono=st.lists(seconds, max_size=3).map(tuple),
    retry_mono=maybe_seconds,
    done_fingerprint=st.none() | text,
    survivors=st.lists(st.integers(1, 2**22), max_size=3).map(tuple),
)


@given(record=all_records)
def test_record_survives_rows_and_json(record):
    row = records.service_row(7, record, port=80, config_id=None)
    run_row = records.run_row(9, 7, record.run) if record.run else None
    read = msgspec.json.decode(msgspec.json.encode(row), type=ServiceRow)
    read_run = msgspec.json.decode(msgspec.json.encode(run_row), type=RunRow | None)
    assert records.record_of(read, records.run_of(read_run) if read_run else None) == record


def test_every_field_of_a_record_is_kept_or_known_not_to_be():
    columns = set(ServiceRow.__struct_fields__) | {"phase"}
    assert set(Record.__struct_fields__) - columns == records.NOT_STORED


def test_every_field_of_a_run_has_a_column():
    assert set(RunRow.__struct_fields__) == {"id", "service_id", *Run.__struct_fields__}


def test_row_of_a_service_that_was_only_declared_is_no_record():
    assert records.record_of(ServiceRow(id=1, name="web"), None) is None


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("/p/.env", "env"),
        ("/p/app.properties", "properties"),
        ("/p/a.yml", "yaml"),
        ("/p/a.toml", "toml"),
        ("/p/rc", "env"),
    ],
)
def test_format_of_a_config_is_told_by_its_name(target, found):
    assert records.format_of(target) == found


def test_first_port_is_the_one_that_sets_PORT():
    ports = {"http": Port(number=8080), "admin": Port(number=9090)}
    assert records.first_port(Service(name="web", launch=Launch(ports=ports))) == 8080
    assert records.first_port(Service(name="web", launch=Launch())) is None
