import pytest

from nexsock.logs.raw import Raw


@pytest.fixture
def raw(tmp_path):
    made = Raw(str(tmp_path), "web")
    yield made
    made.close()


def all_of(raw):
    pieces = []
    while piece := raw.read(5):
        pieces.append(piece)
    return b"".join(pieces)


def test_a_service_without_a_log_has_written_nothing(raw):
    assert (raw.end(), raw.beginning_of(1), raw.read(9)) == (0, 0, b"")


def test_bytes_come_as_they_are_and_go_on_with_what_is_written_later(raw, web):
    web.write(b"one\r\n\x1b[31mtw", 1.0)
    assert all_of(raw) == b"one\r\n\x1b[31mtw"
    web.write(b"o\n", 2.0)
    assert (all_of(raw), raw.place) == (b"o\n", raw.end())


def test_reading_goes_on_over_rotations(raw, web):
    web.write(b"first ", 1.0)
    assert raw.read(3) == b"fir"
    web.rotate()
    web.write(b"second ", 3.0)
    web.rotate()
    web.write(b"third", 5.0)
    assert all_of(raw) == b"st second third"


def test_a_place_stays_what_it_is_when_files_are_rotated(raw, web):
    web.write(b"first ", 1.0)
    place = raw.end()
    web.rotate()
    web.write(b"second", 3.0)
    raw.go_to(place)
    assert all_of(raw) == b"second"


def test_what_rotation_has_dropped_is_passed_over(raw, web):
    web.write(b"first ", 1.0)
    web.rotate()
    web.write(b"second", 3.0)
    web.rotate(keep=2)
    web.write(b" third", 4.0)
    assert (all_of(raw), raw.place) == (b"second third", 18)


def test_a_run_begins_where_the_one_before_it_ended(raw, web):
    web.write(b"first ", 1.0)
    web.rotate()
    web.write(b"again ", 2.5)
    web.run(2, 3.0)
    web.write(b"second", 4.0)
    assert [raw.beginning_of(run) for run in (1, 2, 3)] == [0, 12, 18]


def test_blocks_can_be_read_from_the_end(raw, web):
    web.write(b"first ", 1.0)
    web.rotate()
    web.write(b"second", 3.0)
    assert list(raw.backward(2, 12)) == [(2, b"rst second")]
