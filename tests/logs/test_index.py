"""Reading an index: what is torn is left out, what is looked for is found."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexsock.keeper import wire
from nexsock.logs.index import BLOCK_RECORDS, Index, Record


@pytest.fixture
def index_of(tmp_path: Path):
    """Makes the index of some records, and closes it after the test."""
    opened = []

    def made(records: list[Record], torn: bytes = b"") -> Index:
        path = tmp_path / f"{len(opened)}.idx"
        path.write_bytes(b"".join(wire.index_record(*record) for record in records) + torn)
        opened.append(os.open(path, os.O_RDONLY))
        return Index(opened[-1])

    yield made
    for descriptor in opened:
        os.close(descriptor)


def chunk(offset: int, at: int, length: int, run: int = 1, flags: int = 0) -> Record:
    return Record(offset, at, length, run, wire.STREAM_OUT, flags)


def test_records_come_back_in_order_over_several_blocks(index_of):
    records = [chunk(10 * number, number, 10) for number in range(BLOCK_RECORDS * 2 + 3)]
    assert list(index_of(records).records(0, len(records))) == records


def test_torn_last_record_is_left_out(index_of):
    assert index_of([chunk(0, 5, 10)], torn=b"x" * 31).count == 1


def test_missing_index_has_no_records():
    index = Index(None)
    assert (index.count, index.base, index.first_since(0), index.at_offset(7)) == (0, None, 0, 0)


def test_base_is_what_was_written_before_this_file(index_of):
    assert index_of([chunk(4096, 1, 0, flags=wire.FLAG_BASE), chunk(0, 1, 5)]).base == 4096
    assert index_of([chunk(0, 1, 5)]).base is None


def test_refresh_takes_notice_of_new_records(tmp_path):
    path = tmp_path / "web.idx"
    path.write_bytes(wire.index_record(*chunk(0, 1, 5)))
    descriptor = os.open(path, os.O_RDONLY)
    index = Index(descriptor)
    with path.open("ab") as file:
        file.write(wire.index_record(*chunk(5, 2, 5)))
    assert index.count == 1
    index.refresh()
    assert index.record(1) == chunk(5, 2, 5)
    os.close(descriptor)


def test_streams_of_some_records_are_told_without_reading_each(index_of):
    records = [Record(0, 1, 1, 1, stream, 0) for stream in (wire.STREAM_OUT, wire.STREAM_OUT, wire.STREAM_ERR)]
    index = index_of(records)
    assert index.streams(-5, 2) == {wire.STREAM_OUT}
    assert index.streams(1, 99) == {wire.STREAM_OUT, wire.STREAM_ERR}
    assert index.streams(3, 3) == {wire.STREAM_UNKNOWN}


times = st.lists(st.integers(0, 20), min_size=1, max_size=30).map(sorted)


@given(times=times, wanted=st.integers(0, 21))
def test_time_is_found_as_a_search_from_the_start_finds_it(tmp_path_factory, times, wanted):
    path = tmp_path_factory.getbasetemp() / "searched.idx"
    records = [chunk(10 * number, at, 10, run=1 + number // 3) for number, at in enumerate(times)]
    path.write_bytes(b"".join(wire.index_record(*record) for record in records))
    descriptor = os.open(path, os.O_RDONLY)
    index, count = Index(descriptor), len(records)
    assert index.first_since(wanted) == next((n for n in range(count) if times[n] >= wanted), count)
    assert index.first_after(wanted) == next((n for n in range(count) if times[n] > wanted), count)
    assert index.first_of_run(wanted) == next((n for n in range(count) if records[n].run >= wanted), count)
    assert index.at_offset(wanted * 7) == next((n for n in range(count) if records[n].end > wanted * 7), count)
    os.close(descriptor)
