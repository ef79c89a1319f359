"""Search a line for a pattern of the user's without ever being kept by it.

A pattern such as `(a+)+$` can need longer than the world lasts for one line. The engine of `re` looks for signals on
its way (Modules/_sre/sre_lib.h, `PyErr_CheckSignals`), and a handler that raises ends the search. Only the main thread
is told of signals; in another one a search is not bounded.
"""

import functools
import re
import signal
import threading
from types import FrameType

LIMIT_S = 0.05
"""Time of the processor that one search may take: a line of 64 KiB needs about a millisecond of it."""


class TooSlow(Exception):
    """The search was given up; `str()` says so with the pattern."""


def found(expression: re.Pattern[str], text: str) -> bool:
    """Whether the expression is found in the text.

    Raises:
        TooSlow: it needs more than LIMIT_S of the processor's time.
    """
    if threading.current_thread() is not threading.main_thread():
        return expression.search(text) is not None
    _listen()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S)
        try:
            return expression.search(text) is not None
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _GivenUp:
        raise TooSlow(
            f"{expression.pattern!r} takes too long on a line of {len(text)} characters; take out nested repeats"
        ) from None


class _GivenUp(Exception):
    """Comes out of the search when its time is over."""


@functools.cache
def _listen() -> None:
    """Be told when the time is over; once, because `signal.signal` costs more than most searches."""
    signal.signal(signal.SIGVTALRM, _give_up)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise _GivenUp
