"""Following: every line once, in order, through rotation, truncation and lines without an end."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexsock.keeper import wire
from nexsock.logs import follow
from nexsock.logs.follow import Follower
from nexsock.model.log import LogQuery

OUT, ERR = wire.STREAM_OUT, wire.STREAM_ERR


@pytest.fixture
def following(tmp_path):
    """Opens a follower, and closes it after the test."""
    opened = []

    def begin(*services: str, **query) -> Follower:
        opened.append(Follower(str(tmp_path), LogQuery(services=services or ("web",), **query)))
        return opened[-1]

    yield begin
    for follower in opened:
        follower.close()


def texts(lines) -> list[str]:
    return [line.text + ("+" if line.partial else "") for line in lines]


def test_past_and_new_lines_are_each_given_once(web, following):
    web.write(b"one\ntwo\n", at=2.0)
    follower = following(last_lines=1)
    web.write(b"three\n", at=3.0)
    assert texts(follower.past()) == ["two"]
    assert texts(follower.poll()) == ["three"]
    assert texts(follower.poll()) == []
    web.write(b"four\n", at=4.0)
    assert texts(follower.poll()) == ["four"]


def test_line_begun_before_and_ended_after_is_whole(web, following):
    web.write(b"one\nbegun, ", at=2.0)
    follower = following()
    assert texts(follower.past()) == ["run 1", "one"]
    web.write(b"ended\n", at=3.0)
    assert texts(follower.poll()) == ["begun, ended"]


def test_line_without_end_is_held_until_it_is_flushed(web, following):
    follower = following(last_lines=0)
    list(follower.past())
    web.write(b"password: ", at=2.0)
    assert texts(follower.poll()) == []
    assert texts(follower.poll(flush=True)) == ["password: +"]
    assert texts(follower.poll(flush=True)) == []
    web.write(b"\nwelcome\n", at=3.0)
    assert texts(follower.poll()) == ["", "welcome"]


def test_bytes_that_the_index_does_not_tell_of_wait_for_the_index_or_a_flush(web, following):
    follower = following(last_lines=0)
    list(follower.past())
    web.write_unindexed(b"early\n", at=2.0)
    assert texts(follower.poll()) == []
    assert texts(follower.poll(flush=True)) == ["early"]
    web.write(b"next\n", at=3.0)
    assert texts(follower.poll()) == ["next"]


def test_rotation_between_two_polls_loses_nothing(web, following):
    follower = following(last_lines=0)
    list(follower.past())
    web.write(b"one\ntw", at=2.0)
    web.rotate()
    web.write(b"o\nthree\n", at=3.0)
    web.rotate()
    web.write(b"four\n", at=4.0)
    assert texts(follower.poll()) == ["one", "two", "three", "four"]


def test_rotation_that_drops_what_was_not_read_is_stated(web, following):
    follower = following(last_lines=0)
    list(follower.past())
    web.write(b"read in time\n", at=2.0)
    web.rotate(keep=2)
    web.write(b"dropped\n", at=3.0)
    web.rotate(keep=2)
    web.write(b"kept\n", at=4.0)
    web.rotate(keep=2)
    web.write(b"last\n", at=5.0)
    assert texts(follower.poll()) == [
        "read in time",
        "8B of earlier output is gone: dropped by rotation",
        "kept",
        "last",
    ]


def test_what_is_missing_is_stated_also_while_the_oldest_file_is_being_dropped(web, following, tmp_path):
    """Of a file that is dropped the index goes first. What it tells is then unknown, and a gap before it as well."""
    follower = following(last_lines=0)
    list(follower.past())
    for number, text in enumerate((b"read in time\n", b"dropped\n", b"being dropped\n", b"kept\n"), 2):
        web.write(text, at=float(number))
        web.rotate(keep=3)
    web.write(b"last\n", at=6.0)
    (tmp_path / "web.idx.2").unlink()
    assert texts(follower.poll()) == [
        "read in time",
        "22B of earlier output is gone: dropped by rotation",
        "kept",
        "last",
    ]


def test_emptied_log_is_stated_and_read_from_its_beginning(web, following):
    web.write(b"one\ntwo\n", at=2.0)
    follower = following(last_lines=0)
    list(follower.past())
    web.empty()
    web.write(b"new\n", at=3.0)
    assert texts(follower.poll()) == ["the log was emptied by somebody else", "new"]


def test_log_that_is_deleted_is_read_on_and_its_successor_after_it(web, following, tmp_path, kept_log):
    follower = following(last_lines=0)
    list(follower.past())
    web.write(b"one\n", at=2.0)
    (tmp_path / "web.log").unlink()
    (tmp_path / "web.idx").unlink()
    assert texts(follower.poll()) == ["one"]
    kept_log("web").write(b"two\n", at=3.0)
    assert texts(follower.poll()) == ["run 1", "two"]


def test_service_that_has_no_log_yet_is_followed_from_its_beginning(following, kept_log):
    follower = following("web", "api")
    assert texts(follower.past()) == []
    assert texts(follower.poll()) == []
    kept_log("api").write(b"hello\n", at=2.0)
    assert texts(follower.poll()) == ["run 1", "hello"]


def test_new_run_is_a_line_between(web, following):
    follower = following(last_lines=0)
    list(follower.past())
    web.write(b"dying wor", at=2.0)
    web.run(2, at=3.0)
    web.write(b"hello\n", at=4.0)
    assert [(line.run, line.text) for line in follower.poll()] == [(1, "dying wor"), (2, "run 2"), (2, "hello")]


def test_services_are_merged_and_filtered(web, following, kept_log):
    api = kept_log("api")
    follower = following("web", "api", last_lines=0, grep="keep")
    list(follower.past())
    web.write(b"keep 1\ndrop\n", at=2.0)
    api.write(b"keep 2\n", at=3.0)
    web.write(b"keep 3\n", at=4.0)
    assert texts(follower.poll()) == ["keep 1", "keep 2", "keep 3"]


def test_flood_is_given_in_portions(web, following):
    follower = following(last_lines=0)
    list(follower.past())
    lines = 3 * follow.POLL_BYTES // 8
    web.write(b"".join(b"%07d\n" % number for number in range(lines)), at=2.0)
    portions = []
    while portion := follower.poll():
        portions.append(portion)
    assert max(map(len, portions)) <= follow.POLL_BYTES // 8 + 1
    assert [line.text for portion in portions for line in portion] == [f"{number:07d}" for number in range(lines)]


events = st.lists(
    st.sampled_from([b"a", b"b\n", b"\n", b"c\nd", "poll", "flush", "rotate", "err", "unindexed"]), max_size=40
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(events=events)
def test_whatever_happens_between_polls_each_byte_is_given_once(tmp_path, kept_log, counter, events):
    service = f"web{next(counter)}"
    log = kept_log(service)
    log.write(b"past\n", at=1.5)
    follower = Follower(str(tmp_path), LogQuery(services=(service,)))
    given_out = list(follower.past())
    content = {OUT: b"past\n", ERR: b""}
    for second, event in enumerate(events, 2):
        match event:
            case "poll":
                given_out += follower.poll()
            case "flush":
                given_out += follower.poll(flush=True)
            case "rotate":
                log.rotate()
            case "err":
                log.write(b"e\n", at=float(second), stream=ERR)
                content[ERR] += b"e\n"
            case "unindexed":
                log.write_unindexed(b"u\nv", at=float(second))
                content[OUT] += b"u\nv"
            case data:
                log.write(data, at=float(second))
                content[OUT] += data
    given_out += follower.poll(flush=True)
    follower.close()
    for stream, name in ((OUT, "stdout"), (ERR, "stderr")):
        found = "".join(line.text + ("" if line.partial else "\n") for line in given_out if line.stream == name)
        assert found == content[stream].decode()
