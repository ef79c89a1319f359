"""What the place of a command says: which project is meant, and what the terminal can show.

Standard library only, and of it only `os`: the launcher of the hot commands and the full command line both ask here,
so that they always mean the same.
"""

import os

from nexsock import discovery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

UNLIMITED = 0
"""Columns of what is not a terminal."""


def folder(environ: "Mapping[str, str]") -> str:
    """The working folder; of one that is gone its name, which the shell remembers: what is above it may be there."""
    try:
        return os.getcwd()
    except OSError:
        known = environ.get("PWD", "")
        return known if os.path.isabs(known) else "/"


def project(
    cwd: str,
    environ: "Mapping[str, str]",
    *,
    files: "list[str] | tuple[str, ...]" = (),
    name: "str | None" = None,
    directory: "str | None" = None,
    profiles: "list[str] | tuple[str, ...]" = (),
    env_files: "list[str] | tuple[str, ...]" = (),
) -> "dict[str, object] | None":
    """The fields of a model.project.ProjectRef without `environ`, or None when no file is found.

    A name alone means a project that the daemon knows, wherever it lies; with -f or --project-directory it renames
    the project that those find. Named files are relative to `cwd`, as in Compose.
    """
    if name and not files and not directory:
        return {"directory": "", "files": [], "name": name, "profiles": [], "env_files": []}
    start = os.path.realpath(os.path.join(cwd, directory or ""))
    named_by_environ = environ.get("NEXSOCK_FILE", "")
    found = discovery.find(cwd if files or named_by_environ else start, files, named_by_environ)
    if not found:
        return None
    chosen = list(profiles) or [part for part in environ.get("NEXSOCK_PROFILES", "").split(",") if part]
    return {
        "directory": start if directory else os.path.realpath(os.path.dirname(found[0])),
        "files": found,
        "name": name,
        "profiles": chosen,
        "env_files": [os.path.normpath(os.path.join(cwd, path)) for path in env_files],
        "discovered": not files and not named_by_environ,
    }


def colour_wanted(environ: "Mapping[str, str]", is_terminal: bool) -> bool:
    """Colour and cursor movement: only on a terminal that can, and only when nobody said no (no-color.org)."""
    return is_terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def columns(environ: "Mapping[str, str]", descriptor: int, is_terminal: bool) -> int:
    """Width of the terminal, COLUMNS first; UNLIMITED when it is none."""
    if not is_terminal:
        return UNLIMITED
    if (said := environ.get("COLUMNS", "")).isdecimal() and int(said) > 0:
        return int(said)
    try:
        return os.get_terminal_size(descriptor).columns or 80
    except OSError:
        return 80
