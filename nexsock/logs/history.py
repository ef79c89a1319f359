"""The kept history of one service as one sequence of bytes over several files, and places in it.

A place is looked for in the indexes (a time, a run) or backward from the end (the last so many lines); reading then
goes forward from there, so its cost does not depend on how much lies before.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from nexsock import units
from nexsock.keeper import wire
from nexsock.logs import files
from nexsock.logs.files import BLOCK_BYTES, END, LogFile, Segment
from nexsock.logs.index import Index
from nexsock.logs.lines import STREAM_NAMES, Lines
from nexsock.model.log import LogLine

HEAD_BYTES = 1024 * 1024
HEAD_RECORDS = 512
"""How far back the beginning of a line is looked for when lines of the other stream lie within it."""
SECOND_NS = 1_000_000_000


class Place(NamedTuple):
    """A point in the history: byte `offset` of a file, with `record` the first record to read from there."""

    file: int
    record: int
    offset: int


class Stop(NamedTuple):
    """Where to stop: before that record of the file; END: behind its last byte."""

    file: int
    record: int


BEGINNING = Place(0, 0, 0)


class History:
    """The files of a service as they are now: what is written later is not in it, and rotation does not disturb.

    The newest file stays open, of the older ones one at a time; `close` closes them. `size` and `count` are the bytes
    and records of the newest; `end` is where it ended in bytes since the log began, None if its index does not tell.
    """

    def __init__(self, folder: str, service: str) -> None:
        self.service = service
        self.files = files.kept(folder, service)
        self._folder = folder
        self._newest = files.open_file(folder, service, self.files[-1]) if self.files else None
        self._number = -1
        self._older: LogFile | None = None
        self.size, self.count = (self._newest.size, self._newest.index.count) if self._newest else (0, 0)
        self.end = self._newest.base + self.size if self._newest and self._newest.base is not None else None

    @property
    def everything(self) -> tuple[Place, Stop]:
        return BEGINNING, Stop(len(self.files) - 1, END)

    def close(self) -> None:
        self._close_older()
        if self._newest:
            self._newest.close()
            self._newest = None

    def _close_older(self) -> None:
        if self._older:
            self._older.close()
        self._number, self._older = -1, None

    def file(self, number: int) -> LogFile | None:
        """The file of that number, 0 the oldest; None if rotation has dropped it since."""
        if number >= len(self.files) - 1:
            return self._newest
        if number != self._number:
            self._close_older()
            self._number, self._older = number, files.open_file(self._folder, self.service, self.files[number])
        return self._older

    # -------------------------------------------------------------------------------------- finding a place

    def latest_run(self) -> int:
        """The number of the newest run that the log knows; 0 if there is none."""
        for number in reversed(range(len(self.files))):
            if (file := self.file(number)) and file.index.count:
                return file.index.record(file.index.count - 1).run
        return 0

    def since(self, seconds: float) -> Place:
        """Where the lines begin that ended at that time or later."""
        return self._line_begin(self._first(lambda index: index.first_since(round(seconds * SECOND_NS))))

    def until(self, seconds: float) -> Stop:
        """Where what came after that time begins."""
        return self._stop(self._first(lambda index: index.first_after(round(seconds * SECOND_NS))))

    def of_run(self, run: int) -> tuple[Place, Stop]:
        """Where that run begins, and where the next one does."""
        begin = self._first(lambda index: index.first_of_run(run))
        return begin, self._stop(self._first(lambda index: index.first_of_run(run + 1)))

    def back(self, lines: int, start: Place, stop: Stop) -> Place:
        """A place, not before `start`, with at least that many lines between it and `stop`, if there are so many."""
        wanted = lines + 1
        for number in range(stop.file, start.file - 1, -1):
            file = self.file(number)
            if file is None:
                break
            low = start.offset if number == start.file else 0
            high = file.offset_of(stop.record) if number == stop.file else file.size
            while low < high:
                block_start = max(low, high - BLOCK_BYTES)
                block = b"".join(file.read(block_start, high))
                found = block.count(b"\n")
                if found >= wanted:
                    offset = block_start + _behind_newline(block, wanted)
                    return self._line_begin(Place(number, file.index.at_offset(offset), offset), start)
                wanted -= found
                high = block_start
        return start

    def _first(self, find: Callable[[Index], int]) -> Place:
        """The place of the first record that `find` is about; it gives the number of that record in one index."""
        for number in reversed(range(len(self.files))):
            if (file := self.file(number)) and (record := find(file.index)):
                return Place(number, record, file.offset_of(record))
        return BEGINNING

    def _stop(self, place: Place) -> Stop:
        file = self.file(place.file)
        behind = file is not None and place.record == file.index.count
        return Stop(place.file, END if behind else place.record)

    def _line_begin(self, place: Place, floor: Place = BEGINNING) -> Place:
        """The nearest place from which every line that ends behind `place` is read from its beginning.

        Not before `floor`, nor before the run that is going on at `place`, nor much further back than HEAD_BYTES.
        """
        begin, undecided, spent = place, self._streams_before(place), 0
        for number, stretch in islice(self._backward(place, floor), HEAD_RECORDS):
            name = STREAM_NAMES.get(stretch.stream, "stdout")
            if stretch.flags & wire.FLAG_RUN or spent > HEAD_BYTES or not undecided:
                break
            if name not in undecided:
                continue
            text = self._tail(number, stretch)
            spent += len(text)
            head = stretch.end - len(text) + text.rfind(b"\n") + 1
            if head < stretch.end:
                begin = Place(number, stretch.following, head)
            if b"\n" in text:
                undecided.discard(name)
        return begin

    def _streams_before(self, place: Place) -> set[str]:
        """The streams of which a line may be going on at a place."""
        file = self.file(place.file)
        if file is None or (place.record < HEAD_RECORDS and place.file):
            return {"stdout", "stderr"}
        found = file.index.streams(place.record - HEAD_RECORDS, place.record + 1)
        return {STREAM_NAMES.get(stream, "stdout") for stream in found}

    def _backward(self, place: Place, floor: Place) -> Iterator[tuple[int, Segment]]:
        """The marks and stretches of bytes between two places, latest first, each with the number of its file."""
        for number in range(place.file, floor.file - 1, -1):
            file = self.file(number)
            if file is None:
                return
            low = floor.offset if number == floor.file else 0
            before = file.before(place.record, place.offset) if number == place.file else file.before(END, file.size)
            for stretch in before:
                if stretch.end <= low:
                    break
                yield number, stretch._replace(start=max(stretch.start, low))

    def _tail(self, number: int, stretch: Segment) -> bytes:
        """The last HEAD_BYTES of a stretch."""
        file = self.file(number)
        return b"".join(file.read(max(stretch.start, stretch.end - HEAD_BYTES), stretch.end)) if file else b""

    # ---------------------------------------------------------------------------------------- reading forward

    def lines(self, start: Place, stop: Stop, assembled: Lines) -> Iterator[LogLine]:
        """The lines between two places, what nexsock has to say among them. What is begun stays in `assembled`."""
        known_end = 0 if start == BEGINNING else None
        dropped = False
        for number in range(start.file, stop.file + 1):
            file = self.file(number)
            if file is None:
                dropped = True
                continue
            yield from gap(assembled, file, known_end, dropped=dropped)
            dropped = False
            known_end = None if file.base is None else file.base + file.size
            first, offset = (start.record, start.offset) if number == start.file else (0, 0)
            for segment in file.segments(first, offset, stop.record if number == stop.file else END):
                yield from told(assembled, file, segment)


def gap(assembled: Lines, file: LogFile, known_end: int | None, *, dropped: bool = False) -> list[LogLine]:
    """The line that stands for what is missing before a file, after what the gap has cut off.

    Args:
        known_end: where the file before it ended, in bytes since the log began; None: not known, or not asked.
        dropped: a file before it is gone, whatever its size was.
    """
    base = file.base
    missing = base - known_end if base is not None and known_end is not None else None
    if (not dropped) if missing is None else missing <= 0:
        return []
    size = "an unknown amount" if missing is None else units.format_size(missing)
    first = file.index.record(0) if file.index.count else None
    at, run = (first.time_ns, first.run) if first else (file.modified_ns, assembled.run)
    text = f"{size} of earlier output is gone: dropped by rotation"
    return [*assembled.end(), *assembled.say(text, at / SECOND_NS, run)]


def told(assembled: Lines, file: LogFile, segment: Segment) -> Iterator[LogLine]:
    """The lines that a segment completes."""
    at = segment.time_ns / SECOND_NS
    if segment.flags & wire.FLAG_RUN:
        yield from assembled.say(f"run {segment.run}", at, segment.run)
    elif segment.flags & wire.FLAG_LOST:
        what = "the oldest output was dropped" if segment.flags & wire.FLAG_OLDEST else "output is lost"
        text = f"{units.format_size(segment.lost)} of {what}: the disk was full"
        yield from assembled.say(text, at, segment.run)
    else:
        for data in file.read(segment.start, segment.end):
            yield from assembled.feed(data, at, segment.run or assembled.run, segment.stream)


def _behind_newline(block: bytes, count: int) -> int:
    """The offset behind the newline that is the `count`-th from the end."""
    offset = len(block)
    for _ in range(count):
        offset = block.rindex(b"\n", 0, offset)
    return offset + 1
