"""Values to the text of a file: env, properties, json, yaml or toml. Returns text; nobody is written to.

env          readable by `. file` in sh and by our own dotenv reader, with the same values
properties   readable by java.util.Properties
yaml         the same values by YAML 1.1 and 1.2 readers
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping

import yaml

from nexsock.config import report, tree
from nexsock.config.node import Node
from nexsock.model.problem import Problem

FORMATS = "env, properties, json, yaml or toml"

Values = Mapping[str, object]

_SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHELL_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_YAML_LINE_ENDS = re.compile("[\x85\u2028\u2029\ufeff]")
"""line ends in YAML 1.1 only; outside double quotes PyYAML writes them as if they were plain"""
_TOML_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Unfit(ValueError):
    """A format cannot say a value: `path` are the keys that lead to it, `str()` is the sentence."""

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        super().__init__(f"'{'.'.join(path)}' {message}")
        self.path = path


def render(format: str, values: Node, problems: list[Problem]) -> str | None:  # noqa: A002 (the key in nexsock.yaml)
    """The file with these values, or None when the format cannot say one of them, which becomes a problem."""
    if not isinstance(values.value, dict):
        report.error(problems, values.origin, "'values' is not a map", "write it as 'NAME: value' lines")
        return None
    said = _as_written if format in ("env", "properties") else Node.plain
    try:
        return _FORMATS[format]({key: said(child) for key, child in values.value.items()})
    except Unfit as unfit:
        place = values
        for key in unfit.path:
            place = place.value.get(key, place) if isinstance(place.value, dict) else place
        report.error(problems, place.origin, str(unfit))
        return None


def _as_written(node: Node) -> object:
    """A number or flag as its own text, so that 1.10 does not become 1.1."""
    return node.text if isinstance(node.value, (int, float)) and node.text is not None else node.plain()


def env(values: Values) -> str:
    """NAME=value lines, quoted where a shell needs it. Flags are true and false, null is the empty text."""
    return "".join(f"{_shell_name(name)}={_shell_word(_flat(name, value))}\n" for name, value in values.items())


def _shell_name(name: str) -> str:
    if not _SHELL_NAME.fullmatch(name):
        raise Unfit((name,), "is not a name that a shell can assign to; use letters, digits and _")
    return name


def _shell_word(text: str) -> str:
    """A word that sh and dotenv read alike.

    Single quotes keep everything but themselves; dotenv readers take a backslash before the closing one for an
    escape. What is left goes into double quotes with the escapes that both know (POSIX sh, 2.2.3).
    """
    if _SHELL_PLAIN.fullmatch(text):
        return text
    if "'" not in text and not text.endswith("\\"):
        return f"'{text}'"
    return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'


def _flat(name: str, value: object) -> str:
    """A scalar as the text that stands in env and properties files."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            raise Unfit((name,), "has values within, which this format cannot say; use json, yaml or toml")
    text = str(value)
    if "\0" in text:
        raise Unfit((name,), "has a NUL character, which no environment can hold")
    return text


def properties(values: Values) -> str:
    """key=value lines in plain ASCII. Source: java.util.Properties, store(OutputStream)."""
    return "".join(f"{_property(name, ' :=')}={_property(_flat(name, value), '')}\n" for name, value in values.items())


def _property(text: str, special: str) -> str:
    escapes = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f", "\\": "\\\\"} | {one: f"\\{one}" for one in special}
    escaped = "".join(escapes.get(one) or (one if " " <= one <= "~" else _utf16(one)) for one in text)
    return f"\\{escaped}" if escaped[:1] in tuple(" #!") else escaped


def _utf16(character: str) -> str:
    encoded = character.encode("utf-16-be").hex().upper()
    return "".join(f"\\u{encoded[at : at + 4]}" for at in range(0, len(encoded), 4))


def json_text(values: Values) -> str:
    """Indented by two, keys in the order of the file."""
    _refuse(
        values,
        (),
        lambda value: isinstance(value, float) and not math.isfinite(value),
        "is a number that json does not have",
    )
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _refuse(value: object, path: tuple[str, ...], is_unfit: Callable[[object], bool], message: str) -> None:
    if is_unfit(value):
        raise Unfit(path, message)
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in entries:
        _refuse(child, (*path, str(key)), is_unfit, message)


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and quotes also what only YAML 1.2 would take for a number or flag."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def _yaml_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(tree.scalar(text), str) else "'"
    if _YAML_LINE_ENDS.search(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _yaml_text)


def yaml_text(values: Values) -> str:
    """In block style, keys in the order of the file."""
    dumped: str = yaml.dump(
        dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=10**6
    )
    return dumped


def toml(values: Values) -> str:
    """Plain values first, then a table for each map within. Source: TOML 1.0.0."""
    _refuse(values, (), lambda value: value is None, "is null, which toml does not have; leave it out")
    _refuse(
        values,
        (),
        lambda value: isinstance(value, int) and not -(2**63) <= value < 2**63,
        "is a larger number than toml has",
    )
    return "\n".join(_toml_table(values, ()))


def _toml_table(values: Values, path: tuple[str, ...]) -> list[str]:
    """Blocks of lines, each with its line ends: the table itself, then those below it."""
    lines = [
        f"{_toml_key(key)} = {_toml_value(value)}\n" for key, value in values.items() if not isinstance(value, dict)
    ]
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    header = f"[{'.'.join(_toml_key(key) for key in path)}]\n" if path and (lines or not tables) else ""
    blocks = [header + "".join(lines)] if header or lines else []
    for key, table in tables.items():
        blocks += _toml_table(table, (*path, key))
    return blocks


def _toml_key(key: str) -> str:
    return key if _TOML_BARE.fullmatch(key) else _toml_string(key)


def _toml_value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case str():
            return _toml_string(value)
        case list():
            return f"[{', '.join(_toml_value(item) for item in value)}]"
        case dict():
            return "{" + ", ".join(f"{_toml_key(key)} = {_toml_value(item)}" for key, item in value.items()) + "}"
    return str(value)


def _toml_string(text: str) -> str:
    """A basic string; JSON's escapes are TOML's, but for DEL, which TOML wants escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


_FORMATS: dict[str, Callable[[Values], str]] = {
    "env": env,
    "properties": properties,
    "json": json_text,
    "yaml": yaml_text,
    "toml": toml,
}
