import pytest

from nexsock import units


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (0.0000025, "2.5us"),
        (0.05, "50ms"),
        (0.0015, "1.5ms"),
        (0.25, "250ms"),
        (5.0, "5s"),
        (1.5, "1.5s"),
        (90.0, "1m30s"),
        (120.0, "2m"),
        (90061.5, "1d1h1m1.5s"),
    ],
)
def test_a_duration_is_written_as_a_file_would_have_it_and_read_back(seconds, text):
    assert (units.write_duration(seconds), units.parse_duration(text)) == (text, pytest.approx(seconds))


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (1500, "1500"), (64000, "64kB"), (65536, "64KiB"), (10 * 2**20, "10MiB"), (2**30, "1GiB")],
)
def test_a_size_is_written_as_a_file_would_have_it_and_read_back(count, text):
    assert (units.write_size(count), units.parse_size(text)) == (text, count)
