"""Who reads the output gets what is there; who follows it gets what comes, too, and leaves nothing behind."""

import asyncio

import pytest

from nexsock.daemon.output import Output
from nexsock.model.log import LogQuery


class Growth:
    """Who asked to be woken for which runs; a test wakes them."""

    def __init__(self):
        self.begun = asyncio.Queue()
        self.waiting = set()

    async def begin(self, instances, grown):
        self.waiting.add(grown)
        self.begun.put_nowait(list(instances))

    def leave(self, grown):
        self.waiting.discard(grown)

    def tell(self):
        for grown in self.waiting:
            grown.set()


class Stage:
    """The log file of web, written by the test; web's current run is `instance`."""

    def __init__(self, folder):
        self.path = folder / "web.log"
        self.growth = Growth()
        self.instance = "i1"
        self.output = Output(str(folder), self.growth, lambda services: [self.instance for _ in services])

    def write(self, text):
        with self.path.open("a") as file:
            file.write(text)
        self.growth.tell()

    def lines(self, follow, **fields):
        return self.output.lines(LogQuery(services=("web",), **fields), follow)


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


async def text_of(lines, count):
    """The text of the next lines."""
    async with asyncio.timeout(60):
        return [(await anext(lines)).text for _ in range(count)]


async def test_what_is_there_is_read_and_then_it_ends(stage):
    stage.write("one\ntwo\n")
    assert [line.text async for line in stage.lines(follow=False)] == ["one", "two"]


async def test_who_follows_gets_what_is_there_and_what_comes(stage):
    stage.write("one\n")
    lines = stage.lines(follow=True)
    assert await text_of(lines, 1) == ["one"]
    stage.write("two\n")
    assert await text_of(lines, 1) == ["two"]
    await lines.aclose()


async def test_only_the_last_lines_that_were_asked_for_come_before(stage):
    stage.write("one\ntwo\nthree\n")
    lines = stage.lines(follow=True, last_lines=1)
    assert await text_of(lines, 1) == ["three"]
    await lines.aclose()


async def test_a_line_without_its_end_is_given_out_when_nothing_comes(stage):
    stage.write("password: ")
    lines = stage.lines(follow=True)
    assert await text_of(lines, 1) == ["password: "]
    await lines.aclose()


async def test_a_new_run_is_asked_for_at_once(stage):
    lines = stage.lines(follow=True)
    waiting = asyncio.create_task(anext(lines))
    async with asyncio.timeout(60):
        asked = [await stage.growth.begun.get()]
        stage.instance = "i2"
        stage.output.launched("web")
        while ["i2"] not in asked:
            asked.append(await stage.growth.begun.get())
    waiting.cancel()
    await asyncio.wait([waiting])
    assert asked[0] == ["i1"]


async def test_who_stops_following_is_woken_no_more(stage):
    stage.write("one\n")
    lines = stage.lines(follow=True)
    await text_of(lines, 1)
    stage.write("two\n")
    await text_of(lines, 1)
    await lines.aclose()
    assert stage.growth.waiting == set()
