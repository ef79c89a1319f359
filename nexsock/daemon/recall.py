"""What must outlive the brain but not the boot: what was wanted, of which project, and with which environment.

It lies in the runtime folder, private to the user and gone at logout, because the environment may hold secrets. It
is what makes a brain that was killed go on without reading a file that may be broken by now. A file that a killed
process has written stays, so nothing here waits for a disk: the store does that, a moment later.
"""

import contextlib
import os

import msgspec

from nexsock.model import packed
from nexsock.model.project import Project, ProjectRef
from nexsock.model.state import Wants
from nexsock.runtime import files

FILE = "project.msgpack"
WANTS_FILE = "wants.msgpack"


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """`ref` is how the project was named last, without the environment; `watching`: changes apply by themselves."""

    ref: ProjectRef
    project: Project
    environ: dict[str, str]
    watching: bool = False


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    boot_id: str
    wants: Wants


def save(folder: str, remembered: Remembered) -> None:
    """Keep it in the project's runtime folder; nothing is written when nothing changed.

    Raises:
        OSError: the folder cannot be written.
    """
    files.write_atomically(f"{folder}/{FILE}", packed.encode(remembered))


def load(folder: str) -> Remembered | None:
    """What was kept, or None where nothing was or another version of nexsock wrote it."""
    try:
        with open(f"{folder}/{FILE}", "rb") as file:
            return packed.decode(file.read(), Remembered)
    except (OSError, msgspec.DecodeError):
        return None


def drop(folder: str) -> None:
    """Forget it: nothing of the project runs, and nothing is wanted."""
    with contextlib.suppress(OSError):
        os.unlink(f"{folder}/{FILE}")


def save_wants(folder: str, wants: Wants, boot_id: str) -> None:
    """Keep what is wanted before anything is done for it.

    Raises:
        OSError: the folder cannot be written.
    """
    files.write_atomically(f"{folder}/{WANTS_FILE}", packed.encode(_Kept(boot_id=boot_id, wants=wants)))


def drop_wants(folder: str) -> None:
    """Let the store's records count, which may be newer."""
    with contextlib.suppress(OSError):
        os.unlink(f"{folder}/{WANTS_FILE}")


def load_wants(folder: str, boot_id: str) -> Wants | None:
    """What was wanted last in this boot, or None where that is not known: then the store's records count."""
    try:
        with open(f"{folder}/{WANTS_FILE}", "rb") as file:
            kept = packed.decode(file.read(), _Kept)
    except (OSError, msgspec.DecodeError):
        return None
    return kept.wants if kept.boot_id == boot_id else None
