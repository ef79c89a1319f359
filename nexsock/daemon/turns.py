"""Turns on the loop for whoever has much to do: in each round one of them goes on, and everybody else is served."""

import asyncio
from collections import deque


class Turns:
    """A queue that lets one go on in each round of the loop, however many wait."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._passing = False

    @property
    def is_wanted(self) -> bool:
        """Somebody waits for a turn."""
        return bool(self._waiting)

    async def mine(self) -> None:
        """Wait for a turn, behind those who wait already."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if not self._passing:
            self._passing = True
            loop.call_soon(self._pass_on)
        await turn

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # nobody has given it up
                turn.set_result(None)
                break
        self._passing = bool(self._waiting)
        if self._passing:
            asyncio.get_running_loop().call_soon(self._pass_on)
