"""Pseudo-terminals: made for a service, given a size, typed on. Who reads what comes out of them is the keeper."""

import fcntl
import os
import struct
import termios
from typing import NamedTuple

_WINSIZE = struct.Struct("HHHH")
"""Rows, columns, and two numbers of pixels that nobody uses (ioctl_tty(2))."""
_IUTF8 = 0o40000
"""The eraser takes a character and not a byte (termios(3)); `termios` has no name for it before Python 3.13."""
_INPUT_FLAGS = 0


class Size(NamedTuple):
    rows: int
    columns: int


USUAL = Size(24, 80)
"""Of a DEC VT100, and of every terminal that has not been told another."""


def make(size: Size) -> int:
    """The master of a new terminal of this size, not blocking; the service opens its other side."""
    master, other = os.openpty()
    try:
        modes = termios.tcgetattr(other)
        modes[_INPUT_FLAGS] |= _IUTF8
        termios.tcsetattr(other, termios.TCSANOW, modes)
    finally:
        os.close(other)
    resize(master, size)
    os.set_blocking(master, False)
    return master


def size_of(master: int) -> Size:
    rows, columns, _, _ = _WINSIZE.unpack(fcntl.ioctl(master, termios.TIOCGWINSZ, bytes(_WINSIZE.size)))
    return Size(rows, columns)


def resize(master: int, size: Size) -> None:
    """What runs in the foreground there gets SIGWINCH if that is another size."""
    fcntl.ioctl(master, termios.TIOCSWINSZ, _WINSIZE.pack(size.rows, size.columns, 0, 0))


def type_on(master: int, keys: bytes) -> int:
    """How many of the bytes the terminal took as typed: 0 while the service has not read what was typed before."""
    try:
        return os.write(master, keys)
    except BlockingIOError:
        return 0
