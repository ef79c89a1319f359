"""The digest of a oneshot's inputs: by name and content, and by nothing else."""

import os

import pytest

from nexsock.runtime import inputs


def digest(*patterns):
    return inputs.digest(inputs.look(patterns, {}))


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "1.sql").write_text("one")
    (tmp_path / "db" / "2.sql").write_text("two")
    return tmp_path


def test_content_counts_and_time_and_mode_do_not(sources):
    before = digest(f"{sources}/db/*.sql")
    os.utime(sources / "db" / "1.sql", (1, 1))
    (sources / "db" / "2.sql").chmod(0o600)
    assert digest(f"{sources}/db/*.sql") == before
    (sources / "db" / "1.sql").write_text("new")
    assert digest(f"{sources}/db/*.sql") != before


@pytest.mark.parametrize("change", ["added", "removed", "renamed"])
def test_a_file_that_comes_goes_or_moves_counts(sources, change):
    before = digest(f"{sources}/db/**")
    match change:
        case "added":
            (sources / "db" / "3.sql").write_text("")
        case "removed":
            (sources / "db" / "2.sql").unlink()
        case "renamed":
            (sources / "db" / "2.sql").rename(sources / "db" / "3.sql")
    assert digest(f"{sources}/db/**") != before


def test_a_folder_stands_for_everything_below_it(sources):
    (sources / "db" / "deep").mkdir()
    before = digest(f"{sources}/db")
    (sources / "db" / "deep" / "4.sql").write_text("four")
    assert digest(f"{sources}/db") != before


def test_what_matches_twice_counts_once(sources):
    assert digest(f"{sources}/db/*.sql", f"{sources}/db/1.sql") == digest(f"{sources}/db/*.sql")


def test_what_differs_is_named(sources):
    before = inputs.look([f"{sources}/db/**"], {})
    (sources / "db" / "1.sql").write_text("new")
    (sources / "db" / "2.sql").unlink()
    (sources / "db" / "3.sql").write_text("three")
    after = inputs.look([f"{sources}/db/**"], before)
    assert inputs.differences(before, after) == tuple(f"{sources}/db/{name}.sql" for name in (1, 2, 3))


def test_a_file_that_looks_as_before_is_not_read_again(sources):
    path = sources / "db" / "1.sql"
    status = path.stat()
    known = inputs.Seen(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, b"known")
    assert inputs.look([str(path)], {str(path): known}) == {str(path): known}


def test_a_file_that_was_changed_just_now_is_read_again(sources):
    """Another change within the same tick of the clock would leave its times as they are."""
    found = inputs.look([f"{sources}/db/1.sql"], {})
    assert [seen.times for seen in found.values()] == [(0, 0, 0, 0)]


def test_a_circle_of_links_ends(sources):
    (sources / "db" / "again").symlink_to(sources)
    found = list(inputs.matches([f"{sources}/**/*.sql", f"{sources}/**"]))
    assert sorted(found) == [f"{sources}/db/1.sql", f"{sources}/db/2.sql", f"{sources}/db/again"]


def test_a_pipe_is_not_opened(sources):
    os.mkfifo(sources / "db" / "0.sql")
    assert len(inputs.look([f"{sources}/db/*.sql"], {})) == 3


def test_a_link_counts_by_what_it_leads_to(sources):
    (sources / "db" / "0.sql").symlink_to(sources / "other")
    before = digest(f"{sources}/db/*.sql")
    (sources / "other").write_text("it is there now")
    assert digest(f"{sources}/db/*.sql") != before


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/*.py", ["a/b/x.py", "a/x.py", "x.py"]),
        ("a/**/x.py", ["a/b/x.py", "a/x.py"]),
        ("*/x.py", ["a/x.py"]),
        ("a/[xy].p?", ["a/x.py"]),
        ("**/b", ["a/b/.hidden", "a/b/x.py"]),
        ("missing/**", []),
    ],
)
def test_globs_mean_what_they_mean_in_a_shell(tmp_path, pattern, expected):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("x.py", "a/x.py", "a/b/x.py", "a/b/.hidden"):
        (tmp_path / name).touch()
    assert sorted(inputs.matches([f"{tmp_path}/{pattern}"])) == [f"{tmp_path}/{name}" for name in expected]
