"""A search is made by a process of its own, which says what it found or why not, and ends with whoever asked."""

import asyncio
import os
from pathlib import Path

import pytest

from nexsock import errors
from nexsock.daemon import search
from nexsock.model.log import LogQuery

ENDLESS = "(a+)+$"


class Stage:
    """The log of web, and searches in it; a test closes what it begins."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "web.log"
        self.begun = []

    def write(self, text):
        with self.path.open("a") as file:
            file.write(text)

    async def begin(self, grep, *, follow=False, **fields):
        self.begun.append(
            await search.begin(str(self.folder), LogQuery(services=("web",), grep=grep, **fields), follow=follow)
        )
        return self.begun[-1]

    async def past(self, grep, **fields):
        async with asyncio.timeout(60):
            return [line.text async for line in (await self.begin(grep, **fields)).past()]


@pytest.fixture
async def stage(tmp_path):
    made = Stage(tmp_path)
    yield made
    for one in made.begun:
        await one.close()


async def test_what_matches_is_found_in_order_however_much_it_is(stage):
    stage.write("".join(f"line {number}\nother\n" for number in range(5000)))
    assert await stage.past("^line") == [f"line {number}" for number in range(5000)]


async def test_only_the_last_matches_are_told_when_so_many_are_asked_for(stage):
    stage.write("apple 1\npear\napple 2\napple 3\npear\n")
    assert await stage.past("apple", last_lines=2) == ["apple 2", "apple 3"]


async def test_an_expression_that_would_never_end_is_refused_with_what_to_do(stage):
    stage.write("harmless\n" + "a" * 60 + "!\n")
    with pytest.raises(errors.UsageError, match="takes too long on a line of 61 characters; take out nested repeats"):
        await stage.past(ENDLESS)


async def test_what_is_no_regular_expression_is_an_error_of_usage(stage):
    stage.write("line\n")
    with pytest.raises(errors.UsageError, match="is not a regular expression"):
        await stage.past("(")


async def test_what_comes_is_searched_too_and_an_endless_search_of_it_is_refused(stage):
    stage.write("aa\nb\n")
    searching = await stage.begin(ENDLESS, follow=True)
    assert [line.text async for line in searching.past()] == ["aa"]
    stage.write("aaa\nb\n")
    assert [line.text for line in await searching.poll(flush=True)] == ["aaa"]
    assert await searching.poll(flush=False) == []
    stage.write("a" * 60 + "!\n")
    with pytest.raises(errors.UsageError, match="takes too long"):
        await searching.poll(flush=True)


async def test_a_search_that_is_given_up_leaves_no_process(stage):
    stage.write("line\n" * 100_000)
    searching = await stage.begin("line")
    assert (await anext(searching.past())).text == "line"
    (worker,) = _workers()
    await searching.close()
    assert worker not in _workers()


async def test_the_end_of_the_process_that_searches_is_told(stage):
    stage.write("line\n")
    searching = await stage.begin("line", follow=True)
    assert [line.text async for line in searching.past()] == ["line"]
    await searching.close()
    with pytest.raises(errors.NexsockError, match="has ended; search again"):
        await searching.poll(flush=False)


def _workers():
    """The processes of ours that search."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [pid for pid in children if "search_worker" in Path(f"/proc/{pid}/cmdline").read_text()]
