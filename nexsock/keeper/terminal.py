"""The keeper's side of a service's terminal: what is written there goes into the FIFO, and from there on as ever.

From the master to the FIFO the bytes go with `splice`, so a keeper that is killed has either moved a byte or left it
for the next one. While any copy of the master is open the service has its terminal; the daemon has one, too, and so
has the holder.
"""

import fcntl
import os

from nexsock.keeper.logfile import CHUNK_BYTES, LogFile
from nexsock.keeper.pump import Stream

_TIOCGPTPEER = 0x5441
"""ioctl_tty(2), since Linux 4.13: opens the side of the service."""
MOST_BYTES = 64 * 1024
"""The most that is moved in one go. The kernel holds less between the two sides: 12 KiB (tty_buffer_set_limit in
drivers/tty/pty.c, N_TTY_BUF_SIZE)."""


class Terminal:
    """Move what comes out of the terminal with this `master`, of which a copy is made, into `stream`.

    Our own descriptor of the other side keeps the terminal as it is when the service has closed all of its for a
    moment: without it the master would be readable for ever, and there would be nothing to read.

    Raises:
        OSError: `master` is not one, or its other side cannot be opened.
    """

    def __init__(self, master: int, stream: Stream) -> None:
        self._stream = stream
        self._master = os.dup(master)
        try:
            os.set_blocking(self._master, False)
            self._other = fcntl.ioctl(self._master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            os.close(self._master)
            raise

    @property
    def path(self) -> str:
        """What the service opens as its input and output; in a new session that makes it its controlling terminal."""
        return os.ttyname(self._other)

    @property
    def log(self) -> LogFile:
        return self._stream.log

    def fileno(self) -> int:
        return self._master

    def move(self) -> int:
        """Move what comes on into the log; the bytes taken, 0 if there were none.

        The kernel gives out a page or two at a time. Going on while the service refills them makes 15 MB/s of 3.
        """
        moved = 0
        while moved < MOST_BYTES and (length := self._shift()):
            self._stream.move()
            moved += length
        return moved

    def drain(self) -> None:
        """Move all that is there at this moment into the log, and no more."""
        self._stream.drain()
        left = MOST_BYTES
        while left > 0 and (length := self._shift()):
            self._stream.drain()
            left -= length

    def _shift(self) -> int:
        """From the master into the FIFO; 0 if there is nothing, or no room."""
        try:
            return os.splice(self._master, self._stream.fileno(), CHUNK_BYTES, flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        for descriptor in (self._other, self._master):
            os.close(descriptor)
