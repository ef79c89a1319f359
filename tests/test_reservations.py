"""The table of reserved ports: what is written is read again, and anything else is an empty table."""

import pytest

from nexsock import reservations
from nexsock.reservations import Holding


def test_what_is_written_is_read_again(tmp_path):
    (tmp_path / "ports.json").write_text(reservations.text({"shop-1": Holding("/shop", {"web/http": 20_100})}))
    (found,) = reservations.read(str(tmp_path / "ports.json")).items()
    assert (found[0], found[1].directory, found[1].ports) == ("shop-1", "/shop", {"web/http": 20_100})


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"version": 2, "projects": {}}', '{"version": 1}', '{"version": 1, "projects": {"a": 1}}'],
)
def test_a_damaged_or_newer_table_is_empty(tmp_path, text):
    (tmp_path / "ports.json").write_text(text)
    assert reservations.read(str(tmp_path / "ports.json")) == {}


def test_no_table_is_empty(tmp_path):
    assert reservations.read(str(tmp_path / "ports.json")) == {}
