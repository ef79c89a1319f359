"""What services write, as a stream: lines in batches, and of a flood no more than a page can show."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from msgspec import structs

from nexsock.model.log import LogLine
from nexsock.protocol.api import LogsRequest
from nexsock.views import document
from nexsock.web.api.past import log_query
from nexsock.web.call import Call
from nexsock.web.stream import Sent, line

BATCH_S = 0.05
"""Lines are sent together that come within this time."""
BATCH_LINES = 500
"""Of more lines in that time the last ones are sent, and how many are left out."""
FLOOD_S = 0.25
"""Time to the next batch after one that was full: nobody reads that fast, and the page has to be drawn."""


async def log_batches(call: Call) -> AsyncIterator[Sent]:
    """Lines of logs in batches, as they come; `resume` ("TIME:COUNT") goes on behind the lines of that time.

    A batch has at most BATCH_LINES lines, besides those that were asked for of what is there already; `skipped` counts
    those that were left out because they came too fast.
    """
    query = log_query(call)
    owed = call.query.lines
    at, seen = _resumed(call.resume)
    if at is not None:
        query = structs.replace(query, since=at, last_lines=None)
    lines: deque[tuple[str, LogLine]] = deque()
    skipped = 0
    arrival = asyncio.Event()

    async def read() -> None:
        nonlocal skipped
        last, count, leave = at, 0, seen
        try:
            request = LogsRequest(project=call.project, query=query, follow=True)
            async for found in call.api.logs(request):
                count = count + 1 if found.at == last else 1
                last = found.at
                if found.at == at and leave:
                    leave -= 1
                    continue
                if len(lines) == BATCH_LINES + owed:
                    lines.popleft()
                    skipped += 1
                lines.append((f"{last!r}:{count}", found))
                arrival.set()
        finally:
            arrival.set()

    reading = asyncio.ensure_future(read())
    try:
        while not reading.done() or lines:
            await arrival.wait()
            arrival.clear()
            if lines:
                key = lines[-1][0]
                batch = [document.plain(found) for _, found in lines]
                yield Sent("lines", line({"lines": batch, "skipped": skipped}), key)
                rest_s = BATCH_S if len(lines) < BATCH_LINES + owed else FLOOD_S
                owed = max(owed - len(lines), 0)
                lines.clear()
                skipped = 0
                await asyncio.sleep(rest_s)
        await reading
    finally:
        reading.cancel()


def _resumed(key: str) -> tuple[float | None, int]:
    at, _, count = key.partition(":")
    try:
        return float(at), int(count)
    except ValueError:
        return None, 0
