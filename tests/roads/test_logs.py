"""Every byte that a service writes is kept, and found again."""

import json
import random
import time

import pytest

WRITER = "n=0; while [ $$n -lt 20000 ]; do n=$$((n+1)); echo line $$n; done"


def lines(road, *arguments):
    return road.done("logs", "--no-prefix", *arguments).splitlines()


def written(road, *arguments):
    """The documents of `logs --json` that a service wrote."""
    told = [json.loads(line) for line in road.done("logs", "--json", *arguments).splitlines()]
    return [line for line in told if line["stream"] != "nexsock"]


def brain(road):
    return road.json("daemon", "status")["pid"]


# -- what is kept


@pytest.mark.parametrize(
    "payload",
    [
        b"no final newline",
        b"nul \0 in the middle\n\0",
        b"not utf-8: \xff\xfe\x80 \xc3(\n",
        b"x" * 1024 * 1024 + b"\n",
        b"10%\r50%\r100%\r\n",
        b"\n\n\n",
        random.Random(7).randbytes(300_000),
    ],
    ids=[
        "no final newline",
        "nul",
        "invalid utf-8",
        "a line of 1 MiB",
        "a progress bar",
        "empty lines",
        "random bytes",
    ],
)
def test_every_byte_is_in_the_log_file(project, payload):
    road = project("services: {web: {command: cat payload, oneshot: true}}")
    (road.folder / "payload").write_bytes(payload)
    road.up()
    assert road.log("web") == payload


def test_the_log_file_can_be_found_and_read_with_other_tools(project):
    road = project("services: {web: {command: echo hello, oneshot: true}}")
    road.up()
    with open(road.json("status", "web")["log_file"]) as file:
        assert file.read() == "hello\n"


def test_a_hundred_thousand_lines_come_back_whole_and_in_order(project):
    road = project("services: {web: {command: seq 100000, oneshot: true}}")
    road.up()
    assert lines(road, "web")[1:] == [str(number) for number in range(1, 100_001)]


def test_text_that_is_not_utf_8_can_be_shown_and_is_json(project):
    road = project("services: {web: {command: cat payload, oneshot: true}}")
    (road.folder / "payload").write_bytes(b"a\xffb\nc\0d")
    road.up()
    assert road.run("logs", "web").exit == 0
    assert [line["text"][0] + line["text"][-1] for line in written(road)] == ["ab", "cd"]


def test_both_streams_are_kept_apart_and_in_order(project):
    road = project("""
        services:
          web:
            command: |
              echo one; until [ -e two ]; do sleep 0.01; done
              echo two >&2; until [ -e three ]; do sleep 0.01; done
              echo three
            oneshot: true
    """)
    up = road.begin("up", "-d")
    for said, then in ((b"one", "two"), (b"two", "three")):
        road.wait_until(lambda said=said: said in road.log("web"), f"{said} is kept")
        road.touch(then)
    assert up.end().exit == 0
    found = [(line["stream"], line["text"]) for line in written(road, "web")]
    assert found == [("stdout", "one"), ("stderr", "two"), ("stdout", "three")]


def test_the_last_words_of_what_fails_at_once_are_kept(project):
    road = project("""
        services:
          web: {command: echo why it failed >&2; exit 3, restart: "no"}
    """)
    ended = road.run("up", "-d")
    assert ended.exit == 1
    assert "why it failed" in ended.err + ended.out
    assert lines(road, "web")[-1] == "why it failed"


def test_a_colour_is_in_the_file_and_not_in_a_pipe(project):
    road = project("services: {web: {command: 'printf \"\\\\033[31mred\\\\033[0m\\\\n\"', oneshot: true}}")
    road.up()
    assert road.log("web") == b"\033[31mred\033[0m\n"
    assert lines(road, "web")[-1] == "red"


# -- what is shown


@pytest.fixture
def spoken(project):
    """A service with two runs that said something."""
    road = project("""
        services:
          web: {command: echo run $$(wc -l < count) apple; echo pear; echo >> count; exec sleep 1000}
    """)
    road.edit("", "count")
    road.up()
    road.wait_until(lambda: road.log("web").count(b"\n") == 2, "the first run has spoken")
    road.done("restart", "web")
    road.wait_until(lambda: road.log("web").count(b"\n") == 4, "the second run has spoken")
    return road


def test_all_runs_are_shown_with_what_separates_them(spoken):
    shown = lines(spoken, "web")
    assert [line for line in shown if "──" not in line] == ["run 0 apple", "pear", "run 1 apple", "pear"]
    assert len(shown) == 6


@pytest.mark.parametrize(("count", "shown"), [("1", ["pear"]), ("2", ["run 1 apple", "pear"]), ("0", [])])
def test_n_shows_the_last_lines(spoken, count, shown):
    assert [line for line in lines(spoken, "-n", count, "web") if "──" not in line] == shown


def test_grep_shows_what_matches(spoken):
    assert lines(spoken, "--grep", "app.e$", "web") == ["run 0 apple", "run 1 apple"]


def test_grep_and_n_together_count_matches(spoken):
    assert lines(spoken, "--grep", "apple", "-n", "1") == ["run 1 apple"]


@pytest.mark.parametrize("run", ["1", "-1"])
def test_a_run_can_be_chosen_by_its_number_or_from_the_end(spoken, run):
    assert [line["text"] for line in written(spoken, "--run", run, "web")] == ["run 0 apple", "pear"]


def test_lines_have_a_prefix_and_a_time_as_asked(spoken):
    (line,) = spoken.done("logs", "-n", "1", "web").splitlines()[-1:]
    assert line.split() == ["web", "|", "pear"] or line.split() == ["web", "│", "pear"]
    (line,) = lines(spoken, "-t", "-n", "1", "web")[-1:]
    at, text = line.rsplit(" ", 1)
    assert (at.strip().startswith(time.strftime("%Y-", time.gmtime())), text) == (True, "pear")


def test_each_json_document_is_a_line_with_time_service_run_stream_and_text(spoken):
    last = written(spoken, "-n", "1")[-1]
    assert {key: last[key] for key in ("service", "run", "stream", "text")} == {
        "service": "web",
        "run": 2,
        "stream": "stdout",
        "text": "pear",
    }
    assert last["at"].endswith("Z")


def test_since_and_until_cut_at_the_time_of_a_line(spoken):
    *_, second, last = written(spoken)
    assert {line["run"] for line in written(spoken, "--since", last["at"])} == {2}
    assert {line["run"] for line in written(spoken, "--until", second["at"])} == {1}
    assert written(spoken, "--since", "2126-01-01") == []


def test_services_are_merged_by_the_time_of_their_lines(project):
    road = project("""
        services:
          one:
            command: echo a; until [ -e c ]; do sleep 0.01; done; echo c
            oneshot: true
          two:
            command: until [ -e b ]; do sleep 0.01; done; echo b
            oneshot: true
    """)
    up = road.begin("up", "-d")
    for service, then in (("one", "b"), ("two", "c")):
        road.wait_until(lambda service=service: road.log(service), f"the line of {service} is kept")
        road.touch(then)
    assert up.end().exit == 0
    assert [(line["service"], line["text"]) for line in written(road)] == [("one", "a"), ("two", "b"), ("one", "c")]
    assert [line["text"] for line in written(road, "two")] == ["b"]


def test_a_pattern_that_is_none_is_an_error_of_usage(spoken):
    ended = spoken.run("logs", "--grep", "(")
    assert (ended.exit, ended.out) == (2, "")
    assert "'('" in ended.err


# -- what is followed


def test_follow_shows_what_comes_and_goes_on_through_a_restart(spoken, following):
    followed = following(spoken, "logs", "-f", "--no-prefix", "web")
    followed.until("pear", 2)
    spoken.done("restart", "web")
    followed.until("run 2 apple")
    assert [line for line in followed.lines if "apple" in line] == ["run 0 apple", "run 1 apple", "run 2 apple"]


def test_follow_shows_a_line_that_is_not_finished_yet(project, following):
    road = project("services: {web: {command: printf 'your name? '; exec sleep 1000}}")
    road.up()
    following(road, "logs", "-f", "--no-prefix", "web").until("your name?")


def test_follow_begins_with_the_last_lines_only_where_n_says_so(spoken, following):
    followed = following(spoken, "logs", "-f", "-n", "0", "--no-prefix", "web")
    spoken.wait_until(lambda: spoken.json("daemon", "status")["clients"] == 2, "it follows")
    spoken.done("restart", "web")
    followed.until("run 2 apple")
    assert [line for line in followed.lines if "apple" in line] == ["run 2 apple"]


def test_follow_and_grep_and_since_together_show_what_matches_from_then_on(spoken, following):
    followed = following(spoken, "logs", "-f", "--grep", "app.e$", "--since", "1h", "--no-prefix", "web")
    followed.until("run 1 apple")
    spoken.done("restart", "web")
    followed.until("run 2 apple")
    assert [line for line in followed.lines if "──" not in line] == ["run 0 apple", "run 1 apple", "run 2 apple"]


def test_follow_misses_nothing_while_files_are_rotated(project, following):
    road = project(f"""
        services:
          web:
            command: |
              until [ -e go ]; do sleep 0.01; done
              {WRITER}
              exec sleep 1000
            logging: {{max_size: 32KiB, max_files: 20}}
    """)
    road.up()
    followed = following(road, "logs", "-f", "--no-prefix", "web")
    followed.until("run 1", anywhere=True)
    road.touch("go")
    followed.until("line 20000")
    assert [line for line in followed.lines if "──" not in line] == [f"line {number}" for number in range(1, 20_001)]
    assert len(list((road.state / "logs").glob("web.log*"))) > 3
    assert [line for line in lines(road, "web") if "──" not in line][-20_000:] == followed.lines[-20_000:]


def test_what_rotation_dropped_is_said(project):
    road = project("""
        services:
          web:
            command: for n in 1 2 3 4 5 6; do seq $${n}0000 $${n}4999; sleep 0.1; done
            oneshot: true
            logging: {max_size: 16KiB, max_files: 2}
    """)
    road.up()
    wrote = [str(number) for n in range(1, 7) for number in range(n * 10_000, n * 10_000 + 5000)]
    shown = lines(road, "web")
    kept = [line for line in shown if line.isdecimal()][1:]  # the first may have lost its beginning
    assert 0 < len(kept) < len(wrote)
    assert kept == wrote[-len(kept) :]
    assert any("of earlier output is gone: dropped by rotation" in line for line in shown)


def test_follow_of_a_service_goes_on_through_a_kill_of_the_daemon(project, following, end):
    road = project("""
        services:
          web:
            command: n=0; while [ $$n -lt 500 ]; do n=$$((n+1)); echo line $$n; sleep 0.004; done; exec sleep 1000
    """)
    road.begin("up", "-d")
    road.wait_until(lambda: road.log("web"), "it writes")
    followed = following(road, "logs", "-f", "--no-prefix", "web")
    followed.until("line 20", anywhere=True)
    end(brain(road))
    followed.until("line 500")
    assert [line for line in followed.lines if "──" not in line] == [f"line {number}" for number in range(1, 501)]


# -- what survives


def test_no_line_is_lost_or_doubled_while_the_daemon_is_killed_again_and_again(project, end):
    road = project(f"""
        services:
          one: {{command: '{WRITER}; touch one.done; exec sleep 1000'}}
          two: {{command: '{WRITER} >&2; touch two.done; exec sleep 1000'}}
    """)
    road.begin("up", "-d")
    road.wait_until(lambda: road.log("one") and road.log("two"), "they write")
    before = road.pids()
    for _ in range(5):
        end(brain(road))
    road.wait_until(lambda: (road.folder / "one.done").exists() and (road.folder / "two.done").exists(), "they wrote")
    whole = b"".join(b"line %d\n" % number for number in range(1, 20_001))
    road.wait_until(lambda: len(road.log("one")) >= len(whole) and len(road.log("two")) >= len(whole), "it is kept")
    assert (road.log("one"), road.log("two")) == (whole, whole)
    assert road.pids() == before
