"""A plugin is given the time that it has, and not less because the machine is busy."""

import asyncio

from nexsock.plugins import limit


class Answer:
    """An answer that never comes, or comes when it has been asked for the time in line so many times."""

    def __init__(self, after: int | None = None, each_s: float = 0.0) -> None:
        self.task = asyncio.create_task(asyncio.Event().wait() if after is None else self.come())
        self.ready = asyncio.Event()
        self.looks = 0
        self.after = after
        self.each_s = each_s

    async def come(self) -> None:
        await self.ready.wait()

    def queued_s(self) -> float:
        self.looks += 1
        if self.after is not None and self.looks > self.after:
            self.ready.set()
        return self.looks * self.each_s


async def test_what_never_comes_is_late():
    answer = Answer()
    assert not await limit.in_time(answer.task, 0.01, answer.queued_s)
    answer.task.cancel()


async def test_what_stood_in_line_is_given_more_time():
    answer = Answer(after=1, each_s=60.0)
    assert await limit.in_time(answer.task, 0.01, answer.queued_s)


async def test_more_time_is_given_twice_and_no_more():
    answer = Answer(each_s=60.0)
    await limit.in_time(answer.task, 0.01, answer.queued_s)
    answer.task.cancel()
    assert answer.looks == 2 + limit.EXTENSIONS


async def test_an_answer_that_fails_has_come():
    async def fail() -> None:
        raise EOFError

    failing = asyncio.create_task(fail())
    assert await limit.in_time(failing, 60.0, lambda: 0.0)
    assert isinstance(failing.exception(), EOFError)
