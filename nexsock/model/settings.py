"""The settings of the daemon: their names, where each may be said, and what holds. Text in, text out.

Flags win over variables, variables over `config.yaml`, that over what holds by default.
"""

from collections.abc import Mapping

from msgspec import Struct

from nexsock import units


class Known(Struct, frozen=True, kw_only=True):
    """A setting that there is. `variables` are in the order in which they count; `unset` says what holds by default."""

    name: str
    variables: tuple[str, ...]
    unset: str
    example: str


class Told(Struct, frozen=True, kw_only=True):
    """A value and where it was said: the name of a variable, "file:line:column", or "default", with an empty value."""

    value: str
    origin: str


KNOWN = (
    Known(
        name="database.url",
        variables=("NEXSOCK_DATABASE_URL", "DATABASE_URL"),
        unset="in the state folder",
        example="tinydb:/home/me/state or memory:",
    ),
    Known(name="daemon.idle_timeout", variables=("NEXSOCK_IDLE_TIMEOUT",), unset="never", example="30m or never"),
    Known(
        name="daemon.listen",
        variables=("NEXSOCK_LISTEN",),
        unset="only on the Unix socket",
        example="tcp://127.0.0.1:7070",
    ),
    Known(
        name="plugins.dir",
        variables=("NEXSOCK_PLUGINS_DIR", "PLUGINS_DIR"),
        unset="plugins in the config folder",
        example="/home/me/plugins",
    ),
)
"""In the order in which they are shown. A name is section and key of config.yaml."""

BY_NAME = {known.name: known for known in KNOWN}
NEVER = "never"


def fault(name: str, value: str) -> str | None:
    """What is wrong with a value, as a sentence without full stop, or None."""
    match name:
        case "database.url":
            right = value == "memory:" or value.startswith("tinydb:/")
        case "daemon.idle_timeout":
            right = _is_time(value)
        case "daemon.listen":
            right = value.startswith("tcp://")
        case _:
            right = value.startswith(("/", "~/"))
    return None if right else f"{name} cannot be {value!r}"


def effective(environ: Mapping[str, str], file: Mapping[str, Told]) -> dict[str, Told]:
    """What holds of each setting, by name, in the order of KNOWN.

    A variable does not count where it says something that the setting cannot be: DATABASE_URL may be an application's.

    Args:
        file: what config.yaml says.
    """
    return {known.name: _of(known, environ, file) for known in KNOWN}


def ignored(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable of ours that says something that the setting cannot be."""
    return [
        f"{variable}: {wrong}; write it like {known.example}"
        for known in KNOWN
        for variable in known.variables
        if variable.startswith("NEXSOCK_") and (value := environ.get(variable)) and (wrong := fault(known.name, value))
    ]


def idle_timeout_s(told: Told) -> float | None:
    """Seconds without anything to do after which the daemon ends; None: it never does."""
    return None if told.value in ("", NEVER) else units.parse_duration(told.value)


def _of(known: Known, environ: Mapping[str, str], file: Mapping[str, Told]) -> Told:
    for variable in known.variables:
        if (value := environ.get(variable)) and fault(known.name, value) is None:
            return Told(value=value, origin=variable)
    return file.get(known.name) or Told(value="", origin="default")


def _is_time(text: str) -> bool:
    if text == NEVER:
        return True
    try:
        return units.parse_duration(text) > 0
    except ValueError:
        return False
