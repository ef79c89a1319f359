"""Where TinyDB keeps its document: a file that is replaced whole or not at all, or memory.

The default storage of TinyDB writes over its only copy: killed in the middle it leaves torn text. Here a new version
is a new file that takes the old one's name when it is safely on disk, and the version before stays beside it.

    state.json            header line (magic, format, generation, length, checksum), then one JSON document
    state.json.bak        the version before
    state.json.new        a version on its way; means nothing
    state.json.lock       held with flock by the one process that has the store open
    state.json.corrupt-N  what could not be read, kept for a person to look at
"""

import errno
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import msgspec
from tinydb.storages import Storage

from nexsock import errors
from nexsock.store.files import Files

MAGIC = b"nexsock-state"
FORMAT = 1

Report: TypeAlias = Callable[[str], None]
"""Gets a sentence for the user about something that was wrong and has been dealt with."""
NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""How file systems say that they have no hard links (link(2)); the version before is then copied."""


class Damaged(Exception):
    """The bytes are not a whole version; `str()` says what is wrong, as the end of a sentence."""


def seal(body: bytes, generation: int) -> bytes:
    """The bytes of a file: `body` under a header that lets `unseal` recognise any damage."""
    header = b"%s %d %d %d" % (MAGIC, FORMAT, generation, len(body))
    return b"%s %08x\n%s" % (header, zlib.crc32(body, zlib.crc32(header)), body)


def unseal(content: bytes, path: str = "the state file") -> tuple[bytes, int]:
    """The body and its generation.

    Raises:
        Damaged: torn, overwritten, or never ours.
        StateError: written in a newer format; the file must be left as it is.
    """
    header, newline, body = content.partition(b"\n")
    words = header.split(b" ")
    if not newline or words[0] != MAGIC or len(words) < 2 or not words[1].isdigit():
        raise Damaged("has no header")
    if (found := int(words[1])) > FORMAT:
        raise newer(path, f"format {found}", f"format {FORMAT}")
    if len(words) != 5 or not (words[2].isdigit() and words[3].isdigit()):
        raise Damaged("has a torn header")
    if len(body) != int(words[3]):
        raise Damaged(f"holds {len(body)} bytes of {int(words[3])}")
    if b"%08x" % zlib.crc32(body, zlib.crc32(b" ".join(words[:4]))) != words[4]:
        raise Damaged("does not match its checksum")
    return body, int(words[2])


def newer(path: str, found: str, known: str) -> errors.StateError:
    """The refusal of a file that a later nexsock has written."""
    return errors.StateError(
        f"{path} was written by a newer nexsock ({found}; this one knows {known}) and is left untouched",
        hint="use that nexsock, or take the file back with its 'nexsock db rollback'",
    )


class BodyStorage(Storage):
    """Keeps the encoded document, so that each `read` is a fresh copy and nothing a caller does to it comes back."""

    name = "the state in memory"

    def __init__(self) -> None:
        self.body: bytes | None = None

    def read(self) -> dict[str, dict[str, Any]] | None:
        """The document, by table and row id; None before the first write."""
        return None if self.body is None else msgspec.json.decode(self.body, type=dict[str, dict[str, Any]])

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        self.replace(msgspec.json.encode(data))

    def replace(self, body: bytes) -> None:
        """Make `body`, a whole JSON document, the current version."""
        self.body = body

    def save_copy(self, suffix: str) -> None:
        """Keep the current version under the storage's name and `suffix`, where there is such a place."""


class MemoryStorage(BodyStorage):
    """Nothing on disk: the scheme `memory:`."""


class SafeStorage(BodyStorage):
    """The file at `path`; its folder must exist. Used from one thread at a time."""

    def __init__(self, path: str, *, report: Report, files: Files | None = None) -> None:
        """Lock the file and load it.

        Args:
            path: the file; need not exist yet.
            report: gets a sentence for each thing that was wrong and was mended.
        Raises:
            StateError: another process has it open, a newer nexsock wrote it, or it cannot be opened at all.
        """
        super().__init__()
        self.path = self.name = path
        self.generation = 0
        self._report = report
        self._files = files or Files()
        self._lock = self._take_lock()
        try:
            self._load()
        except BaseException:
            self._files.close(self._lock)
            raise

    def replace(self, body: bytes) -> None:
        """Put a new version in the place of the current one, which stays as `.bak`.

        Raises:
            StateError: the disk refused. File and memory are as they were; the same call may be tried again.
        """
        with self._told():
            self._write_file(self.path + ".new", seal(body, self.generation + 1))
            self._keep_previous()
            self._files.rename(self.path + ".new", self.path)
            self.body, self.generation = body, self.generation + 1
            self._files.sync_folder(os.path.dirname(self.path))

    def save_copy(self, suffix: str) -> None:
        if self.body is not None:
            with self._told():
                self._write_file(self.path + suffix, seal(self.body, self.generation))

    def close(self) -> None:
        """Give the lock free."""
        self._files.close(self._lock)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say which file it was when the disk refuses."""
        try:
            yield
        except OSError as error:
            raise errors.StateError(f"{self.path} cannot be written: {error.strerror}") from error

    def _take_lock(self) -> int:
        try:
            return self._files.lock(self.path + ".lock")
        except BlockingIOError:
            raise errors.StateError(
                f"{self.path} is in use by another process", hint="only the running nexsockd may open it"
            ) from None
        except OSError as error:
            raise errors.StateError(f"{self.path}.lock cannot be opened: {error.strerror}") from error

    def _load(self) -> None:
        """Take the newest version that is whole; a damaged one is set aside and reported."""
        troubles = []
        for path in (self.path, self.path + ".bak"):
            try:
                self.body, self.generation = self._whole(path)
                break
            except FileNotFoundError:
                troubles.append(f"{path} is missing")
            except Damaged as damage:
                troubles.append(f"{path} {damage} and is now {self._set_aside(path)}")
        if self.body is not None and troubles:
            self._report(f"{troubles[0]}: the version before it is used")
        elif any("corrupt" in trouble for trouble in troubles):
            self._report(f"{'; '.join(troubles)}: starting empty")

    def _whole(self, path: str) -> tuple[bytes, int]:
        """The body and generation of a file that can be used."""
        try:
            body, generation = unseal(self._files.read(path), path)
            msgspec.json.decode(body, type=dict[str, dict[str, Any]])
        except FileNotFoundError:
            raise
        except msgspec.MsgspecError as error:
            raise Damaged("holds something else than tables") from error
        except OSError as error:
            raise errors.StateError(f"{path} cannot be read: {error.strerror}") from error
        return body, generation

    def _set_aside(self, path: str) -> str:
        """Rename to the first free `.corrupt-N`; returns that name without its folder."""
        number = 1
        while self._files.exists(name := f"{self.path}.corrupt-{number}"):
            number += 1
        self._files.rename(path, name)
        return os.path.basename(name)

    def _keep_previous(self) -> None:
        """Make the current file also `.bak`. For a moment there is no `.bak`, but then the current file is whole."""
        if self.body is None or not self._files.exists(self.path):
            return
        backup = self.path + ".bak"
        self._files.remove(backup)
        try:
            self._files.link(self.path, backup)
        except OSError as error:
            if error.errno not in NO_HARD_LINKS:
                raise
            self._write_file(backup, seal(self.body, self.generation))

    def _write_file(self, path: str, content: bytes) -> None:
        """A new file at `path`, on disk when this returns; what has the name already is removed."""
        self._files.remove(path)
        descriptor = self._files.create(path)
        try:
            self._files.write(descriptor, content)
            self._files.sync(descriptor)
        finally:
            self._files.close(descriptor)
