"""Two versions of a service, field by field, in the file's own words, with what each change costs."""

import re

import msgspec

from nexsock import masking
from nexsock.masking import MASK, is_secret, masked
from nexsock.model import packed
from nexsock.model.plan import FieldChange, FieldClass
from nexsock.model.project import Project
from nexsock.model.service import Service

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
_UNIT = re.compile(r"_(s|bytes)$")


def shown(name: str, value: object) -> str:
    """A value as people see it: quoted text, no secrets, however deep they are."""
    if is_secret(name):
        return MASK
    return f'"{masked(name, value)}"' if isinstance(value, str) else packed.to_json(_masked_deep(value)).decode()


def shown_at(path: str, value: object) -> str:
    """The value of a field. What a service's `secrets` say is where a value comes from, never the value."""
    return shown("" if path.startswith("launch.secrets.") else path, value)


def _short(digest: object) -> str | None:
    """Enough of the digest of a rendering, or of a commit, to see that it is another."""
    return str(digest)[:8] if digest else None


def _masked_deep(value: object) -> object:
    """The value without its secrets and without what is not set."""
    if isinstance(value, dict):
        said = {key: item for key, item in value.items() if item not in (None, "", (), [], {})}
        return {key: MASK if is_secret(key) else _masked_deep(item) for key, item in said.items()}
    if isinstance(value, (list, tuple)):
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
    secret = (*masking.telling(old.launch.environment), *masking.telling(new.launch.environment))
    for path, was, becomes in _differences("", old, new):
        if path.split(".", 1)[0] in _IGNORED:
            continue
        name = as_written(path)
        if path.startswith(("launch.configs.", "launch.commit")):
            was, becomes = _short(was), _short(becomes)
        change = FieldChange(
            path=name,
            old=None if was is None else masking.hidden(shown_at(path, was), secret),
            new=None if becomes is None else masking.hidden(shown_at(path, becomes), secret),
            origin=project.origin(f"services.{new.name}.{name}"),
        )
        found.setdefault(field_class(path), []).append(change)
    return {kind: tuple(listed) for kind, listed in found.items()}


def as_written(path: str) -> str:
    """The path by the names of nexsock.yaml."""
    path = path.removeprefix("launch.")
    if (tunnel := _TUNNEL.fullmatch(path)) is not None:
        return f"depends_on.{tunnel['on']}.tunnel{tunnel['rest'] or ''}"
    for ours, theirs in _SHOWN_AS.items():
        if path == ours or path.startswith(ours + "."):
            path = theirs + path[len(ours) :]
            break
    return path if path.startswith(("environment.", "labels.")) else _UNIT.sub("", path)


def _differences(path: str, old: object, new: object) -> list[tuple[str, object, object]]:
    """(path, old, new) of every leaf that differs; a side that has none is None."""
    if isinstance(old, msgspec.Struct) and type(old) is type(new):
        pairs = [(name, getattr(old, name), getattr(new, name)) for name in old.__struct_fields__]
    elif isinstance(old, dict) and isinstance(new, dict):
        pairs = [(key, old.get(key), new.get(key)) for key in dict.fromkeys((*old, *new))]
    else:
        return [(path, msgspec.to_builtins(old), msgspec.to_builtins(new))]
    found = []
    for key, was, becomes in pairs:
        if was != becomes:
            found += _differences(f"{path}.{key}" if path else key, was, becomes)
    return found
