"""Lines by the handful: enough that handing one on costs little, and small however long the lines are."""

from collections.abc import Iterable, Iterator

from nexsock.model.log import LogLine

LINES = 512
CHARACTERS = 256 * 1024
"""A batch is full with this much: a line without an end comes in pieces of 64 Ki characters."""


def batches(lines: Iterable[LogLine]) -> Iterator[list[LogLine]]:
    """The same lines in the same order; no batch is empty."""
    batch: list[LogLine] = []
    characters = 0
    for line in lines:
        batch.append(line)
        characters += len(line.text)
        if len(batch) == LINES or characters >= CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
