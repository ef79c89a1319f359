"""Which rows of the transition table a stretch of time has taken."""

from collections.abc import Iterator
from contextlib import contextmanager

from nexsock.lifecycle import phase
from nexsock.lifecycle.phase import Happening
from nexsock.model.state import Phase

Row = tuple[Phase, Happening]


@contextmanager
def taken() -> Iterator[set[Row]]:
    """The rows taken within the `with`; `advance` asks the table by its module, so all of them pass here."""
    rows: set[Row] = set()
    real = phase.after

    def noted(before: Phase, happening: Happening) -> Phase:
        after = real(before, happening)
        rows.add((before, happening))
        return after

    phase.after = noted
    try:
        yield rows
    finally:
        phase.after = real
