"""The process that searches logs for the daemon: `python -m nexsock.daemon.search_worker`.

A regular expression of the user's can need longer than the world lasts for one line, and the engine of `re` lets
nobody else run meanwhile. Here it keeps nobody, each line has a time limit, and the parent may kill us at any moment.

Stdin brings one Request, then a byte for each poll of a follower; stdout takes a Found after the other. Both have
their length in front (4 bytes, big endian). The end of stdin is the end of the process.
"""

import os
import queue
import re
import resource
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from io import FileIO

from msgspec import Struct

from nexsock import errors
from nexsock.logs import read
from nexsock.logs.batches import batches
from nexsock.logs.follow import Follower
from nexsock.model import packed
from nexsock.model.log import LogLine, LogQuery
from nexsock.runtime import match

LENGTH = struct.Struct(">I")
POLL, FLUSH = b"p", b"f"
MEMORY_BYTES = 1024**3
"""of address space; a search that holds one line of 64 KiB needs a tenth of it, libraries included"""


class Request(Struct, frozen=True, kw_only=True):
    """Search `query` in the logs of this folder; with `follow` also in what comes, as it is polled for."""

    folder: str
    query: LogQuery
    follow: bool


class Found(Struct, frozen=True, kw_only=True):
    """Lines that match. None at all: the end of what was there, or the answer to a poll.

    `problem` is why there will be nothing more, "" as a rule.
    """

    lines: list[LogLine] = []
    problem: str = ""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    asked = FileIO(0, closefd=False)
    (length,) = LENGTH.unpack(_exactly(asked, LENGTH.size))
    request = packed.decode(_exactly(asked, length), Request)
    polls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, polls), daemon=True).start()
    try:
        for found in answers(request, polls):
            _tell(found)
    except (errors.UsageError, match.TooSlow) as error:
        _tell(Found(problem=str(error)))
    except BrokenPipeError:
        return


def answers(request: Request, polls: "queue.SimpleQueue[bytes]") -> Iterator[Found]:
    """All that is there and an empty Found; then, for a follower, one Found for each poll.

    Raises:
        UsageError: it is no regular expression.
        TooSlow: it takes too long on one line.
    """
    if not request.follow:
        yield from _batches(read.read(request.folder, request.query, _matches))
        yield Found()
        return
    with closing(Follower(request.folder, request.query, _matches)) as follower:
        yield from _batches(follower.past())
        yield Found()
        while True:
            yield Found(lines=follower.poll(flush=polls.get() == FLUSH))


def _matches(expression: re.Pattern[str], text: str) -> bool:
    return match.found(expression, text)


def _batches(lines: Iterator[LogLine]) -> Iterator[Found]:
    return (Found(lines=batch) for batch in batches(lines))


def _tell(found: Found) -> None:
    body = packed.encode(found)
    sys.stdout.buffer.write(LENGTH.pack(len(body)) + body)
    sys.stdout.buffer.flush()


def _listen(asked: FileIO, polls: "queue.SimpleQueue[bytes]") -> None:
    """Hand polls on; end the process, whatever it is at, when nobody can want an answer any more."""
    while poll := asked.read(1):
        polls.put(poll)
    os._exit(0)


def _exactly(source: FileIO, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = source.read(length - len(data))
        if not piece:
            raise SystemExit(0)
        data += piece
    return data


if __name__ == "__main__":
    main()
