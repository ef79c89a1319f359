"""What people see who look at a terminal, how large it is, and what becomes of what they type."""

import asyncio
from contextlib import aclosing

import pytest
from msgspec.structs import replace

from nexsock import errors
from nexsock.daemon import viewers
from nexsock.daemon.bus import Bus
from nexsock.daemon.output import Output
from nexsock.daemon.viewers import Viewers
from nexsock.keeper import wire
from nexsock.model.event import Event
from nexsock.model.project import ProjectRef
from nexsock.model.state import Exit, Record
from nexsock.model.terminal import TerminalPiece
from nexsock.protocol.api import AttachRequest
from nexsock.runtime.terminal import Size

CODE = Exit(code=3, at=1.0)


class Growth:
    """Wakes everybody when the test says so."""

    def __init__(self):
        self._waiting = set()

    async def begin(self, instances, grown):
        self._waiting.add(grown)

    def leave(self, grown):
        self._waiting.discard(grown)

    def tell(self):
        for grown in self._waiting:
            grown.set()


class Terminals:
    """Remembers the sizes and the keys."""

    def __init__(self):
        self.sizes = []
        self.keys = b""

    async def resize(self, service, run, size):
        self.sizes.append(size)

    async def type(self, run, keys):
        self.keys += keys
        return len(keys)


class Stage:
    """A service named web with a terminal, whose log and record the test writes."""

    def __init__(self, folder, service, run):
        self.web = replace(service, launch=replace(service.launch, tty=True))
        self._folder = folder
        self._run = run
        self.growth, self.terminals, self.bus = Growth(), Terminals(), Bus()
        self.wanted = True
        output = Output(str(folder), self.growth, lambda services: [])
        self.viewers = Viewers(
            str(folder),
            output,
            self.terminals,
            record=lambda name: self.record,
            wanted=lambda name: self.wanted,
            hide=lambda text: text.replace("s3cret", "***"),
        )
        with (folder / "web.idx").open("wb") as index:
            for flag in (wire.FLAG_BASE, wire.FLAG_RUN):
                index.write(wire.index_record(0, 1, 0, 1, wire.STREAM_UNKNOWN, flag))
        (folder / "web.log").touch()
        self.is_in("running")

    def is_in(self, phase, number=1, **fields):
        """The service is in this phase now, with this run."""
        self.record = Record(name="web", phase=phase, applied=self.web, run=self._run(number, **fields))
        self.bus.emit(Event(at=1.0, seq=0, project="shop-1", kind="phase", service="web", phase=phase))

    def begin_run(self, number):
        """Have what is written from now on be that of a run, as the keeper has it."""
        offset = (self._folder / "web.log").stat().st_size
        with (self._folder / "web.idx").open("ab") as index:
            index.write(wire.index_record(offset, 1, 0, number, wire.STREAM_UNKNOWN, wire.FLAG_RUN))

    def write(self, data):
        with (self._folder / "web.log").open("ab") as log:
            log.write(data)
        self.growth.tell()

    async def look(self, viewer="a", rows=24, columns=80, place=None):
        request = AttachRequest(
            project=ProjectRef(), service="web", viewer=viewer, rows=rows, columns=columns, place=place
        )
        with self.bus.subscribe() as happenings:
            async with aclosing(self.viewers.view(self.web, request, happenings)) as pieces:
                async for piece in pieces:
                    yield piece


@pytest.fixture
def stage(tmp_path, service, run):
    return Stage(tmp_path, service("web"), run)


async def taken(pieces):
    async with asyncio.timeout(60):
        return await anext(pieces)


async def test_who_begins_to_look_sees_the_last_screenful_and_then_what_comes(stage):
    stage.write(b"".join(b"%d\r\n" % number for number in range(100)))
    async with aclosing(stage.look(rows=3)) as pieces:
        assert (await taken(pieces)).output == b"98\r\n99\r\n"
        stage.write(b"more")
        assert (await taken(pieces)).output == b"more"


async def test_secrets_are_not_shown_and_other_bytes_are_as_they_were(stage):
    stage.write(b"is s3cret \xff")
    async with aclosing(stage.look()) as pieces:
        assert (await taken(pieces)).output == b"is *** \xff"


async def test_a_screen_that_a_program_has_for_itself_is_entered_and_drawn_anew(stage):
    stage.write(b"before\r\n\x1b[?1049h\x1b[?25l" + b"drawn " * 20_000)
    async with aclosing(stage.look(rows=24)) as pieces:
        assert (await taken(pieces)).output == b"\x1b[?1049h\x1b[?25l"
    assert stage.terminals.sizes == [Size(24, 80), Size(23, 80), Size(24, 80)]


async def test_who_lost_the_daemon_goes_on_where_it_was(stage):
    stage.write(b"seen")
    async with aclosing(stage.look()) as pieces:
        place = (await taken(pieces)).place
    stage.write(b" and not seen")
    async with aclosing(stage.look(place=place)) as pieces:
        assert await taken(pieces) == TerminalPiece(place=17, output=b" and not seen")


async def test_who_is_far_behind_goes_on_with_the_newest_and_is_told(stage):
    async with aclosing(stage.look()) as pieces:
        await taken(pieces)
        stage.write(b"old\n" * 500_000 + b"new\n")
        piece = await taken(pieces)
    assert piece.output.endswith(b"old\nnew\n")
    assert (len(piece.output) <= viewers.NEWEST_BYTES, piece.skipped + len(piece.output)) == (True, 2_000_004)


async def test_ends_and_starts_are_told_after_all_output(stage):
    async with aclosing(stage.look()) as pieces:
        await taken(pieces)
        stage.write(b"last words")
        stage.is_in("backoff", exit=CODE)
        assert (await taken(pieces)).output == b"last words"
        assert await taken(pieces) == TerminalPiece(place=10, run=1, exit=CODE)
        stage.is_in("running", 2)
        assert await taken(pieces) == TerminalPiece(place=10, run=2)


async def test_a_run_is_told_before_the_first_that_it_wrote_and_after_the_last_of_the_one_before(stage):
    async with aclosing(stage.look()) as pieces:
        await taken(pieces)
        stage.write(b"last words")
        stage.begin_run(2)
        stage.write(b"first words")
        stage.is_in("running", 2)
        told = [await taken(pieces) for _ in range(3)]
    assert told == [
        TerminalPiece(place=10, output=b"last words"),
        TerminalPiece(place=10, run=2),
        TerminalPiece(place=21, output=b"first words"),
    ]


@pytest.mark.parametrize(("phase", "wanted"), [("completed", True), ("failed", True), ("stopped", False)])
async def test_when_the_service_rests_the_look_is_over(stage, phase, wanted):
    async with aclosing(stage.look()) as pieces:
        await taken(pieces)
        stage.wanted = wanted
        stage.is_in(phase, exit=CODE)
        told = [piece async for piece in pieces]
    assert told == [TerminalPiece(place=0, run=1, exit=CODE), TerminalPiece(place=0, run=1, exit=CODE, over=True)]


async def test_a_service_that_is_about_to_be_started_again_is_looked_at_on(stage):
    async with aclosing(stage.look()) as pieces:
        await taken(pieces)
        stage.is_in("stopped", exit=CODE)
        await taken(pieces)
        stage.is_in("starting", 2)
        assert (await taken(pieces)).run == 2


async def test_the_terminal_is_as_large_as_the_smallest_and_stays_so_when_the_last_one_leaves(stage):
    async with aclosing(stage.look("a", 30, 70)) as first:
        await taken(first)
        async with aclosing(stage.look("b", 20, 90)) as second:
            await taken(second)
            await stage.viewers.resize("web", "b", Size(25, 60))
            await stage.viewers.resize("web", "nobody", Size(1, 1))
    assert stage.terminals.sizes == [Size(30, 70), Size(20, 70), Size(25, 60), Size(30, 70)]


async def test_what_is_typed_goes_to_the_terminal(stage):
    assert await stage.viewers.type("web", b"ls\r") == 3
    assert stage.terminals.keys == b"ls\r"


@pytest.mark.parametrize("phase", ["stopped", "blocked", "completed"])
async def test_what_does_not_run_cannot_be_looked_at(stage, phase):
    stage.is_in(phase)
    with pytest.raises(errors.NotFound, match=f"'web' is {phase}, not running"):
        await taken(stage.look())


async def test_what_has_no_terminal_cannot_be_looked_at(stage):
    stage.web = replace(stage.web, launch=replace(stage.web.launch, tty=False))
    with pytest.raises(errors.UsageError, match="'web' has no terminal; give it 'tty: true'"):
        await taken(stage.look())


async def test_what_was_started_without_a_terminal_has_to_be_restarted_first(stage):
    plain = replace(stage.web, launch=replace(stage.web.launch, tty=False))
    stage.record = replace(stage.record, applied=plain)
    with pytest.raises(errors.UsageError, match="'web' was started without a terminal; run 'nexsock up -d web'"):
        await taken(stage.look())
