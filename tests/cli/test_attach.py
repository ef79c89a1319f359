"""`attach` between a terminal and a daemon that the test plays."""

import contextlib
import io
import queue
import threading

import pytest

from nexsock import errors
from nexsock.cli import keys
from nexsock.cli.attach import Viewing
from nexsock.cli.own_terminal import Ended, Heard
from nexsock.model.state import Exit
from nexsock.model.terminal import TerminalPiece
from nexsock.protocol.api import Nothing, Typed

LIMIT_S = 60


class Terminal:
    """What the person does comes from a queue, what is drawn is kept."""

    def __init__(self):
        self.coming = queue.SimpleQueue()
        self.drawn = b""
        self.waits = queue.SimpleQueue()
        self.columns = 80

    def size(self):
        return 24, self.columns

    def draw(self, output):
        self.drawn += output

    @contextlib.contextmanager
    def raw(self):
        yield

    def wake(self):
        self.coming.put(Heard())

    def wait(self, limit_s):
        self.waits.put(limit_s)
        if limit_s is not None:  # time passes at once
            return Heard() if self.coming.empty() else self.coming.get()
        heard = self.coming.get(timeout=LIMIT_S)
        if isinstance(heard, BaseException):
            raise heard
        return heard

    def type(self, typed):
        self.coming.put(Heard(keys=typed))


class Pieces:
    """A stream that the test feeds: pieces, an error, or None for its end."""

    def __init__(self, *first):
        self._coming = queue.SimpleQueue()
        for piece in first:
            self.put(piece)

    def put(self, piece):
        self._coming.put(piece)

    def __call__(self, _request):
        while (piece := self._coming.get(timeout=LIMIT_S)) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece


FIRST = TerminalPiece(place=6, output=b"ready>")
OVER = TerminalPiece(place=6, run=1, exit=Exit(code=3, at=1.0), over=True)


class Scene:
    def __init__(self, shell):
        self.daemon = shell.daemon
        self.terminal = Terminal()
        self.pieces = Pieces(FIRST)
        self.typed = queue.SimpleQueue()
        self.room = [100] * 100
        shell.answers(attach=self._attach, type_keys=self._take, resize_terminal=Nothing())
        self.err = io.StringIO()
        session = shell.session(io.StringIO(), self.err, terminal=True)
        self.viewing = Viewing(session, "web", self.terminal, keys.Watch(b"\x10\x11"))

    def _attach(self, request):
        return self.pieces(request)

    def _take(self, request):
        taken = min(self.room.pop(0), len(request.keys))
        self.typed.put(request.keys[:taken])
        return Typed(taken=taken)

    def run(self):
        self.viewing.begin()
        return self.viewing.run()

    def begin(self):
        """Run in the background; `end` gives the exit status."""
        self.viewing.begin()
        self._status = []
        self._running = threading.Thread(target=lambda: self._status.append(self.viewing.run()))
        self._running.start()

    def end(self):
        self._running.join(LIMIT_S)
        return self._status[0]


@pytest.fixture
def scene(shell):
    return Scene(shell)


def test_it_draws_until_the_service_rests_and_ends_as_that_did(scene):
    scene.pieces.put(TerminalPiece(place=9, output=b" ls"))
    scene.pieces.put(OVER)
    assert scene.run() == 3
    assert scene.terminal.drawn.startswith(b"ready> ls")
    assert scene.err.getvalue() == "web exited with 3.\n"


def test_what_is_typed_is_typed_there_until_the_detach_keys(scene):
    scene.terminal.type(b"ls\r\x10\x11never")
    assert scene.run() == 0
    assert scene.typed.get(timeout=LIMIT_S) == b"ls\r"
    assert (scene.typed.empty(), scene.err.getvalue()) == (True, "Detached from web; it goes on.\n")


def test_a_key_that_may_begin_the_detach_keys_is_passed_on_when_nothing_follows(scene):
    scene.terminal.type(b"\x10")
    scene.begin()
    assert scene.typed.get(timeout=LIMIT_S) == b"\x10"
    scene.pieces.put(OVER)
    assert scene.end() == 3


def test_what_the_service_has_no_room_for_is_offered_again(scene):
    scene.room[:3] = [2, 0, 100]
    scene.terminal.type(b"abcd")
    scene.begin()
    assert [scene.typed.get(timeout=LIMIT_S) for _ in range(3)] == [b"ab", b"", b"cd"]
    scene.pieces.put(OVER)
    scene.end()


def test_another_size_of_the_window_is_told(scene):
    scene.terminal.columns = 132
    scene.terminal.coming.put(Heard(resized=True))
    scene.terminal.type(b"\x10\x11")
    scene.run()
    (asked,) = scene.daemon.requests("resize_terminal")
    assert (asked.rows, asked.columns) == (24, 132)


def test_ends_starts_and_gaps_are_told_between_the_output(scene):
    for piece in (
        TerminalPiece(place=6, run=1, exit=Exit(code=1, at=1.0)),
        TerminalPiece(place=6, run=2),
        TerminalPiece(place=2_000_000, output=b"new", skipped=1 << 20),
        OVER,
    ):
        scene.pieces.put(piece)
    scene.run()
    told = [line for line in scene.terminal.drawn.decode().split("\r\n") if "──" in line]
    assert [line.split("── ")[1].split(" ──")[0] for line in told] == ["web exited with 1", "run 2", "1.0MiB not shown"]


@pytest.mark.parametrize("end", [None, errors.Unreachable("the daemon is gone")])
def test_another_daemon_is_asked_to_go_on_from_there(scene, end):
    last = scene.pieces
    scene.begin()
    scene.pieces = Pieces(TerminalPiece(place=9, output=b" ok"), OVER)
    last.put(end)
    assert scene.end() == 3
    assert [request.place for request in scene.daemon.requests("attach")] == [None, 6]
    assert b"ready> ok" in scene.terminal.drawn


def test_where_there_is_no_other_daemon_it_is_an_error(scene):
    scene.viewing.begin()
    scene.daemon.runs = False
    scene.pieces.put(None)
    with pytest.raises(errors.NotRunning):
        scene.viewing.run()


def test_a_signal_that_ends_processes_is_the_exit_status(scene):
    scene.terminal.coming.put(Ended(15))
    assert scene.run() == 143


def test_nothing_is_left_of_what_a_program_did_to_the_terminal(scene):
    scene.pieces = Pieces(TerminalPiece(place=9, output=b"\x1b[?1049h\x1b[?25l"))
    scene.terminal.type(b"\x10\x11")
    scene.run()
    assert b"\x1b[?25h\x1b[?1049l" in scene.terminal.drawn


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--json", "attach", "web"), "'attach' is for people"),
        (("attach", "web"), "'attach' needs a terminal to read from and to draw on"),
    ],
)
def test_who_is_no_person_at_a_terminal_is_told_what_to_use(shell, options, complaint):
    ended = shell.run(*options)
    assert ended.status == 2
    assert complaint in ended.err
