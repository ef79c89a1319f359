"""Questions over all kept history: what is selected, in which order, with what said where something is missing."""

import itertools
import os
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexsock import errors
from nexsock.keeper import wire
from nexsock.logs.read import read
from nexsock.model.log import LogLine, LogQuery

OUT, ERR = wire.STREAM_OUT, wire.STREAM_ERR


def shown(folder, **query) -> list[str]:
    """Each line as "time service/run stream text", a piece with a + behind."""
    return [
        f"{line.at:g} {line.service}/{line.run} {line.stream} {line.text}{'+' if line.partial else ''}"
        for line in read(str(folder), LogQuery(**query))
    ]


def texts(folder, **query) -> list[str]:
    return [line.text for line in read(str(folder), LogQuery(**query)) if line.stream != "nexsock"]


def test_lines_come_with_time_run_and_stream(tmp_path, web):
    web.write(b"hello\n", at=2.0)
    web.write(b"oh no\n", at=3.0, stream=ERR)
    web.run(2, at=4.0)
    web.write(b"again\n", at=5.0)
    assert shown(tmp_path) == [
        "1 web/1 nexsock run 1",
        "2 web/1 stdout hello",
        "3 web/1 stderr oh no",
        "4 web/2 nexsock run 2",
        "5 web/2 stdout again",
    ]


def test_services_are_merged_by_time(tmp_path, kept_log):
    web, api = kept_log("web"), kept_log("api")
    for second in range(1, 7):
        (web if second % 2 else api).write(b"%d\n" % second, at=float(second))
    assert texts(tmp_path) == ["1", "2", "3", "4", "5", "6"]
    assert texts(tmp_path, services=("api",)) == ["2", "4", "6"]
    assert texts(tmp_path, last_lines=3) == ["4", "5", "6"]


def test_service_without_a_log_has_no_lines(tmp_path):
    assert shown(tmp_path, services=("nobody",), last_lines=3, run=-1, since=1.0) == []
    assert shown(tmp_path / "missing") == []


def test_line_cut_by_rotation_is_whole(tmp_path, web):
    web.write(b"first\nsec", at=2.0)
    web.rotate()
    web.write(b"ond\nthird\n", at=3.0)
    assert texts(tmp_path) == ["first", "second", "third"]
    assert texts(tmp_path, last_lines=2) == ["second", "third"]


def test_dropped_files_are_stated_at_the_beginning(tmp_path, web):
    web.write(b"gone for good\n", at=2.0)
    web.rotate(keep=1)
    web.write(b"kept\n", at=3.0)
    assert shown(tmp_path) == [
        "2 web/1 nexsock 14B of earlier output is gone: dropped by rotation",
        "3 web/1 stdout kept",
    ]


def test_missing_file_in_the_middle_is_stated_where_it_is_missing(tmp_path, web):
    for second in (2, 3, 4):
        web.write(b"line %d\n" % second, at=float(second))
        web.rotate()
    (tmp_path / "web.log.2").unlink()
    assert [line for line in shown(tmp_path) if "run 1" not in line] == [
        "2 web/1 stdout line 2",
        "3 web/1 nexsock 7B of earlier output is gone: dropped by rotation",
        "4 web/1 stdout line 4",
    ]


def test_bytes_lost_to_a_full_disk_are_stated(tmp_path, web):
    web.write(b"before\n", at=2.0)
    web.lose(4096, at=3.0)
    web.write(b"after\n", at=4.0)
    assert shown(tmp_path)[1:] == [
        "2 web/1 stdout before",
        "3 web/1 nexsock 4.0KiB of output is lost: the disk was full",
        "4 web/1 stdout after",
    ]


def test_the_oldest_output_that_a_full_disk_cost_is_stated_when_it_happened(tmp_path, web):
    web.write(b"before\n", at=2.0)
    web.lose(4096, at=3.0, oldest=True)
    web.write(b"after\n", at=4.0)
    assert shown(tmp_path)[1:] == [
        "2 web/1 stdout before",
        "3 web/1 nexsock 4.0KiB of the oldest output was dropped: the disk was full",
        "4 web/1 stdout after",
    ]


def test_bytes_that_the_index_does_not_tell_of_are_of_the_last_run(tmp_path, web):
    web.write(b"known\n", at=2.0)
    web.write_unindexed(b"found\n", at=9.0)
    web.tear()
    assert shown(tmp_path)[1:] == ["2 web/1 stdout known", "9 web/1 stdout found"]


def test_file_that_has_no_index_record_yet_goes_on_with_the_run_before(tmp_path, web):
    web.write(b"first li", at=2.0)
    web.rotate()
    web.write_unindexed(b"ne\nsecond\n", at=3.0)
    os.truncate(web.index_path, 0)
    assert shown(tmp_path)[1:] == ["3 web/1 stdout first line", "3 web/1 stdout second"]


def test_log_without_any_index_can_be_read(tmp_path):
    (tmp_path / "web.log").write_bytes(b"one\ntwo\n")
    assert texts(tmp_path) == ["one", "two"]
    assert texts(tmp_path, last_lines=1) == ["two"]


def test_index_that_tells_of_more_than_the_log_has_is_no_error(tmp_path, web):
    web.write(b"kept\n", at=2.0)
    web.write(b"lost in a power cut\n", at=3.0)
    with open(tmp_path / "web.log", "r+b") as file:
        file.truncate(5)
    assert texts(tmp_path) == ["kept"]
    assert texts(tmp_path, last_lines=5) == ["kept"]


def test_last_line_without_newline_is_a_line(tmp_path, web):
    web.write(b"one\ntwo", at=2.0)
    assert texts(tmp_path) == ["one", "two"]
    assert texts(tmp_path, last_lines=1) == ["two"]


def test_bytes_that_are_no_text_are_shown_with_replacements(tmp_path, web):
    web.write(b"\xff\x00ok\xc3\n", at=2.0)
    assert texts(tmp_path) == ["\ufffd\x00ok\ufffd"]


def test_since_and_until_select_by_time_over_rotated_files(tmp_path, web):
    for second in range(2, 12):
        web.write(b"%d\n" % second, at=float(second))
        if second % 3 == 0:
            web.rotate()
    assert texts(tmp_path, since=5.0, until=8.0) == ["5", "6", "7", "8"]
    assert texts(tmp_path, since=5.5) == [str(second) for second in range(6, 12)]
    assert texts(tmp_path, until=1.5) == []
    assert texts(tmp_path, since=99.0) == []
    assert texts(tmp_path, until=99.0, last_lines=2) == ["10", "11"]
    assert texts(tmp_path, until=8.0, last_lines=2) == ["7", "8"]


def test_line_that_began_before_since_is_whole(tmp_path, web):
    web.write(b"begun early, ", at=2.0)
    web.write(b"other\n", at=3.0, stream=ERR)
    web.write(b"ended late\n", at=6.0)
    assert texts(tmp_path, since=5.0) == ["begun early, ended late"]


def test_run_selects_one_run_and_negative_counts_back(tmp_path, web):
    web.write(b"one\n", at=2.0)
    web.run(2, at=3.0)
    web.write(b"two, tor", at=4.0)
    web.rotate()
    web.write(b"n\n", at=5.0)
    web.run(3, at=6.0)
    web.write(b"three\n", at=7.0)
    assert [texts(tmp_path, run=run) for run in (1, 2, 3, 4)] == [["one"], ["two, torn"], ["three"], []]
    assert [texts(tmp_path, run=run) for run in (-1, -2, -3)] == [["two, torn"], ["one"], []]
    assert texts(tmp_path, run=0) == ["one", "two, torn", "three"]
    assert texts(tmp_path, run=2, last_lines=1) == ["two, torn"]


def test_grep_matches_what_people_see(tmp_path, web):
    web.write(b"\x1b[31mERR\x1b[0mOR 42\nfine\nERROR 7\n", at=2.0)
    assert texts(tmp_path, grep=r"^ERROR \d+") == ["\x1b[31mERR\x1b[0mOR 42", "ERROR 7"]
    assert texts(tmp_path, grep="ERROR", last_lines=1) == ["ERROR 7"]
    assert shown(tmp_path, grep="run") == []


def test_stream_selects_before_the_last_lines_are_counted(tmp_path, web):
    for second in range(2, 8):
        web.write(b"%d\n" % second, at=float(second), stream=ERR if second < 5 else OUT)
    assert texts(tmp_path, stream="stderr", last_lines=2) == ["3", "4"]


def test_grep_that_is_no_regular_expression_is_a_usage_error(tmp_path):
    with pytest.raises(errors.UsageError, match=r"'\(' is not a regular expression"):
        read(str(tmp_path), LogQuery(grep="("))


def test_no_lines_are_no_lines(tmp_path, web):
    web.write(b"one\n", at=2.0)
    assert texts(tmp_path, last_lines=0) == []


def test_last_lines_hold_a_line_that_began_long_before_them(tmp_path, web):
    web.write(b"downloading", at=2.0, stream=ERR)
    for second in range(3, 30):
        web.write(b"%d\n" % second, at=float(second))
    web.write(b" done\n", at=31.0, stream=ERR)
    assert texts(tmp_path, last_lines=2) == ["29", "downloading done"]


def test_100_mb_line_is_read_in_flat_memory(tmp_path, web):
    with open(web.log_path, "wb") as file:
        file.truncate(100 * 1024 * 1024)
    web.write(b"\nend\n", at=3.0)
    tracemalloc.start()
    lines = read(str(tmp_path), LogQuery(last_lines=2))
    count = sum(len(line.text) for line in lines if line.stream == "stdout")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100 * 1024 * 1024 + 3
    assert peak < 4 * 1024 * 1024


chunks = st.lists(
    st.tuples(
        st.sampled_from([OUT, ERR]),
        st.sampled_from([b"a", b"b\n", b"\n", b"c\nd", b"e\nf\n", b"ghi"]),
        st.sampled_from(["", "", "", "rotate", "run", "unindexed"]),
    ),
    max_size=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(written=chunks, wanted=st.integers(1, 8))
def test_any_history_is_read_whole_and_its_last_lines_are_the_end_of_it(tmp_path, kept_log, counter, written, wanted):
    service = f"web{next(counter)}"
    log = kept_log(service)
    streams: dict[tuple[int, str], bytes] = {}
    run = 1
    for second, (stream, data, event) in enumerate(written, 2):
        if event == "rotate":
            log.rotate()
        if event == "run":
            run += 1
            log.run(run, at=float(second))
        log.write(data, at=float(second), stream=stream)
        name = "stdout" if stream == OUT else "stderr"
        streams[run, name] = streams.get((run, name), b"") + data
    lines = [line for line in read(str(tmp_path), LogQuery(services=(service,))) if line.stream != "nexsock"]
    for (number, name), content in streams.items():
        found = [line.text for line in lines if (line.run, line.stream) == (number, name)]
        assert found == content.decode().splitlines()
    last = [
        line
        for line in read(str(tmp_path), LogQuery(services=(service,), last_lines=wanted))
        if line.stream != "nexsock"
    ]
    assert last == lines[-wanted:]
    for since in range(2, len(written) + 3, 5):
        query = LogQuery(services=(service,), since=float(since))
        found = [line for line in read(str(tmp_path), query) if line.stream != "nexsock"]
        assert found == [line for line in lines if line.at >= since]


def test_times_never_go_back(tmp_path, web):
    for second, stream in enumerate(itertools.islice(itertools.cycle([OUT, ERR, OUT]), 40), 2):
        web.write(b"x" if second % 3 else b"y\n", at=float(second), stream=stream)
    times = [line.at for line in read(str(tmp_path), LogQuery())]
    assert times == sorted(times)


def test_line_is_a_value_that_travels(tmp_path, web):
    web.write(b"hello\n", at=2.0)
    assert list(read(str(tmp_path), LogQuery()))[1] == LogLine(
        at=2.0, service="web", run=1, stream="stdout", text="hello"
    )
