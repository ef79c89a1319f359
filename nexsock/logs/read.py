"""Lines of services from all kept history: selected, merged by time, the last so many.

Memory does not depend on the volume: files are read in blocks, a huge line comes in pieces, and the last lines are
counted first and given out then, so that nothing is collected.
"""

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from operator import attrgetter

from nexsock import errors
from nexsock.logs import files
from nexsock.logs.history import History, Place, Stop
from nexsock.logs.lines import Lines
from nexsock.model.log import LogLine, LogQuery
from nexsock.views import style

Found = Callable[[re.Pattern[str], str], bool]
"""Whether the expression is in the text; may raise to give up on one that takes too long."""


def found(expression: re.Pattern[str], text: str) -> bool:
    """Without any limit: for expressions of our own."""
    return expression.search(text) is not None


class Matcher:
    """Whether a line is among those that a query asks for, whatever service and run it is of."""

    def __init__(self, query: LogQuery, found: Found = found) -> None:
        self._found = found
        self._since = query.since
        self._until = query.until
        self._stream = query.stream
        try:
            self._pattern = re.compile(query.grep) if query.grep else None
        except re.error as error:
            raise errors.UsageError(f"'{query.grep}' is not a regular expression: {error}") from error
        except (RecursionError, OverflowError) as error:
            raise errors.UsageError("the regular expression goes too deep", hint="make it simpler") from error

    def __call__(self, line: LogLine) -> bool:
        if self._since is not None and line.at < self._since:
            return False
        if self._until is not None and line.at > self._until:
            return False
        if self._stream not in (None, line.stream):
            return False
        if self._pattern is None:
            return True
        return line.stream != "nexsock" and self._found(self._pattern, style.output(line.text, False))


class Part:
    """The stretch of one history in which the lines of a query lie; with `last_lines`, not much more than those.

    Args:
        ended: whether a line without its newline is a line; if not, it is left in `assembled` after `lines`.
    """

    def __init__(self, history: History, query: LogQuery, *, ended: bool = True) -> None:
        self.history = history
        self.assembled = Lines(history.service)
        self._ended = ended
        self._stretch = _stretch(history, query)

    def lines(self) -> Iterator[LogLine]:
        """All lines of the stretch; can be asked for again."""
        self.assembled = Lines(self.history.service)
        if self._stretch:
            yield from self.history.lines(*self._stretch, self.assembled)
        if self._ended:
            yield from self.assembled.end()


def _stretch(history: History, query: LogQuery) -> tuple[Place, Stop] | None:
    start, stop = history.everything
    if query.run:
        latest = history.latest_run()
        wanted = query.run if query.run > 0 else latest + query.run
        if not 1 <= wanted <= latest:
            return None
        start, stop = history.of_run(wanted)
    if query.since is not None:
        start = max(start, history.since(query.since))
    if query.until is not None:
        stop = min(stop, history.until(query.until))
    if query.last_lines is not None and not query.grep and not query.stream:
        start = history.back(query.last_lines, start, stop)
    return start, stop


def read(folder: str, query: LogQuery, found: Found = found) -> Iterator[LogLine]:
    """The lines that a query selects, in order of time; those of one service in the order it wrote them.

    Lines of stream "nexsock" say where a run begins and what is missing; they are not counted and never match a
    search.

    Args:
        folder: where the logs of the project are (places.Places.project_logs).
        found: searches one line for `query.grep`.
    Raises:
        UsageError: `query.grep` is not a regular expression.
    """
    return _read(folder, query, Matcher(query, found))


def _read(folder: str, query: LogQuery, matches: Matcher) -> Iterator[LogLine]:
    with ExitStack() as opened:
        names = query.services or tuple(files.services(folder))
        parts = [Part(opened.enter_context(closing(History(folder, name))), query) for name in names]
        yield from merged(parts, query, matches)


def merged(parts: Sequence[Part], query: LogQuery, matches: Matcher) -> Iterator[LogLine]:
    """The matching lines of all parts in order of time, or the last of them."""
    excess = 0
    if query.last_lines is not None:
        excess = sum(_counts(line) for part in parts for line in part.lines() if matches(line)) - query.last_lines
    for line in heapq.merge(*(part.lines() for part in parts), key=attrgetter("at")):
        if not matches(line):
            continue
        if excess > 0:
            excess -= _counts(line)
        else:
            yield line


def _counts(line: LogLine) -> bool:
    """Whether it is a line of the service, or the last piece of one."""
    return line.stream != "nexsock" and not line.partial
