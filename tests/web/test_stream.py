"""Answers that are streams: problems are told, whoever leaves ends them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from nexsock.errors import NotFound
from nexsock.web import stream

LIMIT_S = 30.0


async def test_a_service_that_does_not_exist_is_a_problem_in_the_stream():
    told: list[bytes] = []

    async def send(message: Any) -> None:
        told.append(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def failing() -> AsyncIterator[stream.Sent]:
        yield stream.Sent("lines", "{}")
        raise NotFound("no service 'web'")

    answer = stream.EventStream(failing(), lambda _: None)
    async with asyncio.timeout(LIMIT_S):
        await answer({"type": "http", "method": "GET"}, receive, send)
    assert b"event: problem\n" in b"".join(told)
    assert b"no service 'web'" in b"".join(told)


async def test_a_client_that_leaves_ends_its_stream():
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[stream.Sent]:
        try:
            await asyncio.Event().wait()
            yield stream.Sent("phase", "{}")
        finally:
            ended.set()

    async def send(_: Any) -> None: ...

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async with asyncio.timeout(LIMIT_S):
        await stream.EventStream(endless(), lambda _: None)({"type": "http", "method": "GET"}, receive, send)
        await ended.wait()
