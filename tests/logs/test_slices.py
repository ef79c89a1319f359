"""The bytes of each run, over all files that are kept."""

from pathlib import Path

from nexsock.logs import slices
from nexsock.model.log import LogSlice


def text(found: tuple[LogSlice, ...]) -> list[str]:
    return [Path(one.path).read_text()[one.start : one.end] for one in found]


def test_each_run_has_exactly_the_bytes_that_it_wrote(web, tmp_path):
    web.write(b"one\ntw", at=2.0)
    web.write(b"o\n", at=3.0)
    web.run(2, at=4.0)
    web.write(b"three\n", at=5.0)
    found = slices.of_runs(str(tmp_path), "web", [1, 2])
    assert {run: text(of_run) for run, of_run in found.items()} == {1: ["one\ntwo\n"], 2: ["three\n"]}


def test_a_run_that_was_rotated_has_a_slice_of_each_file_by_its_name_now(web, tmp_path):
    web.write(b"old\n", at=2.0)
    web.rotate()
    web.write(b"new\n", at=3.0)
    (found,) = slices.of_runs(str(tmp_path), "web", [1]).values()
    assert [Path(one.path).name for one in found] == ["web.log.1", "web.log"]
    assert text(found) == ["old\n", "new\n"]


def test_a_run_that_wrote_nothing_or_is_unknown_has_no_slice(web, tmp_path):
    web.run(2, at=2.0)
    web.write(b"x\n", at=3.0)
    found = slices.of_runs(str(tmp_path), "web", [1, 7])
    assert found == {1: (), 7: ()}


def test_a_service_without_a_log_has_no_slices(tmp_path):
    assert slices.of_runs(str(tmp_path), "web", [1]) == {1: ()}
