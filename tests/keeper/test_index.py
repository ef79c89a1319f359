import os

import pytest

from nexsock.keeper import index, wire
from nexsock.keeper.index import Index


@pytest.fixture
def open_index(tmp_path):
    """Open the index of the test; as often as wanted."""
    opened = []

    def open_it(run=1):
        opened.append(Index(os.open(tmp_path / "idx", os.O_RDWR | os.O_CREAT, 0o600), run))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


def rows(tmp_path):
    return [(one[0], one[2], one[3], one[5]) for one in wire.INDEX_RECORD.iter_unpack((tmp_path / "idx").read_bytes())]


def test_a_record_has_32_bytes():
    assert wire.INDEX_RECORD.size == index.WIDTH == 32


def test_many_records_do_not_wait_for_a_flush(open_index, tmp_path):
    new = open_index()
    new.begin(0)
    for number in range(2 * index.FLUSH_RECORDS):
        new.add(number, 1, wire.STREAM_OUT + number % 2)
    assert len(rows(tmp_path)) >= index.FLUSH_RECORDS


def test_found_bytes_belong_to_the_run_that_wrote_before(open_index, tmp_path):
    first = open_index(run=4)
    first.begin(0)
    first.add(0, 10, wire.STREAM_OUT)
    first.flush(10)
    second = open_index(run=5)
    second.add(25, 0, wire.STREAM_UNKNOWN, wire.FLAG_RUN)
    second.flush(25)
    assert rows(tmp_path)[1:] == [(0, 10, 4, 0), (10, 15, 4, wire.FLAG_FOUND), (25, 0, 5, wire.FLAG_RUN)]


def test_more_than_four_gigabytes_are_found_in_pieces(open_index, tmp_path):
    new = open_index()
    new.begin(0)
    new.flush(index.MAX_LENGTH + 10)
    assert [row[:2] for row in rows(tmp_path)[1:]] == [(0, index.MAX_LENGTH), (index.MAX_LENGTH, 10)]


def test_losses_are_added_up_whenever_they_happened(open_index, tmp_path):
    new = open_index()
    new.begin(0)
    for at in (1, 10**12):
        new.add(5, 100, wire.STREAM_UNKNOWN, wire.FLAG_LOST, at)
    new.flush(5)
    assert rows(tmp_path)[1:] == [(0, 5, 1, wire.FLAG_FOUND), (5, 200, 1, wire.FLAG_LOST)]


def test_an_index_that_knows_more_than_the_log_has_begins_anew(open_index, tmp_path):
    first = open_index()
    first.begin(100)
    first.add(0, 50, wire.STREAM_OUT)
    first.flush(50)
    cut = open_index()
    cut.fit(20)
    cut.flush(20)
    assert rows(tmp_path) == [(150, 0, 1, wire.FLAG_BASE), (0, 20, 1, wire.FLAG_FOUND)]
