"""Branch and commit of the git checkout that a folder lies in, read from git's own files without running git.

Source: gitrepository-layout(5); a linked worktree's `.git` is a file that names its folder ("gitdir: …").
"""

import os.path
import re
from collections.abc import Callable
from dataclasses import dataclass, field

_BRANCH = "refs/heads/"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(slots=True)
class Checkout:
    """The checkout around `directory`. `used` is told each file whose content went into an answer.

    `read` gives the text of a file, None where there is none that can be read.
    """

    directory: str
    read: Callable[[str], str | None]
    used: Callable[[str], None]
    _folder: str | None = field(default=None, init=False)

    def folder(self) -> str | None:
        """Where git keeps what belongs to the checkout: HEAD, index and their logs; None outside a checkout."""
        self._folder = self._folder or self._find()
        return self._folder

    def branch(self) -> str | None:
        """The branch that is checked out; None outside a checkout and for a detached head."""
        head = self._head()
        return head.removeprefix(_BRANCH) if head and head.startswith(_BRANCH) else None

    def sha(self) -> str | None:
        """The full id of the commit that is checked out; None outside a checkout and before the first commit."""
        head = self._head()
        if head is None or self._folder is None:
            return None
        if _COMMIT.fullmatch(head):
            return head
        common = os.path.normpath(os.path.join(self._folder, self._text(self._folder + "/commondir") or "."))
        if not _is_ref(head):  # it would lead out of the folder
            return None
        loose = self._text(f"{common}/{head}", use=True)
        found = loose or _packed(self._text(f"{common}/packed-refs", use=True) or "", head)
        return found if found and _COMMIT.fullmatch(found) else None

    def _head(self) -> str | None:
        """The ref or commit in HEAD."""
        folder = self.folder()
        if folder is None:
            return None
        text = self._text(folder + "/HEAD", use=True) or ""
        return text.removeprefix("ref:").strip() or None

    def _find(self) -> str | None:
        """The folder with HEAD in it, of the nearest checkout upward."""
        here = self.directory
        while True:
            if self._text(here + "/.git/HEAD") is not None:
                return here + "/.git"
            if pointer := self._text(here + "/.git"):
                return os.path.normpath(os.path.join(here, pointer.removeprefix("gitdir:").strip()))
            if os.path.dirname(here) == here:
                return None
            here = os.path.dirname(here)

    def _text(self, path: str, *, use: bool = False) -> str | None:
        text = self.read(path)
        if text is None:
            return None
        if use:
            self.used(path)
        return text.strip()


def _is_ref(name: str) -> bool:
    return name.startswith("refs/") and ".." not in name.split("/")


def _packed(text: str, ref: str) -> str | None:
    for line in text.splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return commit
    return None
