"""Logs that go on when the daemon is replaced: nothing that was shown is shown again, nothing that came is missed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nexsock import errors

if TYPE_CHECKING:
    from nexsock.cli.session import Session
    from nexsock.model.log import LogLine
    from nexsock.protocol.api import LogsRequest


def lines(session: Session, request: LogsRequest) -> Iterator[LogLine]:
    """The lines of a `logs` request; one that follows asks the daemon's successor for what came since.

    Raises:
        Unreachable: there is none.
    """
    shown = Shown(session.now())
    asked = request
    while True:
        try:
            yield from shown.news(session.stream("logs", asked))
        except errors.Unreachable:
            if not request.follow:
                raise
            session.close()
            session.connect_only()
            asked = shown.rest(request)
        else:
            return


class Shown:
    """How far each service's log was shown: the time of its last line, and how many lines have that time.

    All lines of one piece of output have the same time.
    """

    def __init__(self, began_at: float) -> None:
        self._began_at = began_at
        self._last: dict[str, tuple[float, int]] = {}

    def news(self, lines: Iterator[LogLine]) -> Iterator[LogLine]:
        """Those of the lines that come after what was shown."""
        before, seen = dict(self._last), dict.fromkeys(self._last, 0)
        for line in lines:
            at, count = before.get(line.service, (0.0, 0))
            if line.at == at and seen.get(line.service, 0) < count:
                seen[line.service] += 1
            elif line.at >= at:
                self._note(line)
                yield line

    def _note(self, line: LogLine) -> None:
        at, count = self._last.get(line.service, (0.0, 0))
        self._last[line.service] = (line.at, count + 1 if line.at == at else 1)

    def rest(self, request: LogsRequest) -> LogsRequest:
        """The question for what was not shown."""
        since = min((at for at, _ in self._last.values()), default=self._began_at)
        if request.query.last_lines is None and not self._last:
            return request
        return replace(request, query=replace(request.query, since=since, last_lines=None))
