"""The digest of a oneshot's inputs: by name and content, and by nothing else."""

import os

import pytest

from nexsock.runtime import inputs


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "1.sql").write_text("one")
    (tmp_path / "db" / "2.sql").write_text("two")
    return tmp_path


def test_without_patterns_there_is_nothing_to_compare():
    assert inputs.digest(()) == ""


def test_content_counts_and_time_and_mode_do_not(sources):
    before = inputs.digest([f"{sources}/db/*.sql"])
    os.utime(sources / "db" / "1.sql", (1, 1))
    (sources / "db" / "2.sql").chmod(0o600)
    assert inputs.digest([f"{sources}/db/*.sql"]) == before
    (sources / "db" / "1.sql").write_text("new")
    assert inputs.digest([f"{sources}/db/*.sql"]) != before


@pytest.mark.parametrize("change", ["added", "removed", "renamed"])
def test_a_file_that_comes_goes_or_moves_counts(sources, change):
    before = inputs.digest([f"{sources}/db/**"])
    match change:
        case "added":
            (sources / "db" / "3.sql").write_text("")
        case "removed":
            (sources / "db" / "2.sql").unlink()
        case "renamed":
            (sources / "db" / "2.sql").rename(sources / "db" / "3.sql")
    assert inputs.digest([f"{sources}/db/**"]) != before


def test_a_folder_stands_for_everything_below_it(sources):
    (sources / "db" / "deep").mkdir()
    before = inputs.digest([f"{sources}/db"])
    (sources / "db" / "deep" / "4.sql").write_text("four")
    assert inputs.digest([f"{sources}/db"]) != before


def test_what_matches_twice_counts_once(sources):
    assert inputs.digest([f"{sources}/db/*.sql", f"{sources}/db/1.sql"]) == inputs.digest([f"{sources}/db/*.sql"])
