"""From changed paths to what they touch: the project's own files, the watch rules of services, the inputs of oneshots.

Pure: what a path is, a file or a folder, is not looked at.
"""

import functools
import re
from collections.abc import Collection, Iterable

from msgspec import Struct

from nexsock.model.project import Project
from nexsock.model.service import Service, WatchRule

IGNORED = (
    ".git", ".hg", ".svn", ".jj",
    "node_modules", "__pycache__", ".venv", ".tox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".cache",
    ".idea", ".vscode", ".DS_Store",
    "*.pyc", "*.swp", "*.swx", "*~", ".#*", "#*#", "4913", "*.tmp", ".nexsock*",
)  # fmt: skip
"""Never a reason to act: version control, caches, what editors leave while they save (4913 is vim's test file)."""


INPUTS = WatchRule(path="")
"""Stands for the inputs of a oneshot where a hit names its rule."""

_SET = re.compile(r"\[[^]/]+]")
_MAGIC = re.compile(r"[*?[]")


class Hit(Struct, frozen=True, kw_only=True):
    """A changed path that a rule of a service is about; `shown` is relative to the project where it can be."""

    service: str
    rule: WatchRule
    path: str
    shown: str


class Impact(Struct, frozen=True, kw_only=True):
    """`files`: paths that the project itself is made of; one hit for each rule that applies, by its first path, and one
    in `inputs` for each oneshot that reads one of the paths."""

    files: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    inputs: tuple[Hit, ...] = ()


def impact(project: Project, paths: Iterable[str], names: Collection[str] = ()) -> Impact:
    """What these changed absolute paths touch.

    Args:
        names: of files that are part of the project as soon as they appear in its folder (an override file).
    """
    changed = sorted(paths)
    watched = {*project.watched, *(f"{project.directory}/{name}" for name in names)}
    hits, inputs = [], []
    for service in project.services.values():
        for rule in service.watch:
            path = next((path for path in changed if applies(rule, path)), None)
            if path is not None:
                hits.append(Hit(service=service.name, rule=rule, path=path, shown=_shown(project, path)))
        path = next((path for path in changed if _is_read(service, path)), None)
        if path is not None:
            inputs.append(Hit(service=service.name, rule=INPUTS, path=path, shown=_shown(project, path)))
    return Impact(files=tuple(path for path in changed if path in watched), hits=tuple(hits), inputs=tuple(inputs))


def _is_read(service: Service, path: str) -> bool:
    """Whether a oneshot reads a path, as far as names can tell: a set in a glob stands for any letter here."""
    if not service.oneshot or any(never(name) for name in path.split("/")):
        return False
    return any(matches(_SET.sub("?", pattern), path) for pattern in service.inputs)


def folders(project: Project) -> dict[str, bool]:
    """The folders to watch, and whether with everything below them."""
    found = {_above(path): False for path in project.watched}
    for service in project.services.values():
        for rule in service.watch:
            found[rule.path] = True
            if rule.path != project.directory:  # it may be made, moved away, or replaced
                found.setdefault(_above(rule.path), False)
        for pattern in service.inputs if service.oneshot else ():
            folder, deep = _around(pattern)
            found[folder] = deep or found.get(folder, False)
            if folder != project.directory:
                found.setdefault(_above(folder), False)
    return found


def _around(pattern: str) -> tuple[str, bool]:
    """The folder in which everything lies that a glob is about, and whether that may be further below in it."""
    parts = pattern.split("/")
    plain = next((number for number, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    rest = parts[plain:]
    return "/".join(parts[:plain]) or "/", len(rest) != 1 or rest == ["**"]


def _above(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def applies(rule: WatchRule, path: str) -> bool:
    """Whether a changed path concerns the rule: at or below its path, included, and not ignored."""
    if path != rule.path and not path.startswith(rule.path.rstrip("/") + "/"):
        return False
    relative = path[len(rule.path) :].lstrip("/") or path.rpartition("/")[2]
    if any(matches(pattern, relative) for pattern in (*IGNORED, *rule.ignore)):
        return False
    return not rule.include or any(matches(pattern, relative) for pattern in rule.include)


def never(name: str) -> bool:
    """Whether a file or folder of this name, and what is below it, is never a reason to act."""
    return any(matches(pattern, name) for pattern in IGNORED)


def matches(pattern: str, relative: str) -> bool:
    """Whether a glob names this path or a folder above it.

    `*` and `?` stay within a name, `**` crosses folders. A pattern without a slash may name any part of the path, as
    in .gitignore; a trailing slash means the folder and everything in it.
    """
    return _expression(pattern).fullmatch(relative) is not None


@functools.lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    trimmed = pattern.removeprefix("./").rstrip("/")
    body = "".join(_piece(piece) for piece in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", trimmed))
    anywhere = "" if "/" in trimmed else "(?:.*/)?"
    return re.compile(f"{anywhere}{body}(?:/.*)?", re.DOTALL)


def _piece(piece: str) -> str:
    match piece:
        case "**/":
            return "(?:.*/)?"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
    return re.escape(piece)


def _shown(project: Project, path: str) -> str:
    return path.removeprefix(project.directory.rstrip("/") + "/")
