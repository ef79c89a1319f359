"""One stream of a service: the FIFO that the service writes to, and the move of its bytes into the log file.

The keeper holds the FIFO open for reading and writing, so it never sees an end of it (a reader without writers
would wake up for ever); the service does the same, so it never sees SIGPIPE when the keeper is gone.
"""

import fcntl
import os
import sys
import termios

from nexsock.keeper import files
from nexsock.keeper.logfile import CHUNK_BYTES, LogFile

LARGE_PIPE_BYTES = 1 << 20
"""The most that an unprivileged user may ask for (pipe-max-size); one user has 64 MiB of it in all, so the FIFO of a
quiet service stays at 64 KiB."""
FULL_READ_BYTES = 48 * 1024
"""A read this large means that the writer was waiting: lines fill the 16 pages of a pipe to about 63 KiB."""


class Stream:
    """Move the bytes of the FIFO at `path` into `log` under the number `stream`.

    Raises:
        OSError: the FIFO cannot be opened.
    """

    def __init__(self, path: str, stream: int, log: LogFile) -> None:
        self.path = path
        self.stream = stream
        self.log = log
        self._large = False
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        return self._descriptor

    def move(self) -> int:
        """Move one chunk; the bytes taken, 0 if there were none."""
        try:
            length = self.log.take(self._descriptor, self.stream)
        except BlockingIOError:
            return 0
        if length >= FULL_READ_BYTES and not self._large:
            self._enlarge()
        return length

    def _enlarge(self) -> None:
        self._large = True
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_SETPIPE_SZ, LARGE_PIPE_BYTES)
        except OSError:
            return  # beyond the user's share: 64 KiB must do

    def drain(self) -> None:
        """Move all that is in the FIFO at this moment, and no more: a flooding descendant cannot hold us here."""
        left = self._readable()
        while left > 0:
            try:
                left -= self.log.take(self._descriptor, self.stream, min(left, CHUNK_BYTES))
            except BlockingIOError:
                return

    def _readable(self) -> int:
        return int.from_bytes(fcntl.ioctl(self._descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)

    def close(self) -> None:
        """Stop reading and remove the FIFO; who still writes to it waits for ever once it is full."""
        os.close(self._descriptor)
        files.remove(self.path)
