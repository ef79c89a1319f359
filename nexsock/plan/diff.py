"""Two versions of a service, field by field, in the file's own words, with what each change costs."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from nexsock import masking
from nexsock.masking import MASK, is_secret, masked
from nexsock.model import packed, ports
from nexsock.model.plan import FieldChange, FieldClass
from nexsock.model.project import Project
from nexsock.model.service import Restart, Service
from nexsock.plan import written

_RECREATE = ("engine", "external")
_IGNORED = ("name", "active", "profiles")
_SHOWN_AS = {
    "stop.signal": "stop_signal",
    "stop.grace_s": "stop_grace_period",
    "stop.command": "stop_command",
    "restart.mode": "restart",
    "restart": "restart_policy",
    "commit": "git.head",
}
_TUNNEL = re.compile(r"tunnels\.(?P<on>.*?)(?:/.*?)?(?P<rest>\.(?:on|port|listen|to|ssh))?")
_NAMED = ("environment.", "labels.", "configs.", "ports.", "depends_on.", "secrets.")
"""What is below these has the names that people gave it."""
_PORT_NUMBER = re.compile(r"(ports\.[^.]+)\.number")


def shown(path: str, value: object) -> str:
    """A value as the file would have it: texts in quotes, no secrets, however deep they are."""
    if is_secret(path):
        return MASK
    said = _masked_deep(written.value(path.rpartition(".")[2], value))
    bare = isinstance(value, (int, float)) and isinstance(said, str)
    return said if bare else packed.to_json(said).decode()


def shown_at(path: str, value: object) -> str:
    """The value of a field. What a service's `secrets` say is where a value comes from, never the value."""
    return shown("" if path.startswith("launch.secrets.") else path, value)


def _short(digest: object) -> str | None:
    """Enough of the digest of a rendering, or of a commit, to see that it is another."""
    return str(digest)[:8] if digest else None


def _masked_deep(value: Any) -> Any:
    """The value without its secrets and without what is not set."""
    if isinstance(value, dict):
        said = {key: item for key, item in value.items() if item not in (None, "", (), [], {})}
        return {key: MASK if is_secret(key) else _masked_deep(item) for key, item in said.items()}
    if isinstance(value, list):
        return [_masked_deep(item) for item in value]
    return masked("", value) if isinstance(value, str) else value


def field_class(path: str) -> FieldClass:
    """What a change of the field costs. Paths are those of `Service`: "launch.ports.http", "healthcheck.interval_s"."""
    root = path.split(".", 1)[0]
    if root == "launch":
        return "restart"
    return "recreate" if root in _RECREATE else "live"


def changes(old: Service, new: Service, project: Project) -> dict[FieldClass, tuple[FieldChange, ...]]:
    """The fields that differ, by class, in the order of the model and then by name. Equal services give {}."""
    found: dict[FieldClass, list[FieldChange]] = {}
    implied = _implied(old, new)
    secret = (*masking.telling(old.launch.environment), *masking.telling(new.launch.environment))
    for path, was, becomes in _differences("", old, new):
        if path.split(".", 1)[0] in _IGNORED or path in implied:
            continue
        name = as_written(path)
        if path.startswith(("launch.configs.", "launch.commit")):
            was, becomes = _short(was), _short(becomes)
        change = FieldChange(
            path=name,
            old=None if was is None else masking.hidden(shown_at(path, was), secret),
            new=None if becomes is None else masking.hidden(shown_at(path, becomes), secret),
            origin=_origin(project, new.name, name, gone=becomes is None),
        )
        found.setdefault(field_class(path), []).append(change)
    return {kind: tuple(listed) for kind, listed in found.items()}


def _origin(project: Project, service: str, field: str, *, gone: bool) -> str | None:
    """Of what is gone, what it stood in: nobody knows any more whether the service had it from elsewhere."""
    return project.origin(f"services.{service}.{field}") if gone else project.origin_of(service, field)


def as_written(path: str) -> str:
    """The path by the names of nexsock.yaml."""
    path = path.removeprefix("launch.")
    if (tunnel := _TUNNEL.fullmatch(path)) is not None:
        return f"depends_on.{tunnel['on']}.tunnel{tunnel['rest'] or ''}"
    for ours, theirs in _SHOWN_AS.items():
        if path == ours or path.startswith(ours + "."):
            path = theirs + path[len(ours) :]
            break
    if (port := _PORT_NUMBER.fullmatch(path)) is not None:
        return port[1]
    return path if path.startswith(_NAMED) else written.word(path)


def _implied(old: Service, new: Service) -> frozenset[str]:
    """The paths of variables that differ because the ports do: who reads of these need not read of them as well."""
    was, becomes = ports.variables(old.launch.ports), ports.variables(new.launch.ports)
    return frozenset(
        f"launch.environment.{name}"
        for name in {*was, *becomes}
        if old.launch.environment.get(name) == was.get(name) and new.launch.environment.get(name) == becomes.get(name)
    )


def _differences(path: str, old: object, new: object) -> Iterator[tuple[str, object, object]]:
    """(path, old, new) of every leaf that differs; a side that has none is None."""
    pairs = _inside(old, new)
    if pairs is None:
        yield path, old, new
        return
    for key, was, becomes in pairs:
        if was != becomes:
            yield from _differences(f"{path}.{key}" if path else key, was, becomes)


def _inside(old: object, new: object) -> list[tuple[str, object, object]] | None:
    """What two values consist of, side by side; None where they are told as wholes."""
    match old, new:
        case Restart(), Restart():
            names = [name for name in Restart.__struct_fields__ if name not in ("mode", "max_attempts")]
            mode = ("mode", written.restart(old), written.restart(new))
            return [mode, *((name, getattr(old, name), getattr(new, name)) for name in names)]
        case msgspec.Struct(), msgspec.Struct() if type(old) is type(new):
            return [(name, getattr(old, name), getattr(new, name)) for name in old.__struct_fields__]
        case dict(), dict():
            return [(key, old.get(key), new.get(key)) for key in dict.fromkeys((*old, *new))]
        case tuple(), tuple() if len(old) == len(new) and all(isinstance(one, msgspec.Struct) for one in (*old, *new)):
            return [(str(place), *both) for place, both in enumerate(zip(old, new, strict=True))]
    return None
