"""Bytes to lines: each stream of a service is put together on its own, however its chunks lie between the others'.

Pure: bytes and times come in, lines go out. At most PIECE_BYTES of each stream are held.
"""

from typing import Literal

from nexsock.keeper import wire
from nexsock.model.log import LogLine

PIECE_BYTES = 64 * 1024
"""A line longer than this comes in pieces, all but the last marked `partial`."""

StreamName = Literal["stdout", "stderr", "nexsock"]
STREAM_NAMES: dict[int, StreamName] = {wire.STREAM_OUT: "stdout", wire.STREAM_ERR: "stderr"}


class Lines:
    """The lines of one service. A line's time is that of the chunk that ended it, so lines come in order of time.

    `run` is that of the latest bytes or mark, 0 before the first.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self.run = 0
        self._at = 0.0
        self._held: dict[StreamName, bytearray] = {}
        self._begun: set[StreamName] = set()  # a piece of the line has been given out

    def feed(self, data: bytes, at: float, run: int, stream: int) -> list[LogLine]:
        """Add bytes of one stream, cut anywhere; the lines they complete, after what an earlier run left unended.

        Bytes of run 0 came before their index told the run: what follows them is the rest of the same line.
        """
        given = self._turn_to(run) if self.run else []
        self.run = run
        self._at = at
        name = STREAM_NAMES.get(stream, "stdout")
        *ended, rest = data.split(b"\n")
        held = self._held.pop(name, None)
        for line in ended:
            if held is None:
                given += self._ended(name, line)
            else:
                held += line
                given += self._ended(name, held)
                held = None
        held = bytearray() if held is None else held
        held += rest
        given += self._pieces(name, held)
        if held:
            self._held[name] = held
        return given

    def say(self, text: str, at: float, run: int) -> list[LogLine]:
        """A line of our own between the service's."""
        given = self._turn_to(run)
        return [*given, LogLine(at=at, service=self._service, run=run, stream="nexsock", text=text)]

    def flush(self) -> list[LogLine]:
        """Give out what is held as pieces of lines whose end is still to come."""
        given = [self._piece(name, held) for name, held in self._held.items()]
        self._held.clear()
        return given

    def end(self) -> list[LogLine]:
        """Give out what is held as lines that never got their newline."""
        open_lines = {**dict.fromkeys(sorted(self._begun), bytearray()), **self._held}
        self._held.clear()
        return [line for name, held in open_lines.items() for line in self._ended(name, held)]

    def _turn_to(self, run: int) -> list[LogLine]:
        """From now on lines are of `run`; another run before it has ended."""
        given = self.end() if run != self.run else []
        self.run = run
        return given

    def _ended(self, name: StreamName, line: bytes | bytearray) -> list[LogLine]:
        """A line that is all there, in pieces if it is long."""
        pieces = self._pieces(name, line := bytearray(line)) if len(line) > PIECE_BYTES else []
        self._begun.discard(name)
        return [*pieces, self._line(name, line, partial=False)]

    def _pieces(self, name: StreamName, held: bytearray) -> list[LogLine]:
        """Take pieces off the front until the rest fits in one."""
        given = []
        while len(held) > PIECE_BYTES:
            cut = _between_characters(held, PIECE_BYTES)
            given.append(self._piece(name, held[:cut]))
            del held[:cut]
        return given

    def _piece(self, name: StreamName, text: bytearray) -> LogLine:
        self._begun.add(name)
        return self._line(name, text, partial=True)

    def _line(self, name: StreamName, text: bytes | bytearray, *, partial: bool) -> LogLine:
        return LogLine(
            at=self._at,
            service=self._service,
            run=self.run,
            stream=name,
            text=text.decode("utf-8", "replace"),
            partial=partial,
        )


def _between_characters(text: bytearray, cut: int) -> int:
    """`cut`, or a little before it where it would split a UTF-8 character (RFC 3629: at most 4 bytes)."""
    for place in range(cut, cut - 4, -1):
        if text[place] & 0xC0 != 0x80:
            return place
    return cut
