"""What plugins print, kept in a file of bounded size each.

The pipe is read after each call and never in between, as much as it holds and no more: so a plugin that floods waits
for itself, and its time limit ends that.
"""

import os

PIPE_BYTES = 64 * 1024
FILE_LIMIT_BYTES = 256 * 1024
LAST_BYTES = 2048


class Prints:
    """The reading end of a plugin's pipe, and the log at `path` that what comes goes to; "" keeps only the last part.

    A log that has grown over its limit becomes `path`.1, and a new one is begun.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._last = b""

    @property
    def last_line(self) -> str:
        """The last that it said and that is not empty."""
        lines = self._last.decode(errors="replace").strip().splitlines()
        return lines[-1].strip()[:500] if lines else ""

    def take(self, descriptor: int) -> None:
        """Keep what the pipe holds now. A log that cannot be written is done without."""
        try:
            data = os.read(descriptor, PIPE_BYTES)
        except BlockingIOError:
            return
        if not data:
            return
        self._last = (self._last + data)[-LAST_BYTES:]
        if self._path:
            try:
                _append(self._path, data)
            except OSError:
                self._path = ""  # a full disk costs a log and nothing else


def _append(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, data)
        grown = os.fstat(descriptor).st_size > FILE_LIMIT_BYTES
    finally:
        os.close(descriptor)
    if grown:
        os.replace(path, path + ".1")
