"""Who looks at the terminals of a project's services: what they see, how large that is, and what they type.

What they see is read from the log, into which the keeper puts every byte anyway: so a viewer that stalls holds up
neither the service nor anybody else, and one that has lost the daemon goes on where it was.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgspec.structs import replace

from nexsock import errors
from nexsock.daemon.bus import Subscription
from nexsock.daemon.output import Output
from nexsock.engines.terminals import Terminals
from nexsock.logs.raw import Raw
from nexsock.model.service import Service
from nexsock.model.state import Record
from nexsock.model.terminal import TerminalPiece
from nexsock.protocol.api import AttachRequest
from nexsock.runtime.terminal import Size
from nexsock.views import screen

PIECE_BYTES = 16 * 1024
BEHIND_BYTES = 1 << 20
"""A viewer that is further behind than this goes on with the newest: else Ctrl-C would seem to do nothing while
everything that was written before it is still drawn."""
NEWEST_BYTES = 64 * 1024
AROUND_BYTES = 4096
"""Before a program switches to the other screen it may ask for the mouse and the like."""
REDRAW_S = 0.05
"""How long a program sees another size before it gets its own back: twice at once would be none to it."""


class Viewers:
    """Those of one project.

    Args:
        record: what is known of a service now.
        wanted: whether a service that rests would be started by itself.
        hide: keeps secrets out of a text; one that is drawn in several pieces is not known for one.
    """

    def __init__(
        self,
        logs_dir: str,
        output: Output,
        terminals: Terminals,
        *,
        record: Callable[[str], Record],
        wanted: Callable[[str], bool],
        hide: Callable[[str], str],
    ) -> None:
        self._logs_dir = logs_dir
        self._output = output
        self._terminals = terminals
        self._record = record
        self._wanted = wanted
        self._hide = hide
        self._sizes: dict[str, dict[str, Size]] = {}

    async def type(self, service: str, keys: bytes) -> int:
        """How many of the keys were taken."""
        run = self._record(service).run
        return len(keys) if run is None else await self._terminals.type(run, keys)

    async def resize(self, service: str, viewer: str, size: Size) -> None:
        """A viewer has another size; one that has left has none."""
        if viewer in (sizes := self._sizes.get(service, {})):
            sizes[viewer] = size
            await self._fit(service)

    async def view(
        self, service: Service, request: AttachRequest, happenings: Subscription
    ) -> AsyncGenerator[TerminalPiece, None]:
        """What the terminal of a service shows, from the last screenful or the asked place on, until it rests.

        Args:
            happenings: the events of all projects.
        Raises:
            UsageError: it has no terminal. NotFound: it does not run.
        """
        name = service.name
        seen = self._record(name)
        if request.place is None:
            _check(service, seen)
        raw = Raw(self._logs_dir, name)
        async with self._looking(name, request), _waking(self._output, name, happenings) as grown:
            try:
                if request.place is None:
                    yield self._veiled(await self._last_screenful(raw, name, request.rows))
                else:
                    raw.go_to(request.place)
                async for piece in self._pieces_to_come(raw, seen, grown):
                    yield self._veiled(piece)
            finally:
                raw.close()

    async def _pieces_to_come(self, raw: Raw, seen: Record, grown: asyncio.Event) -> AsyncIterator[TerminalPiece]:
        while True:
            await self._output.listen(grown)
            record = self._record(seen.name)  # first: all that an ended run has written comes before its end
            next_run = _next_run(seen, record)
            border = None if next_run is None else await asyncio.to_thread(raw.beginning_of, next_run)
            while piece := _next(raw, border):
                yield piece
            for piece in _told(seen, record, raw.place):
                yield piece
            seen = record
            if next_run is not None:  # what it has written by now comes behind the notice of it
                continue
            if not record.alive and self._rests(record):
                yield _last(record, raw.place)
                return
            await grown.wait()

    def _veiled(self, piece: TerminalPiece) -> TerminalPiece:
        text = piece.output.decode("utf-8", "surrogateescape")
        hidden = self._hide(text)
        return piece if hidden == text else replace(piece, output=hidden.encode("utf-8", "surrogateescape"))

    def _rests(self, record: Record) -> bool:
        return record.phase in ("completed", "failed") or not self._wanted(record.name)

    async def _last_screenful(self, raw: Raw, name: str, rows: int) -> TerminalPiece:
        run = self._record(name).run
        number = run.number if run is not None else 0
        modes, text = await asyncio.to_thread(_shown, raw, number)
        if modes.on_other_screen:
            await self._redraw(name)
            text = b""
        return TerminalPiece(place=raw.place, output=modes.entering() + screen.screenful(text, rows))

    async def _redraw(self, name: str) -> None:
        """Have a program that has the whole screen draw it once more."""
        size = self._smallest(name)
        await self._terminals.resize(name, self._record(name).run, size._replace(rows=max(1, size.rows - 1)))
        await asyncio.sleep(REDRAW_S)
        await self._fit(name)

    @asynccontextmanager
    async def _looking(self, name: str, request: AttachRequest) -> AsyncIterator[None]:
        sizes = self._sizes.setdefault(name, {})
        sizes[request.viewer] = Size(request.rows, request.columns)
        try:
            await self._fit(name)
            yield
        finally:
            del sizes[request.viewer]
            await self._fit(name)

    async def _fit(self, name: str) -> None:
        """As large as the smallest viewer's; as it was, when the last one has left."""
        if self._sizes.get(name):
            await self._terminals.resize(name, self._record(name).run, self._smallest(name))

    def _smallest(self, name: str) -> Size:
        sizes = self._sizes[name].values()
        return Size(min(size.rows for size in sizes), min(size.columns for size in sizes))


def _check(service: Service, record: Record) -> None:
    if not service.launch.tty:
        raise errors.UsageError(f"'{service.name}' has no terminal", hint="give it 'tty: true'")
    if not record.alive and record.phase != "backoff":
        raise errors.NotFound(
            f"'{service.name}' is {record.phase}, not running", hint=f"see 'nexsock why {service.name}'"
        )
    if record.applied is not None and not record.applied.launch.tty:
        raise errors.UsageError(
            f"'{service.name}' was started without a terminal", hint=f"run 'nexsock up -d {service.name}'"
        )


@asynccontextmanager
async def _waking(output: Output, name: str, happenings: Subscription) -> AsyncIterator[asyncio.Event]:
    """An event that is set when a service writes, or something happens to it."""
    with output.following((name,)) as grown:

        async def wake() -> None:
            async for event in happenings:
                if event.service in (None, name):
                    grown.set()

        waking = asyncio.create_task(wake(), name=f"wake the viewers of {name}")
        try:
            yield grown
        finally:
            waking.cancel()


def _next(raw: Raw, border: int | None) -> TerminalPiece | None:
    """The next piece of output before the border, if there is one; the newest, where there is too much before it."""
    before = raw.place
    limit = PIECE_BYTES if border is None else min(PIECE_BYTES, border - before)
    output = raw.read(limit) if limit > 0 else b""
    if not output:
        return None
    if raw.left <= BEHIND_BYTES:
        return TerminalPiece(place=raw.place, output=output)
    raw.go_to(raw.end() - NEWEST_BYTES)
    output = raw.read(NEWEST_BYTES).partition(b"\n")[2]
    return TerminalPiece(place=raw.place, output=output, skipped=raw.place - len(output) - before)


def _next_run(seen: Record, record: Record) -> int | None:
    """The number of the run that has begun since."""
    if record.run is None or seen.run is None or record.run.number == seen.run.number:
        return None
    return record.run.number


def _told(seen: Record, record: Record, place: int) -> list[TerminalPiece]:
    """What became of the run that was seen: it has ended, or another has begun."""
    if record.run is None or seen.run is None:
        return []
    if record.run.number != seen.run.number:
        return [TerminalPiece(place=place, run=record.run.number)]
    if record.run.exit is not None and seen.run.exit is None:
        return [TerminalPiece(place=place, run=record.run.number, exit=record.run.exit)]
    return []


def _last(record: Record, place: int) -> TerminalPiece:
    """The service rests."""
    run = record.run
    if run is None:
        return TerminalPiece(place=place, over=True)
    return TerminalPiece(place=place, run=run.number, exit=run.exit, over=True)


def _shown(raw: Raw, run: int) -> tuple[screen.Modes, bytes]:
    """What the run's terminal is like, and the last of what it wrote; `raw` goes on behind that."""
    begin, end = raw.beginning_of(run), raw.end()
    modes = screen.Modes()
    switched = _last_switch(raw, begin, end)
    tail = max(begin, end - NEWEST_BYTES)
    if switched is not None:
        modes.feed(_between(raw, max(begin, switched - AROUND_BYTES), min(switched + AROUND_BYTES, tail)))
    text = _between(raw, tail, end)
    modes.feed(text)
    raw.go_to(end)
    return modes, text


def _last_switch(raw: Raw, begin: int, end: int) -> int | None:
    """The place where the run last switched screens."""
    overlap = b""
    for start, block in raw.backward(begin, end):
        found = (block + overlap).rfind(screen.SWITCH)
        if found >= 0:
            return start + found
        overlap = block[: len(screen.SWITCH) - 1]
    return None


def _between(raw: Raw, begin: int, end: int) -> bytes:
    return b"".join(block for _, block in reversed([*raw.backward(begin, end)]))
