"""The terminal that a command was given in: every key as it is typed, and as it was before, whatever happens."""

from __future__ import annotations

import os
import select
import signal
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NamedTuple

READ_BYTES = 4096
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
HEARD = (signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP)


class Ended(BaseException):
    """A signal asks this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_status = 128 + number


class Heard(NamedTuple):
    """What has come: keys that were typed, another size of the window, the end of what is typed."""

    keys: bytes = b""
    resized: bool = False
    closed: bool = False


class OwnTerminal:
    """Reads keys from one descriptor and draws on another; both lead to the same terminal."""

    def __init__(self, reading: int, drawing: int) -> None:
        self._reading = reading
        self._drawing = drawing
        self._woken, self._waking = -1, -1
        self._before: list[Any] = []

    def size(self) -> tuple[int, int]:
        """Rows and columns; 24 and 80 where the terminal does not say."""
        try:
            found = os.get_terminal_size(self._drawing)
        except OSError:
            return 24, 80
        return found.lines or 24, found.columns or 80

    def draw(self, output: bytes) -> None:
        """Draw it as it is; nothing where the terminal is gone."""
        rest = memoryview(output)
        with suppress(OSError):
            while rest:
                rest = rest[os.write(self._drawing, rest) :]

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Have every key as it is typed. However this is left, by a signal too, the terminal is as it was.

        Raises:
            Ended: a signal came that ends processes.
        """
        self._before = termios.tcgetattr(self._reading)
        handlers = {number: signal.getsignal(number) for number in (*ENDING, *HEARD)}
        self._woken, self._waking = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            for number in ENDING:
                signal.signal(number, _end)
            for number in HEARD:
                signal.signal(number, _hear)
            signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
            tty.setraw(self._reading)
            yield
        finally:
            for number in ENDING:
                signal.signal(number, signal.SIG_IGN)
            signal.set_wakeup_fd(-1)
            with suppress(termios.error, OSError):
                termios.tcsetattr(self._reading, termios.TCSAFLUSH, self._before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            woken, waking = self._woken, self._waking
            self._woken = self._waking = -1
            os.close(woken)
            os.close(waking)

    def wake(self) -> None:
        """Have `wait` return; from another thread."""
        with suppress(OSError):
            os.write(self._waking, b"\0")

    def wait(self, limit_s: float | None) -> Heard:
        """What comes first, or nothing within the limit or after `wake`."""
        ready, _, _ = select.select([self._reading, self._woken], [], [], limit_s)
        resized = self._woken in ready and self._heed(os.read(self._woken, READ_BYTES))
        if self._reading not in ready:
            return Heard(resized=resized)
        try:
            keys = os.read(self._reading, READ_BYTES)
        except OSError:  # the terminal is gone
            keys = b""
        return Heard(keys=keys, resized=resized, closed=not keys)

    def _heed(self, numbers: bytes) -> bool:
        """Whether one of these signals says that the size may be another."""
        if signal.SIGTSTP in numbers:
            self._pause()
        return signal.SIGWINCH in numbers or signal.SIGCONT in numbers

    def _pause(self) -> None:
        """Stop, as SIGTSTP asks, with the terminal as it is for everybody else meanwhile."""
        raw = termios.tcgetattr(self._reading)
        termios.tcsetattr(self._reading, termios.TCSADRAIN, self._before)
        os.kill(os.getpid(), signal.SIGSTOP)
        termios.tcsetattr(self._reading, termios.TCSADRAIN, raw)


def _end(number: int, _frame: FrameType | None) -> None:
    raise Ended(number)


def _hear(_number: int, _frame: FrameType | None) -> None:
    """The wakeup descriptor says the rest."""
