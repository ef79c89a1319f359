"""The calls on the file system that a safe write is made of, one method each, so that a test can let any of them fail.

Every method raises OSError. Files are created for their owner only and no symbolic link is followed.
"""

import errno
import fcntl
import os
import stat

_PRIVATE = 0o600
_GUARDED = os.O_NOFOLLOW | os.O_CLOEXEC


class Files:
    def read(self, path: str) -> bytes:
        """The whole file. Anything that is not a plain file (a link, a FIFO) is an OSError, and never blocks."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _GUARDED)
        with open(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "is not a plain file", path)
            return file.readall()

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def create(self, path: str) -> int:
        """A descriptor of a new, empty file; FileExistsError if the name is taken."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _GUARDED, _PRIVATE)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data`, however many calls it takes."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def link(self, path: str, name: str) -> None:
        """Give the file a second name, which must be free."""
        os.link(path, name)

    def rename(self, path: str, name: str) -> None:
        os.rename(path, name)

    def remove(self, path: str) -> None:
        """Make the name free; it may be free already."""
        try:
            os.unlink(path)
        except FileNotFoundError:
            return

    def sync_folder(self, path: str) -> None:
        """Make renames in the folder durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock(self, path: str) -> int:
        """A descriptor that holds the lock of `path` until it is closed; BlockingIOError if somebody else has it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _GUARDED, _PRIVATE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor
