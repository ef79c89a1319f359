"""Write small files whole or not at all."""

import contextlib
import os


def write_atomically(path: str, content: bytes, mode: int = 0o600) -> bool:
    """Make the file hold exactly this; whether anything had to change.

    A file that already holds it keeps its inode and time. Otherwise a temporary file beside it takes its place, so
    that a reader sees the old content or the new one.

    Raises:
        OSError: the folder is missing, full or not writable; the old file is untouched.
    """
    with contextlib.suppress(OSError), open(path, "rb") as file:
        if file.read(len(content) + 1) == content and os.fstat(file.fileno()).st_mode & 0o777 == mode:
            return False
    folder, name = os.path.split(path)
    temporary = f"{folder}/.{name}.{os.getpid()}.new"
    with contextlib.suppress(FileNotFoundError):  # of a process that had our pid and was killed
        os.unlink(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return True
