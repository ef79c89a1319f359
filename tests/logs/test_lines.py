"""Bytes to lines: nothing is lost or joined wrongly, wherever the bytes are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexsock.keeper import wire
from nexsock.logs.lines import PIECE_BYTES, Lines
from nexsock.model.log import LogLine

OUT, ERR = wire.STREAM_OUT, wire.STREAM_ERR


def whole(lines: list[LogLine]) -> list[tuple[str, str]]:
    """Stream and text of each line, its pieces joined."""
    held: dict[str, str] = {}
    joined = []
    for line in lines:
        text = held.pop(line.stream, "") + line.text
        if line.partial:
            held[line.stream] = text
        else:
            joined.append((line.stream, text))
    assert not held, "a line was begun and not ended"
    return joined


def cut(content: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(content), *(place % (len(content) + 1) for place in places)})
    return [content[start:end] for start, end in itertools.pairwise(edges)]


@given(
    content=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\xc3\xa9", b"\xff", b"\x00", b"\r"])).map(b"".join),
    places=st.lists(st.integers(0, 1000)),
)
def test_lines_out_are_lines_in_wherever_the_bytes_are_cut(content, places):
    lines = Lines("web")
    given_out = [line for piece in cut(content, places) for line in lines.feed(piece, 1.0, 1, OUT)] + lines.end()
    *ended, rest = content.decode("utf-8", "replace").split("\n")
    assert whole(given_out) == [("stdout", text) for text in [*ended, *([rest] if rest else [])]]


def test_a_line_goes_on_though_its_run_is_told_only_in_its_middle():
    lines = Lines("web")
    assert [*lines.feed(b"29", 1.0, 0, OUT), *lines.feed(b"823\n", 2.0, 1, OUT)] == [
        LogLine(at=2.0, service="web", run=1, stream="stdout", text="29823")
    ]


@given(chunks=st.lists(st.tuples(st.sampled_from([OUT, ERR]), st.sampled_from([b"a", b"b\n", b"\n", b"c\nd", b"e"]))))
def test_each_stream_is_put_together_on_its_own(chunks):
    lines = Lines("web")
    given_out = whole([line for stream, data in chunks for line in lines.feed(data, 1.0, 1, stream)] + lines.end())
    for stream, name in ((OUT, "stdout"), (ERR, "stderr")):
        content = b"".join(data for chunk_stream, data in chunks if chunk_stream == stream).decode()
        assert [text for found, text in given_out if found == name] == content.splitlines()


@pytest.mark.parametrize("letter", ["x", "é", "€", "𝄞"])
@pytest.mark.parametrize("chunk", [1000, PIECE_BYTES - 1, PIECE_BYTES * 3])
def test_huge_line_comes_in_pieces_that_split_no_character(letter, chunk):
    text, lines = letter * (PIECE_BYTES // 2) * 3 + "end", Lines("web")
    content = text.encode() + b"\nnext\n"
    found = []
    for start in range(0, len(content), chunk):
        found += lines.feed(content[start : start + chunk], 1.0, 1, OUT)
    assert whole(found) == [("stdout", text), ("stdout", "next")]
    assert max(len(line.text.encode()) for line in found) <= PIECE_BYTES
    assert found[0].partial
    assert not found[-2].partial


def test_new_run_ends_what_the_last_one_left_without_a_newline():
    lines = Lines("web")
    lines.feed(b"dying wor", 1.0, 1, OUT)
    assert [(line.run, line.text, line.at) for line in lines.feed(b"hello\n", 2.0, 2, OUT)] == [
        (1, "dying wor", 1.0),
        (2, "hello", 2.0),
    ]


def test_line_has_the_time_of_its_end():
    lines = Lines("web")
    lines.feed(b"slow", 1.0, 1, OUT)
    assert [line.at for line in lines.feed(b"ly\n", 5.0, 1, OUT)] == [5.0]


def test_flushed_beginning_is_a_piece_and_its_end_follows():
    lines = Lines("web")
    lines.feed(b"password: ", 1.0, 1, OUT)
    flushed = lines.flush()
    assert [(line.text, line.partial) for line in flushed] == [("password: ", True)]
    assert [(line.text, line.partial) for line in lines.feed(b"\n", 2.0, 1, OUT)] == [("", False)]
    assert lines.end() == []


def test_flushed_beginning_is_ended_by_the_end_of_its_run():
    lines = Lines("web")
    lines.feed(b"password: ", 1.0, 1, OUT)
    lines.flush()
    assert [(line.text, line.partial) for line in lines.say("run 2", 2.0, 2)] == [("", False), ("run 2", False)]
