"""The file in fields: a service's configuration value by value, what was wrong with one, and services added."""

import json
import re
from collections.abc import Mapping
from typing import Any

from nexsock import masking
from nexsock.errors import ConfigError, NexsockError
from nexsock.web.api import gather
from nexsock.web.frame import Frame, Page
from nexsock.web.pages import services

SPREAD = frozenset({"environment", "ports", "labels"})
"""Mappings whose entries are fields of their own."""
FIRST = ("description", "command", "working_dir", "ports", "environment", "depends_on", "healthcheck", "restart")
COMMON = ("command", "description", "working_dir", "restart", "environment.NAME", "ports.http", "stop_grace_period")
"""Fields that are offered for a service that does not have them."""
PREFIX = "fields."
_PLAIN = re.compile(r"(?:[A-Za-z/]|\.(?!\d))(?:[\w./ @=+,()-]|:(?=[\w/]))*\Z")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def show_config(frame: Frame, found: gather.Config) -> dict[str, Any]:
    """`fields` in a reader's order; the one that was refused shows what was entered and `problems`."""
    config = found.definition.config
    values = fields(config)
    entered = {name.removeprefix(PREFIX): text for name, text in frame.entered.items() if name.startswith(PREFIX)}
    new = frame.parameters.get("field", "").strip()
    names = list(dict.fromkeys([*values, *entered, *([new] if new else [])]))
    faulty = problems(frame.error)
    return {
        **services.head(found),
        "definition": found.definition,
        "fields": [
            {
                "path": path,
                "value": entered.get(path, values.get(path, "")),
                "origin": found.definition.origins.get(path, ""),
                "masked": masking.MASK in values.get(path, ""),
                "problems": _nearest_first(faulty, found.definition.origins.get(path, "")) if path in entered else [],
                "fresh": path not in values,
            }
            for path in names
        ],
        "common": [path for path in COMMON if path not in values],
        "general": faulty if not entered else [],
    }


def _nearest_first(faulty: list[dict[str, str]], origin: str) -> list[dict[str, str]]:
    """What is wrong with the field itself before what follows from that elsewhere."""
    return sorted(faulty, key=lambda one: one["place"] != origin)


def show_added(frame: Frame, found: gather.Services) -> dict[str, Any]:
    """`entered` by the names of the fields, `problems` of what was refused, and `wrong`, the field that they are of."""
    faulty = problems(frame.error)
    command = any(".command" in one["message"] for one in faulty)
    return {
        "project": found.status.project,
        "entered": frame.entered,
        "problems": faulty,
        "wrong": "command" if command else "service" if faulty else "",
        "names": [one.name for one in found.status.services],
    }


def fields(config: Mapping[str, Any]) -> dict[str, str]:
    """Each field by its path as the YAML that would be written; what people look for first stands first."""
    order = sorted(config, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    found: dict[str, str] = {}
    for name in order:
        value = config[name]
        if name in SPREAD and isinstance(value, dict):
            found.update({f"{name}.{key.replace('.', chr(92) + '.')}": as_yaml(one) for key, one in value.items()})
        elif value not in (None, {}, []):
            found[name] = as_yaml(value)
    return found


def as_yaml(value: Any) -> str:
    """A value as YAML on one line: words as they are, everything else as JSON, which is YAML.

    The value is what has come of variables and references, so a dollar sign in it is one, and is written twice.
    """
    if isinstance(value, str) and _PLAIN.match(value) and value == value.strip() and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")


def problems(error: NexsockError | None) -> list[dict[str, str]]:
    """What is wrong, each with its place and what to do; none without an error."""
    if error is None:
        return []
    found = getattr(error, "problems", ()) if isinstance(error, ConfigError) else ()
    if not found:
        return [{"message": error.message, "advice": error.hint or "", "place": error.origin or ""}]
    return [
        {
            "message": one.message,
            "advice": one.suggestion or "",
            "place": f"{one.file}:{one.line}:{one.column}",
        }
        for one in found
    ]


CONFIG = Page(template="config.html", show=show_config, ask=gather.config)
ADD = Page(template="add.html", show=show_added, ask=gather.service_list)
