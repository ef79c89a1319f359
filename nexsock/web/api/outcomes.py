"""Streams of progress as one answer: what came of it, or the error that says what did not."""

from collections.abc import AsyncIterator

from nexsock.errors import NexsockError, ServiceFailed, TimeLimit
from nexsock.model.git import GitItem
from nexsock.model.status import Outcome
from nexsock.protocol.api import Progress


class NotSettled(ServiceFailed):
    """Not everything became what was wanted; `outcome` says what did."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message, hint="ask why for the causes")
        self.outcome = outcome


class NotInTime(TimeLimit):
    """The same, because of the time limit: what was begun goes on."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message, hint="what was begun goes on")
        self.outcome = outcome


async def settled(stream: AsyncIterator[Progress]) -> Outcome:
    """What up, down, start, stop and restart come to.

    Raises:
        NotSettled, NotInTime: not all of it came true.
    """
    found = Outcome(ok=True)
    async for item in stream:
        found = item.outcome or found
    if found.ok:
        return found
    raise not_settled(found)


def not_settled(found: Outcome) -> NexsockError:
    """The error for an outcome that is not good."""
    names = ", ".join(failure.service for failure in found.failed)
    reason = found.failed[0].reason if found.failed else "not everything has settled"
    message = f"{names}: {reason}" if names else reason
    return NotInTime(message, found) if found.timed_out else NotSettled(message, found)


async def moved(stream: AsyncIterator[GitItem]) -> tuple[GitItem, ...]:
    """How each service's checkout stands in the end.

    Raises:
        ServiceFailed: it could not be done for one of them.
    """
    ended = [item async for item in stream if item.done or item.failed]
    for item in ended:
        if item.failed:
            raise ServiceFailed(f"{item.service}: {item.failed}")
    return tuple(ended)
