"""Who may have written a plugin: nobody but the user. Looks at files, and opens none of them.

The rule is that of sshd for its keys (StrictModes in sshd_config(5)): the file, the folder that plugins are taken from
and every folder between the two belong to the user, and nobody else can write to them.
"""

import os
import stat

_WHAT = {stat.S_IFREG: "file", stat.S_IFDIR: "folder"}


class Distrusted(Exception):
    """Somebody else may have written it, or it is not what it seems; `hint` is what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def check(path: str, root: str, owners: frozenset[int]) -> str:
    """Where the file really lies, when nobody but the owners can have written it.

    Args:
        root: the folder that it has to be in, also where it is a link.
    Raises:
        Distrusted: somebody else can, or it is no file in there.
        OSError: it cannot be looked at.
    """
    real, inside = os.path.realpath(path), os.path.realpath(root)
    if os.path.commonpath((real, inside)) != inside or real == inside:
        raise Distrusted(f"{path} leads out of {root}", f"put the file itself into {root}")
    _check_one(real, stat.S_IFREG, owners)
    folder = os.path.dirname(real)
    while True:
        _check_one(folder, stat.S_IFDIR, owners)
        if folder == inside:
            return real
        folder = os.path.dirname(folder)


def _check_one(path: str, kind: int, owners: frozenset[int]) -> None:
    found = os.lstat(path)
    if stat.S_IFMT(found.st_mode) != kind:
        raise Distrusted(f"{path} is not a {_WHAT[kind]}", "move it away")
    if found.st_uid not in owners:
        raise Distrusted(f"{path} belongs to user {found.st_uid}", "copy it, so that it is yours")
    if found.st_mode & 0o022:
        raise Distrusted(f"{path} can be written by others", f"run 'chmod go-w {path}'")
