"""Frames that are almost right. None of them asks for a change, so that whatever changes is the daemon's fault."""

import random
from collections.abc import Iterator

from nexsock.model.log import LogQuery
from nexsock.model.project import ProjectRef
from nexsock.protocol import codec, frame
from nexsock.protocol.api import (
    BY_NAME,
    BY_NUMBER,
    EventsRequest,
    LogsRequest,
    Nothing,
    RenderRequest,
    ServiceRequest,
    ServicesRequest,
)
from nexsock.protocol.frame import Frame, Kind

LOOKING = frozenset(
    BY_NAME[name].number
    for name in (
        *("service_status", "list_services", "why", "history", "environment", "command"),
        *("logs", "events", "render", "list_projects", "system_status", "ping"),
    )
)
"""Operations that change nothing."""
NOWHERE = 999
OPERATION = slice(6, 8)
LENGTH = slice(12, 16)


def samples(directory: str) -> tuple[bytes, ...]:
    """Good frames of every kind that a client sends, and some that only a daemon does."""
    project = ProjectRef(directory=directory)
    requests: tuple[tuple[str, object], ...] = (
        ("ping", Nothing()),
        ("system_status", Nothing()),
        ("list_services", ServicesRequest(project=project, services=())),
        ("service_status", ServiceRequest(project=project, service="s0")),
        ("history", ServiceRequest(project=project, service="s0")),
        ("events", EventsRequest(project=project)),
        ("logs", LogsRequest(project=project, query=LogQuery(services=("s0",), last_lines=3))),
        ("render", RenderRequest(project=project, command="status", services=("s0",))),
    )
    asked = [
        Frame(Kind.REQUEST, BY_NAME[name].number, number, codec.encode(request))
        for number, (name, request) in enumerate(requests, 1)
    ]
    others = [
        Frame(Kind.PING, payload=b"abc"),
        Frame(Kind.CANCEL, 27, 6),
        Frame(Kind.CREDIT, 27, 6, b"\xff\xff\xff\xff"),
        Frame(Kind.REPLY, 42, 1, b"\x80"),
        Frame(Kind.REQUEST, 7, 20, b"\x91" * 200),
        Frame(Kind.REQUEST, 7, 21, b"\xdd\xff\xff\xff\xff"),
        Frame(Kind.REQUEST, 42, 0xFFFFFFFF, b"\x80"),
    ]
    return tuple(map(frame.to_bytes, asked + others))


def mutated(good: bytes, chance: random.Random) -> bytes:
    """One frame, wrong in one to three places; now and then right, or nothing but noise."""
    data = bytearray(good)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        at = chance.randrange(len(data) or 1)
        match chance.randrange(8):
            case 0:
                data[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                data[at:at] = chance.randbytes(chance.randrange(1, 9))
            case 2:
                del data[at : at + chance.randrange(1, 9)]
            case 3:
                data[LENGTH] = chance.choice((0, 1, 15, 2**24, 2**24 + 1, 2**31, 2**32 - 1)).to_bytes(4, "big")
            case 4:
                data[4:6] = bytes((chance.choice((0, 1, 2, 255)), chance.randrange(20)))
            case 5:
                data[8:12] = chance.randbytes(4)
            case 6:
                del data[at:]
            case 7:
                data[:] = chance.randbytes(chance.randrange(1, 200))
    if int.from_bytes(data[OPERATION], "big") in BY_NUMBER.keys() - LOOKING:
        data[OPERATION] = NOWHERE.to_bytes(2, "big")
    return bytes(data)


def talks(seed: int, directory: str, count: int) -> Iterator[tuple[int, bytes]]:
    """What hostile clients send, each over a connection of its own, with the number of mutated frames in it."""
    chance, good = random.Random(seed), samples(directory)
    hello = frame.to_bytes(Frame(Kind.HELLO, payload=b"\x82\xa3min\x01\xa3max\x01"))
    while count > 0:
        size = min(count, chance.randrange(1, 9))
        greeting = hello if chance.random() < 0.85 else mutated(hello, chance)
        yield size, greeting + b"".join(mutated(chance.choice(good), chance) for _ in range(size))
        count -= size
