"""What must outlive the brain but not the boot: the last good project and the environment it was brought up with.

It lies in the runtime folder, private to the user and gone at logout, because the environment may hold secrets. It
is what makes a brain that was killed go on without reading a file that may be broken by now.
"""

import contextlib
import os

import msgspec

from nexsock.model.project import Project, ProjectRef
from nexsock.runtime import files

FILE = "project.msgpack"


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """`ref` is how the project was named last, without the environment; `watching`: changes apply by themselves."""

    ref: ProjectRef
    project: Project
    environ: dict[str, str]
    watching: bool = False


def save(folder: str, remembered: Remembered) -> None:
    """Keep it in the project's runtime folder; nothing is written when nothing changed.

    Raises:
        OSError: the folder cannot be written.
    """
    files.write_atomically(f"{folder}/{FILE}", msgspec.msgpack.encode(remembered))


def load(folder: str) -> Remembered | None:
    """What was kept, or None where nothing was or another version of nexsock wrote it."""
    try:
        with open(f"{folder}/{FILE}", "rb") as file:
            return msgspec.msgpack.decode(file.read(), type=Remembered)
    except (OSError, msgspec.DecodeError):
        return None


def drop(folder: str) -> None:
    """Forget it: nothing of the project runs, and nothing is wanted."""
    with contextlib.suppress(OSError):
        os.unlink(f"{folder}/{FILE}")
