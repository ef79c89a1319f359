"""Go on where reading ended: what services write from now on, through rotation, truncation and torn lines.

Never waits and reads no clock: who drives it says when something may have been written (`poll`), and when a line that
has no end yet should be shown as it is (`flush`).
"""

import heapq
from collections.abc import Iterator
from operator import attrgetter

from nexsock.logs import files
from nexsock.logs.files import END, LogFile, Segment
from nexsock.logs.history import SECOND_NS, History, gap, told
from nexsock.logs.read import Found, Matcher, Part, found, merged
from nexsock.model.log import LogLine, LogQuery

POLL_BYTES = 64 * 1024
"""About how much one poll reads of one service, so that a flood cannot keep the caller."""


class Follower:
    """Follow some services of one project: read `past` to its end, then `poll` whenever their files may have grown.

    Between the two nothing is missing and nothing is there twice. Close it when done.

    Args:
        folder: where the logs of the project are.
        query: names the services, which need not have a log yet.
        found: searches one line for `query.grep`.
    Raises:
        UsageError: as read.read.
    """

    def __init__(self, folder: str, query: LogQuery, found: Found = found) -> None:
        self._query = query
        self._matches = Matcher(query, found)
        self._tails = [Tail(folder, name, query) for name in query.services]

    def past(self) -> Iterator[LogLine]:
        """What the query selects of what is there already; a line without its end is left for `poll`."""
        return merged([tail.past for tail in self._tails], self._query, self._matches)

    def poll(self, *, flush: bool = False) -> list[LogLine]:
        """The lines that have come since, in order of time; empty when there are no more for now.

        Args:
            flush: also give out what has no newline yet, as pieces marked `partial`, and bytes that the index does
                not tell of yet. For when nothing has come for a while.
        """
        new = heapq.merge(*(tail.poll(flush) for tail in self._tails), key=attrgetter("at"))
        return list(filter(self._matches, new))

    def close(self) -> None:
        for tail in self._tails:
            tail.close()


class Tail:
    """The end of one service's log. The file that is being read stays open, so rotation cannot take it away."""

    def __init__(self, folder: str, service: str, query: LogQuery) -> None:
        history = History(folder, service)
        self.past = Part(history, query, ended=False)
        self._folder = folder
        self._service = service
        self._identity = history.files[-1] if history.files else None
        self._file = files.open_file(folder, service, self._identity) if self._identity else None
        self._record, self._offset = history.count, history.size
        self._base = self._file.base if self._file else None
        self._known_end = history.end

    def close(self) -> None:
        self.past.history.close()
        self._leave()

    def poll(self, flush: bool) -> list[LogLine]:
        """The lines that have come since, at most about POLL_BYTES of them."""
        self.past.history.close()
        given: list[LogLine] = []
        left = POLL_BYTES
        while file := self._file or self._open_next():
            rotated = files.current_inode(self._folder, self._service) not in (None, file.identity.inode)
            for segment in self._segments(file, given, everything=flush or rotated):
                given += told(self.past.assembled, file, segment._replace(end=min(segment.end, segment.start + left)))
                left -= segment.end - segment.start
                if left < 0:
                    self._offset = segment.end + left
                    return given
                self._record, self._offset = segment.following, segment.end
            if not rotated:
                break
            self._leave()
        if flush:
            given += self.past.assembled.flush()
        return given

    def _segments(self, file: LogFile, given: list[LogLine], *, everything: bool) -> Iterator[Segment]:
        """What is new in the file; what has to be said before it is added to `given`."""
        file.refresh()
        if self._base is None:
            given += gap(self.past.assembled, file, self._known_end)
        elif file.base != self._base or file.size < self._offset:
            at = file.modified_ns / SECOND_NS
            given += self.past.assembled.say("the log was emptied by somebody else", at, self.past.assembled.run)
            self._record = self._offset = 0
            self._known_end = None
        self._base = file.base
        return file.segments(self._record, self._offset, END if everything else file.index.count)

    def _open_next(self) -> LogFile | None:
        """Open the file after the one that was left last, or the oldest that stays.

        A file that is dropped loses its index first. Without one nothing tells what is missing before it, so that a
        file in this state is only read on from the one before.
        """
        known = files.kept(self._folder, self._service)
        following = known[known.index(self._identity) + 1 :] if self._identity in known else known
        goes_on = following is not known
        for wanted in following:
            file = files.open_file(self._folder, self._service, wanted)
            if file is not None and not (goes_on or file.has_index or wanted == known[-1]):
                file.close()
                continue
            if file is not None:
                self._file, self._base = file, None
                self._record = self._offset = 0
            break
        return self._file

    def _leave(self) -> None:
        """The file is finished: nothing more will be written to it."""
        if self._file:
            self._identity = self._file.identity
            begins = self._known_end if self._base is None else self._base
            self._known_end = None if begins is None else begins + self._file.size
            self._file.close()
            self._file = None
