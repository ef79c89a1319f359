"""A value of the model as nexsock.yaml would have it: 5s and not 5.0, a command without the shell that it got. Pure."""

from typing import Any

import msgspec

from nexsock import units
from nexsock.model.probe import Healthcheck
from nexsock.model.service import DEFAULT_SHELL, Port, Restart

_COMMANDS = ("command", "test")


def value(field: str, given: object) -> Any:
    """The value as builtins, without what is so anyway.

    Args:
        field: its name in the model, the last one of its path: "interval_s".
    """
    match given:
        case Port(protocol="tcp", env=None):
            return given.number
        case Healthcheck():
            return _healthcheck(given)
        case msgspec.Struct():
            return {word(name): value(name, item) for name, item in _said(given)}
        case dict():
            return {name: value("", item) for name, item in given.items()}
        case (*shell, str(line)) if field in _COMMANDS and tuple(shell) == DEFAULT_SHELL:
            return line
        case tuple() | list():
            return [value("", item) for item in given]
        case int() | float() if field.endswith("_s"):
            return units.write_duration(given)
        case int() if field.endswith("_bytes"):
            return units.write_size(given)
    return given


def word(field: str) -> str:
    """The name of a field without the unit that the model puts behind it."""
    return field.removesuffix("_s").removesuffix("_bytes")


def restart(policy: Restart) -> str:
    """`on-failure:3`."""
    return policy.mode if policy.max_attempts is None else f"{policy.mode}:{policy.max_attempts}"


def _said(struct: msgspec.Struct) -> list[tuple[str, object]]:
    """The fields that are not as they would be without a word."""
    return [
        (field.name, item)
        for field in msgspec.structs.fields(struct)
        if (item := getattr(struct, field.name)) != field.default and item not in ((), {}, [], "")
    ]


def _healthcheck(probe: Healthcheck) -> dict[str, object]:
    """With the field that says its kind first."""
    rest = {word(name): value(name, item) for name, item in _said(probe) if name not in _KIND_FIELDS}
    match probe.kind:
        case "http":
            return {"http": probe.url, **rest}
        case "tcp":
            return {"tcp": f"{probe.host}:{probe.port}" if probe.host else probe.port, **rest}
        case "log":
            return {"log": probe.pattern, **rest}
        case "test":
            return {"test": value("test", probe.test), **rest}
    return {probe.kind: True, **rest}


_KIND_FIELDS = ("kind", "url", "host", "port", "pattern", "test")
