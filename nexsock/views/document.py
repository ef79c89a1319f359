"""The JSON documents that programs rely on. Their shapes are in docs/json.md; a test holds both together."""

from typing import Any

import msgspec

from nexsock.errors import NexsockError
from nexsock.model import packed
from nexsock.model.edit import EditStatus
from nexsock.model.plan import Plan
from nexsock.model.status import DaemonStatus, Outcome, PlanStatus, ProjectStatus, ServiceDetail
from nexsock.views import ps, times

VERSION = 1

RENAMED = {"from_": "from", "field_class": "class"}
"""Keys whose names are words of Python."""

MACHINE_ONLY = frozenset({"until"})
"""Monotonic times: they mean nothing outside the daemon."""

NAMED_BY_USERS = frozenset({"ports", "environment"})
"""Maps whose keys are the user's: they are shown as they are."""


def text(document: dict[str, Any]) -> str:
    """One document for a command that gives one, indented, with its newline."""
    return msgspec.json.format(_encode(document), indent=2).decode() + "\n"


def line(document: dict[str, Any]) -> str:
    """One document of a stream, on one line."""
    return _encode(document).decode() + "\n"


def _encode(document: dict[str, Any]) -> bytes:
    assert "version" not in document, "the version of the document stands under this key"
    return packed.to_json({"version": VERSION, **document})


def plain(value: object) -> Any:
    """A noun as JSON values: None left out, times as RFC 3339, keys under their public names."""
    return _public(msgspec.to_builtins(value))


def _public(value: Any) -> Any:
    match value:
        case dict():
            return {
                RENAMED.get(key, key): _member(key, child)
                for key, child in value.items()
                if child is not None and key not in MACHINE_ONLY
            }
        case list() | tuple():
            return [_public(child) for child in value]
        case _:
            return value


def _member(key: str, value: Any) -> Any:
    if isinstance(value, float) and (key in ("at", "since") or key.endswith("_at")):
        return times.rfc3339(value)
    return value if key in NAMED_BY_USERS else _public(value)


def status(found: ProjectStatus, everything: bool = True) -> dict[str, Any]:
    """`ps`, `kill`, `watch`."""
    return {"project": plain(found.project), "services": plain(ps.listed(found, everything))}


def detail(found: ServiceDetail) -> dict[str, Any]:
    """`status SERVICE`: the keys of the service's line in `ps` and those of the page, on one level."""
    page: dict[str, Any] = plain(found)
    return {**page.pop("service"), **page}


def plan(found: PlanStatus) -> dict[str, Any]:
    """`plan`."""
    around = {} if found.project is None else {"project": plain(found.project)}
    said = {"warnings": plain(found.warnings), "plugins": plain(found.plugins), "notes": plain(found.notes)}
    return {**around, "digest": found.digest, **_steps(found.plan), **said}


def _steps(found: Plan) -> dict[str, Any]:
    return {
        "changes": found.changes,
        "steps": plain(found.steps),
        "holds": plain(found.holds),
        "skips": plain(found.skips),
    }


def edit(found: EditStatus) -> dict[str, Any]:
    """`add`, `remove`, `config update`, `dependency add|remove`."""
    steps = {} if found.plan is None else _steps(found.plan)
    return {**{key: value for key, value in plain(found).items() if key != "plan"}, **steps}


def outcome(found: Outcome) -> dict[str, Any]:
    """`up`, `start`, `restart`, `stop`, `down`, `wait`."""
    document: dict[str, Any] = plain(found)
    return document


def daemon(found: DaemonStatus) -> dict[str, Any]:
    """`daemon status`; the daemon's own version is under `nexsock`."""
    document: dict[str, Any] = plain(found)
    return {"nexsock": document.pop("version"), **document}


def error(found: NexsockError) -> dict[str, Any]:
    """Any command that could not do its work. A broken configuration lists its problems too."""
    said = {"code": found.code, "message": found.message, "hint": found.hint, "origin": found.origin}
    listed = getattr(found, "problems", ())
    return {
        "error": {key: value for key, value in said.items() if value is not None},
        **({"problems": plain(listed)} if listed else {}),
    }
