"""An idle daemon ends, a busy one never."""

import asyncio

from nexsock.daemon import idle


class Project:
    def __init__(self, busy):
        self.busy = busy


async def ended(looks, hosts=(), clients=0):
    """Whether it ends within so many looks."""
    counted = []

    def count():
        counted.append(1)
        if len(counted) > looks:
            raise TimeoutError
        return clients

    over = asyncio.Event()
    try:
        await idle.end_when_idle(0.001, lambda: hosts, count, over.set)
    except TimeoutError:
        return False
    return over.is_set()


async def test_it_ends_when_nobody_is_there_and_no_project_is_busy():
    assert await ended(idle.LOOKS, [Project(busy=False)])


async def test_a_busy_project_or_a_client_keeps_it():
    assert not await ended(20, [Project(busy=False), Project(busy=True)])
    assert not await ended(20, clients=1)
