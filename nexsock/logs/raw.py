"""The bytes that a service wrote, as it wrote them, from any place on; for who draws them on a terminal.

A place is a number: how many bytes the service had written before, in all files, kept or dropped. So it stays what it
is when files are rotated, and another process can go on from it.
"""

from collections.abc import Iterator

from nexsock.logs import files
from nexsock.logs.files import LogFile
from nexsock.logs.history import History

BLOCK_BYTES = 1 << 20


class Raw:
    """Reads one service's log from `place` on, which `read` moves. Close it when done."""

    def __init__(self, folder: str, service: str) -> None:
        self.place = 0
        self._folder = folder
        self._service = service
        self._file: LogFile | None = None
        self._base = 0

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def end(self) -> int:
        """The place behind the last byte."""
        self.close()
        if not self._open(None):
            return 0
        assert self._file is not None
        return self._base + self._file.size

    @property
    def left(self) -> int:
        """How many bytes are there still to be read, as of the last read, in the file that is being read."""
        return 0 if self._file is None else max(0, self._base + self._file.size - self.place)

    def beginning_of(self, run: int) -> int:
        """The place where what a run wrote begins, or where what is kept of it does."""
        history = History(self._folder, self._service)
        try:
            begin, _ = history.of_run(run)
            file = history.file(begin.file)
            base = file.base if file is not None else None
            return 0 if base is None else base + begin.offset
        finally:
            history.close()

    def go_to(self, place: int) -> None:
        """Have `read` go on there."""
        self.close()
        self.place = place

    def read(self, limit: int) -> bytes:
        """The next bytes, `limit` at most; b"" where there are none yet. What is not kept any more is passed over."""
        if self._file is None and not self._open(self.place):
            return b""
        data = self._next(limit)
        if data or not self._is_rotated():
            return data
        data = self._next(limit)  # what came between our look and the rotation
        if not data:
            self.close()
            if self._open(self.place):
                data = self._next(limit)
        return data

    def backward(self, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Blocks between two places, the last one first, each with its place. `read` goes on anywhere afterwards."""
        while end > begin:
            start = max(begin, end - BLOCK_BYTES)
            self.go_to(start)
            block = b""
            while len(block) < end - start and (piece := self.read(end - start - len(block))):
                block += piece
            yield start, block
            end = start

    def _next(self, limit: int) -> bytes:
        assert self._file is not None
        self._file.refresh()
        self._base = self._base if self._file.base is None else self._file.base
        offset = max(0, self.place - self._base)
        data = b"".join(self._file.read(offset, min(self._file.size, offset + limit)))
        if data:
            self.place = self._base + offset + len(data)
        return data

    def _is_rotated(self) -> bool:
        assert self._file is not None
        current = files.current_inode(self._folder, self._service)
        return current not in (None, self._file.identity.inode)

    def _open(self, place: int | None) -> bool:
        """Open the newest file that has this place (None: the newest), else the oldest; False if there is none.

        A file that its index does not tell of yet has nothing that we have been told to read.
        """
        for identity in reversed(files.kept(self._folder, self._service)):
            file = files.open_file(self._folder, self._service, identity)
            if file is None:
                continue
            if file.base is None:
                file.close()
                continue
            self.close()
            self._file, self._base = file, file.base
            if place is None or file.base <= place:
                break
        return self._file is not None
