"""A service's log file and its rotation: the one writer of it.

Bytes come from a FIFO with `splice` to an offset that only this object moves, so a keeper that is killed between
any two instructions has either moved a byte or left it in the FIFO.

A full disk stops nobody: the oldest file of the log is dropped for what is new, and the index states how much it was.
What cannot be written all the same is read, counted and stated, and the next chunk is tried again.
"""

import errno
import os
import time

from nexsock.keeper import files, wire
from nexsock.keeper.index import Index, bytes_before

CHUNK_BYTES = 1 << 20
"""Most that one move takes, so that one flooding service cannot hold the loop: about 0.5 ms."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""How a disk says that there is no room, for anybody or for this user."""
WORTH_BYTES = 64 * 1024
"""A current file smaller than this is not dropped for what is new: it would not help."""


class LogFile:
    """The log of one run. Files and folder are made (mode 0600, 0700) with the first `take` or `flush`, not before:
    making them costs a third of a spawn. A silent service holds none open: each spawn copies every open descriptor.
    """

    def __init__(self, log_path: str, index_path: str, max_size: int, max_files: int, run: int) -> None:
        self.log_path = log_path
        self.index_path = index_path
        self.max_size = max_size
        self.max_files = max_files
        self.run = run
        self.size = 0
        """Bytes in the current file: where the next chunk goes."""
        self._log = -1
        self._index: Index | None = None
        self._inode = 0
        self._size_at_open = 0
        self._rotate_at = self._file_size = max_size
        self._began_ns = 0
        self._marked = False
        self._lost = 0
        self._dropped = 0
        self._devnull = -1

    def retain(self, max_size: int, max_files: int) -> None:
        """Keep so much from now on; what is too much by this goes with the next rotation."""
        self.max_size, self.max_files = max_size, max_files
        self._rotate_at = self._file_size = max_size

    def begin_run(self) -> None:
        """The run begins now; its separator goes into the index with the first flush."""
        self._began_ns = time.time_ns()

    def take(self, fifo: int, stream: int, limit: int = CHUNK_BYTES) -> int:
        """Move what is in the FIFO now, `limit` bytes at most, to the end of the file; the bytes taken from the FIFO.

        Raises:
            BlockingIOError: the FIFO is empty.
        """
        while True:
            try:
                return self._move(fifo, stream, limit)
            except BlockingIOError:
                raise
            except OSError as error:
                if error.errno not in FULL or not self._drop_oldest():
                    return self._lose(fifo, limit)

    def _move(self, fifo: int, stream: int, limit: int) -> int:
        index = self._ready()
        length = os.splice(fifo, self._log, limit, offset_dst=self.size, flags=os.SPLICE_F_NONBLOCK)
        index.add(self.size, length, stream)
        self.size += length
        return length

    def _ready(self) -> Index:
        """The index, with the files open and room in them.

        Somebody may have emptied the log: what comes at the old offset would leave a hole, and look well afterwards.
        """
        if self._index is None or os.fstat(self._log).st_size < self.size:
            return self._open()
        if 0 < self._rotate_at <= self.size:
            self.rotate()
        return self._index

    def _lose(self, fifo: int, limit: int) -> int:
        if self._devnull < 0:
            self._devnull = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        length = os.splice(fifo, self._devnull, limit, flags=os.SPLICE_F_NONBLOCK)
        if self._index is None:
            self._lost += length
        else:
            self._index.add(self.size, length, wire.STREAM_UNKNOWN, wire.FLAG_LOST)
        return length

    def _drop_oldest(self) -> bool:
        """Make room by removing the oldest file of this log; whether there was one to remove.

        Where the current one is all there is, it goes as well, and those after it are a quarter of its size: the next
        time less has to go at once.
        """
        numbers = [number for number in range(1, self.max_files) if os.path.exists(_numbered(self.log_path, number))]
        try:
            if not numbers and not self._begin_anew():
                return False
            path = _numbered(self.log_path, max(numbers, default=1))
            dropped = _size(path)
            files.remove(path)
            files.remove(_numbered(self.index_path, max(numbers, default=1)))
        except OSError:
            return False
        self._say_dropped(dropped)
        return True

    def _begin_anew(self) -> bool:
        """Make the current file number 1, if that would help on a full disk."""
        if self.size < WORTH_BYTES:
            return False
        if self.max_files > 1:
            self._file_size = max(WORTH_BYTES, self.size // 4)
        self.flush()
        make_room(self.log_path, self.index_path, max(2, self.max_files))
        self._open()
        return True

    def _say_dropped(self, length: int) -> None:
        if self._index is None:
            self._dropped += length
        else:
            self._index.add(self.size, length, wire.STREAM_UNKNOWN, wire.FLAG_LOST | wire.FLAG_OLDEST)

    def flush(self) -> None:
        """Write the index records; first look whether somebody took the file away or emptied it."""
        try:
            if self._index is None or self._taken_away():
                self._open()
        except OSError:
            if self._index is None:
                return  # tried again with the next byte
        if self._index:
            self._index.flush(self.size)
            if self.size == self._size_at_open and not self._index.waiting:
                self._close_files()

    def _taken_away(self) -> bool:
        try:
            found = os.stat(self.log_path)
        except FileNotFoundError:
            return True
        return found.st_ino != self._inode or found.st_size < self.size

    def _open(self) -> Index:
        """Open what the paths name now, in the place of what was open; on an error that stays."""
        index = Index(files.open_made(self.index_path, os.O_RDWR), self.run)
        try:
            if index.is_new:
                finish_step(self.log_path, self.index_path, 0)
            log = files.open_made(self.log_path, os.O_WRONLY)
        except OSError:
            index.close()
            raise
        self._close_files()
        found = os.fstat(log)
        self._log, self._inode, self.size = log, found.st_ino, found.st_size
        self._size_at_open = self.size
        self._rotate_at = self._file_size
        self._index = index
        self._write_marks(index)
        return index

    def _write_marks(self, index: Index) -> None:
        starts = not self._marked and (self._began_ns or index.is_new or index.last_run != self.run)
        if index.is_new:
            index.begin(bytes_before(self.index_path + ".1", self.log_path + ".1"))
        index.fit(self.size)
        if starts:
            index.add(self.size, 0, wire.STREAM_UNKNOWN, wire.FLAG_RUN, self._began_ns)
        if self._lost:
            index.add(self.size, self._lost, wire.STREAM_UNKNOWN, wire.FLAG_LOST)
        if self._dropped:
            index.add(self.size, self._dropped, wire.STREAM_UNKNOWN, wire.FLAG_LOST | wire.FLAG_OLDEST)
        self._marked, self._lost, self._dropped = True, 0, 0

    def close(self) -> None:
        """Write what waits and close the files."""
        self.flush()
        self._close_files()
        if self._devnull >= 0:
            os.close(self._devnull)
        self._devnull = -1

    def _close_files(self) -> None:
        if self._index:
            self._index.close()
            os.close(self._log)
        self._index, self._log = None, -1

    def rotate(self) -> None:
        """Rename this file and its index to number 1, and so on, and begin a new one.

        Where that is refused the file simply grows on; it is tried again after another `max_size` bytes.
        """
        self.flush()
        try:
            make_room(self.log_path, self.index_path, self.max_files)
            self._open()
        except OSError:
            self._rotate_at = self.size + self._file_size


def make_room(log_path: str, index_path: str, max_files: int) -> None:
    """Shift the numbers up to the first free one, or drop the last and what is beyond it; the current names are free
    then.

    Of each pair the index is renamed first. A keeper that is killed between the two leaves a log whose index is one
    number ahead; the next call, or the next opening, finishes that step. What is dropped loses its log first: a log
    without an index would not tell a reader what is missing before it.
    """
    for number in range(1, max_files - 1):
        if not os.path.exists(_numbered(index_path, number)):
            finish_step(log_path, index_path, number)
    surplus = max_files
    while os.path.exists(_numbered(log_path, surplus)):
        _drop(log_path, index_path, surplus)
        surplus += 1
    free = next((n for n in range(1, max_files) if not os.path.exists(_numbered(log_path, n))), max_files)
    if free == max_files:
        free = max_files - 1
        _drop(log_path, index_path, free)
    for number in range(free, 0, -1):
        for path in (index_path, log_path):
            files.rename(_numbered(path, number - 1), _numbered(path, number))


def _drop(log_path: str, index_path: str, number: int) -> None:
    for path in (log_path, index_path):
        files.remove(_numbered(path, number))


def finish_step(log_path: str, index_path: str, number: int) -> None:
    """Rename the log of this number after its index, if a killed keeper has only renamed the index."""
    after = number + 1
    if os.path.exists(_numbered(index_path, after)) and not os.path.exists(_numbered(log_path, after)):
        files.rename(_numbered(log_path, number), _numbered(log_path, after))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _numbered(path: str, number: int) -> str:
    return f"{path}.{number}" if number else path
