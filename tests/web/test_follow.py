"""What services write, in batches."""

import json
from contextlib import aclosing
from dataclasses import replace

import pytest

from nexsock.errors import NotFound
from nexsock.model.log import LogLine
from nexsock.model.project import ProjectRef
from nexsock.testing.scripted import ScriptedApi
from nexsock.web import follow, stream
from nexsock.web.api import asked
from nexsock.web.call import Call


def line(at: float, text: str) -> LogLine:
    return LogLine(at=at, service="web", run=1, stream="stdout", text=text)


def call(*lines: LogLine | Exception, resume: str = "") -> Call:
    api = ScriptedApi(logs=lines)
    return Call(
        api=api.api, now=0.0, ref=ProjectRef(name="shop"), path={"service": "web"}, query=asked.Lines(), resume=resume
    )


async def texts(one: Call) -> tuple[list[str], int, list[str]]:
    """(texts, how many are said to be missing, ids) of all batches."""
    batches = [item async for item in follow.log_batches(one)]
    told = [json.loads(item.data) for item in batches]
    found = [line["text"] for batch in told for line in batch["lines"]]
    return found, sum(batch["skipped"] for batch in told), [item.id for item in batches]


async def test_lines_come_in_batches_with_the_place_to_go_on_from():
    assert await texts(call(line(1.0, "a"), line(1.0, "b"), line(2.0, "c"), line(2.0, "d"))) == (
        ["a", "b", "c", "d"],
        0,
        ["2.0:2"],
    )


async def test_who_comes_back_gets_no_line_twice_and_none_is_missing():
    again = call(line(2.0, "c"), line(2.0, "d"), line(2.0, "e"), line(3.0, "f"), resume="2.0:2")
    assert await texts(again) == (["e", "f"], 0, ["3.0:1"])


async def test_of_a_flood_the_last_lines_are_sent_and_the_rest_is_counted():
    most = follow.BATCH_LINES + asked.Lines().lines
    many = [line(float(number), str(number)) for number in range(most + 40)]
    found, skipped, _ = await texts(call(*many))
    assert (found[0], found[-1], skipped) == ("40", str(most + 39), 40)


async def test_lines_that_were_asked_for_are_no_flood():
    many = [line(float(number), str(number)) for number in range(2000)]
    one = call(*many)
    found, skipped, _ = await texts(replace(one, query=asked.Lines(lines=2000)))
    assert (len(found), skipped) == (2000, 0)


async def test_a_log_that_cannot_be_read_says_why():
    with pytest.raises(NotFound, match="no service"):
        await texts(call(NotFound("no service 'web'")))


async def test_text_of_a_service_cannot_make_an_event_of_its_own():
    async with aclosing(follow.log_batches(call(line(1.0, "x\n\nevent: phase\ndata: {}\r\n")))) as batches:
        written = stream.to_bytes(await anext(batches))
    assert [part.split(b":")[0] for part in written.rstrip().splitlines()] == [b"id", b"event", b"data"]
