"""Which files make the project of a folder. Names only: nothing is opened, and nothing but `os.path` is asked.

Standard library only, because the launcher of the hot commands uses it too.
Source: docs/reference.md, "Which file is used".
"""

import os

TYPE_CHECKING = False  # see places
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FILE_NAMES = ("nexsock.yaml", "nexsock.yml")
OVERRIDE_NAMES = ("nexsock.override.yaml", "nexsock.override.yml")
NAMES = (*FILE_NAMES, *OVERRIDE_NAMES)


def find(
    start: str,
    named: "Sequence[str]" = (),
    environ_file: str = "",
    is_file: "Callable[[str], bool]" = os.path.isfile,
) -> list[str]:
    """Absolute paths of the project's files, first the main one; empty when there is none.

    Args:
        start: an absolute folder; its parents are searched upward when nothing is named.
        named: what `-f` gave, in order; relative to `start`. Replaces everything else.
        environ_file: the value of NEXSOCK_FILE: paths joined by ":"; used when `named` is empty.
    """
    chosen = list(named) or [part for part in environ_file.split(":") if part]
    if chosen:
        return [os.path.normpath(os.path.join(start, part)) for part in chosen]
    folder = start
    while True:
        for name in FILE_NAMES:
            if is_file(main := os.path.join(folder, name)):
                overrides = [os.path.join(folder, override) for override in OVERRIDE_NAMES]
                return [main, *[path for path in overrides if is_file(path)][:1]]
        parent = os.path.dirname(folder)
        if parent == folder:
            return []
        folder = parent
