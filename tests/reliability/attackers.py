"""`python -m tests.reliability.attackers DEED SOCKET SEED COUNT DIRECTORY`: one kind of bad company for a daemon.

A process of its own, so that the healthy client beside it is measured and not the attack's own work. What was seen is
printed as one JSON document.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

from nexsock.model.log import LogQuery
from nexsock.model.project import ProjectRef
from nexsock.protocol import codec, frame
from nexsock.protocol.api import BY_NAME, LogsRequest, Nothing
from nexsock.protocol.frame import Frame, Kind
from tests.reliability import mutations

AT_ONCE = 24
LIMIT_S = 60.0
ENDLESS_CREDIT = b"\xff\xff\xff\xff"

Figures = dict[str, int]


async def mutants(path: str, seed: int, count: int, directory: str) -> Figures:
    """Send mutated frames; wait for the daemon's end of each conversation, or leave in the middle of it."""
    talks = mutations.talks(seed, directory, count)
    told = {"frames": 0, "connections": 0, "unserved": 0}

    async def one_after_the_other(patient: bool) -> None:
        for size, data in talks:
            served = await _say(path, data, patient=patient)
            told["frames"] += size
            told["connections"] += 1
            told["unserved"] += not served

    await asyncio.gather(*(one_after_the_other(patient=number % 4 != 0) for number in range(AT_ONCE)))
    return told


async def _say(path: str, data: bytes, *, patient: bool) -> bool:
    """Whether the daemon let us in, and ended what we ended."""
    try:
        async with asyncio.timeout(LIMIT_S):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(data)
                if patient:
                    writer.write_eof()
                    while await reader.read(65536):
                        continue
            except OSError:  # the daemon has closed it already
                pass
            finally:
                writer.close()
    except (TimeoutError, OSError):
        return False
    return True


async def strangers(path: str, seed: int, count: int, directory: str) -> Figures:
    """Half a hello, then silence: how many of them the daemon has closed."""
    closed = await _fall_silent(path, (frame.MAGIC[:2], _hello()[:7], _hello()[:-3]), count)
    return {"strangers": count, "strangers_closed": closed}


async def lorises(path: str, seed: int, count: int, directory: str) -> Figures:
    """A good hello, half a header or half a payload, then silence: how many of them the daemon has closed."""
    whole = mutations.samples(directory)[0]
    closed = await _fall_silent(path, (_hello() + whole[:7], _hello() + whole[:-1]), count)
    return {"lorises": count, "lorises_closed": closed}


async def _fall_silent(path: str, said: tuple[bytes, ...], count: int) -> int:
    async def say(half: bytes) -> bool:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(half)
        try:
            async with asyncio.timeout(LIMIT_S):
                while await reader.read(65536):
                    continue
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            writer.close()
        return True

    return sum(await asyncio.gather(*(say(said[number % len(said)]) for number in range(count))))


async def crowd(path: str, seed: int, count: int, directory: str) -> Figures:
    """So many clients at once, each with a few requests."""
    ask = b"".join(
        frame.to_bytes(Frame(Kind.REQUEST, BY_NAME["ping"].number, number, codec.encode(Nothing())))
        for number in range(1, 6)
    )
    answered = frame.HEADER.pack(frame.MAGIC, 1, Kind.REPLY, BY_NAME["ping"].number, 5, 1)

    async def visit() -> bool:
        try:
            async with asyncio.timeout(LIMIT_S):
                reader, writer = await _connected(path)
                writer.write(_hello() + ask)
                await reader.readuntil(answered)
                writer.close()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            return False
        return True

    return {"clients": count, "served": sum(await asyncio.gather(*(visit() for _ in range(count))))}


async def deaf(path: str, seed: int, count: int, directory: str) -> Figures:
    """Ask for a long log and never read it; half of them leave in the middle, the others stay until we are told."""
    query = LogQuery(services=("flood",))
    request = codec.encode(LogsRequest(project=ProjectRef(directory=directory), query=query))
    ask = frame.to_bytes(Frame(Kind.REQUEST, BY_NAME["logs"].number, 1, request))
    credit = frame.to_bytes(Frame(Kind.CREDIT, BY_NAME["logs"].number, 1, ENDLESS_CREDIT))
    writers = []
    for number in range(count):
        reader, writer = await asyncio.open_unix_connection(path, limit=1024)
        writer.write(_hello() + ask + credit)
        if number % 2:
            await reader.read(1024)
            writer.close()
        else:
            writers.append(writer)
    print("asked", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for writer in writers:
        writer.close()
    return {"deaf": count}


async def _connected(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection; a full backlog tells a socket that may not block to try again."""
    while True:
        try:
            return await asyncio.open_unix_connection(path)
        except BlockingIOError:
            await asyncio.sleep(0.01)


def _hello() -> bytes:
    return frame.to_bytes(Frame(Kind.HELLO, payload=b"\x82\xa3min\x01\xa3max\x01"))


DEEDS: dict[str, Callable[[str, int, int, str], Awaitable[Figures]]] = {
    deed.__name__: deed for deed in (mutants, strangers, lorises, crowd, deaf)
}


async def main(name: str, path: str, seed: str, count: str, directory: str) -> None:
    print(json.dumps(await DEEDS[name](path, int(seed), int(count), directory)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
