"""`attach`: this terminal becomes that of a service, until it is detached or the service rests.

One thread draws what comes over a conversation of its own; the main one reads keys and asks the daemon to type them.
Both go on with the next daemon when theirs is replaced.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from typing import Annotated, Protocol

import typer
from msgspec import Struct

from nexsock import errors, units
from nexsock.cli import arguments, keys, own_terminal
from nexsock.cli.connection import Connection
from nexsock.cli.session import Session
from nexsock.model.state import Exit
from nexsock.model.terminal import TerminalPiece
from nexsock.protocol.api import AttachRequest, ResizeRequest, Typed, TypeRequest
from nexsock.views import screen

HELD_S = 0.5
"""How long a key that may begin the detach keys waits for the next one."""
FULL_S = 0.05
"""When to offer keys again that the service's terminal had no room for."""
WAITING_KEYS = 64 * 1024
STUCK_S = 1.0
"""How long to wait for a terminal that takes nothing more before it is left as it is."""
AGAIN_S = 0.1
"""Pause before another daemon is asked, when one has ended the stream."""

app = typer.Typer(rich_markup_mode=None)


@app.command()
def attach(
    context: typer.Context,
    service: arguments.Service,
    detach_keys: Annotated[
        str, typer.Option("--detach-keys", metavar="KEYS", help="Typed to leave: such as ctrl-],q")
    ] = keys.DETACH,
) -> int:
    """Look at the terminal of a service with `tty: true`, and type on it.

    Begins with the last screenful. Several may be attached: the terminal is as large as the smallest of theirs.
    It goes on over restarts, and ends with the service's exit code when the service rests.
    """
    session: Session = context.obj
    if session.options.json:
        raise errors.UsageError("'attach' is for people", hint=f"use 'nexsock --json logs -f {service}'")
    if session.answers is None:
        raise errors.UsageError(
            "'attach' needs a terminal to read from and to draw on",
            hint=f"'nexsock logs -f {service}' shows the output anywhere",
        )
    watch = keys.Watch(keys.parse(detach_keys))
    terminal = own_terminal.OwnTerminal(session.answers.fileno(), session.out.fileno())
    viewing = Viewing(session, service, terminal, watch)
    viewing.begin()
    if not session.options.quiet:
        session.tell(f"Attached to {service}; {detach_keys.replace(',', ' ')} leaves it as it is.\n")
    return viewing.run()


class Terminal(Protocol):
    """What is used of own_terminal.OwnTerminal."""

    def size(self) -> tuple[int, int]: ...
    def draw(self, output: bytes) -> None: ...
    def raw(self) -> AbstractContextManager[None]: ...
    def wake(self) -> None: ...
    def wait(self, limit_s: float | None) -> own_terminal.Heard: ...


class Viewing:
    """One look at a service's terminal. Call `begin`, then `run`."""

    def __init__(self, session: Session, service: str, terminal: Terminal, watch: keys.Watch) -> None:
        self._session = session
        self._service = service
        self._terminal = terminal
        self._watch = watch
        self._project = session.project()
        self._viewer = os.urandom(9).hex()
        self._place: int | None = None
        self._connection: Connection
        self._pieces: Iterator[TerminalPiece]
        self._first: TerminalPiece
        self._drawing = threading.Lock()
        self._modes = screen.Modes()
        self._left = threading.Event()
        self._over: TerminalPiece | errors.NexsockError | None = None
        self._replaced = False
        """the daemon of both conversations has ended"""
        self._waiting = b""

    def begin(self) -> None:
        """Attach.

        Raises:
            UsageError, NotFound: the service has no terminal, or does not run.
        """
        self._attach(self._session.open())
        self._first = next(self._pieces)

    def _attach(self, connection: Connection) -> None:
        rows, columns = self._terminal.size()
        wanted = AttachRequest(
            project=self._project,
            service=self._service,
            viewer=self._viewer,
            rows=rows,
            columns=columns,
            place=self._place,
        )
        self._connection, self._pieces = connection, connection.stream("attach", wanted)

    def run(self) -> int:
        """Draw and type until one side has enough; the exit status."""
        drawing = threading.Thread(target=self._follow, daemon=True)
        try:
            with self._terminal.raw():
                try:
                    drawing.start()
                    self._type_until_over()
                finally:
                    self._leave()
        except own_terminal.Ended as ended:
            return ended.exit_status
        return self._ended()

    def _leave(self) -> None:
        """Nothing is drawn any more, and the terminal is as it was before anything was."""
        self._left.set()
        if self._drawing.acquire(timeout=STUCK_S):
            self._terminal.draw(self._modes.leaving() + b"\r\n")
            self._drawing.release()

    def _ended(self) -> int:
        match self._over:
            case None:
                self._tell(f"Detached from {self._service}; it goes on.\n")
                return 0
            case TerminalPiece(exit=Exit() as found):
                self._tell(f"{self._service} {found}.\n")
                return 1 if found.code is None else found.code
            case TerminalPiece():
                self._tell(f"{self._service} rests.\n")
                return 1
            case error:
                raise error

    def _tell(self, text: str) -> None:
        if not self._session.options.quiet:
            self._session.tell(text)

    # ------------------------------------------------------------------------------------- the keyboard

    def _type_until_over(self) -> None:
        while self._over is None:
            heard = self._terminal.wait(self._patience())
            if heard.resized:
                self._resize()
            passed, leaves = self._watch.feed(heard.keys)
            if not heard.keys and self._watch.held:
                passed = self._watch.release()
            self._type(passed)
            if leaves or heard.closed:
                return

    def _patience(self) -> float | None:
        if self._waiting:
            return FULL_S
        return HELD_S if self._watch.held else None

    def _type(self, typed: bytes) -> None:
        """Offer the keys; what there is no room for waits, and what cannot wait is refused with a bell."""
        self._waiting += typed
        if not self._waiting:
            return
        wanted = TypeRequest(project=self._project, service=self._service, keys=self._waiting)
        taken = self._ask("type_keys", wanted)
        self._waiting = self._waiting[taken.taken :] if isinstance(taken, Typed) else b""
        if len(self._waiting) > WAITING_KEYS:
            self._waiting = self._waiting[:WAITING_KEYS]
            self._draw(b"\a")

    def _resize(self) -> None:
        rows, columns = self._terminal.size()
        wanted = ResizeRequest(
            project=self._project, service=self._service, viewer=self._viewer, rows=rows, columns=columns
        )
        self._ask("resize_terminal", wanted)

    def _ask(self, operation: str, request: Struct) -> object:
        """The answer; None where the daemon ended before it came, and nobody knows whether it was done."""
        if self._replaced:
            self._replaced = False
            self._session.close()
        try:
            self._session.connect_only()
            return self._session.call(operation, request)
        except errors.Unreachable:
            self._session.close()
            return None

    # --------------------------------------------------------------------------------------- the screen

    def _follow(self) -> None:
        """Draw what comes, from one daemon after the other."""
        try:
            self._show(self._first)
            while True:
                with suppress(errors.Unreachable):
                    for piece in self._pieces:
                        self._show(piece)
                        if piece.over:
                            return
                self._attach_again()
        except errors.NexsockError as error:
            self._over = error
        except Exception as error:  # a thread that dies in silence would leave the terminal raw
            self._over = errors.NexsockError(f"nexsock met a fault of its own: {error!r}")
        finally:
            self._terminal.wake()

    def _attach_again(self) -> None:
        """Go on where the last daemon ended.

        Raises:
            Unreachable: there is no other.
        """
        self._replaced = True
        self._connection.close()
        self._left.wait(AGAIN_S)
        self._attach(self._session.open(start=False))

    def _show(self, piece: TerminalPiece) -> None:
        self._place = piece.place
        if piece.over:
            self._over = piece
        elif piece.output:
            skipped = f"{units.format_size(piece.skipped)} not shown" if piece.skipped else ""
            self._draw(_note(skipped) + piece.output)
        elif piece.exit is not None:
            self._draw(self._modes.leaving() + _note(f"{self._service} {piece.exit}"))
        elif piece.run is not None:
            self._draw(self._modes.leaving() + _note(f"run {piece.run}"))

    def _draw(self, output: bytes) -> None:
        with self._drawing:
            if not self._left.is_set():
                self._modes.feed(output)
                self._terminal.draw(output)


def _note(text: str) -> bytes:
    return f"\r\n\x1b[2m── {text} ──\x1b[0m\r\n".encode() if text else b""
