"""A line that a service wrote, the question that selects lines, and where the output of a run lies."""

from typing import Literal

from msgspec import Struct


class LogLine(Struct, frozen=True, kw_only=True):
    """`at` is unix seconds; `partial`: the next item of this service and stream continues the line.

    The text is what the service wrote, escape sequences included. Stream "nexsock" is what nexsock itself has to say:
    that a run begins, that bytes are missing.
    """

    at: float
    service: str
    run: int
    stream: Literal["stdout", "stderr", "nexsock"]
    text: str
    partial: bool = False


class LogQuery(Struct, frozen=True, kw_only=True):
    """Lines of some services, merged by time. `run` -1 is the last but one, 0 or None means all kept history.

    `services` empty: all. `last_lines` counts over the merged result. `since` and `until` are unix seconds. `stream` is
    stdout or stderr, None: both.
    """

    services: tuple[str, ...] = ()
    last_lines: int | None = None
    since: float | None = None
    until: float | None = None
    grep: str | None = None
    run: int | None = None
    stream: str | None = None


class LogSlice(Struct, frozen=True, kw_only=True):
    """Bytes of a log file that belong to one run: from `start` to before `end`. `path` is its name now; rotation
    gives it another."""

    path: str
    start: int
    end: int
