"""Read `config.yaml`, the settings of the daemon: each value with its place, or every mistake at once."""

import difflib

from nexsock import errors
from nexsock.config import report, source, tree
from nexsock.config.node import Node
from nexsock.model import settings
from nexsock.model.problem import Problem
from nexsock.model.settings import Told


def read(path: str) -> dict[str, Told]:
    """What the file says, by the names of settings; nothing where there is no file.

    Raises:
        ConfigError: with every problem of the file.
    """
    try:
        text = source.read(path)
    except source.Unreadable as refusal:
        if refusal.missing:
            return {}
        raise errors.ConfigError(f"{path} {refusal}", hint=refusal.advice) from refusal
    problems: list[Problem] = []
    document = tree.compose(text, path, problems)
    told = _settings(document, problems) if document is not None else {}
    if problems:
        count = f"{len(problems)} problems" if len(problems) > 1 else str(problems[0])
        raise errors.ConfigError(count, tuple(problems))
    return told


def _settings(document: Node, problems: list[Problem]) -> dict[str, Told]:
    told: dict[str, Told] = {}
    sections = dict.fromkeys(name.partition(".")[0] for name in settings.BY_NAME)
    for section, body in _entries(document, "the file", problems):
        if section not in sections:
            _unknown(document, section, f"there is no section '{section}'", list(sections), problems)
            continue
        keys = [name.partition(".")[2] for name in settings.BY_NAME if name.startswith(section + ".")]
        for key, value in _entries(body, f"section '{section}'", problems):
            name = f"{section}.{key}"
            if name not in settings.BY_NAME:
                _unknown(body, key, f"section '{section}' has no setting '{key}'", keys, problems)
            elif (said := _value(name, value, problems)) is not None:
                told[name] = said
    return told


def _entries(node: Node, what: str, problems: list[Problem]) -> list[tuple[str, Node]]:
    """The keys of a map with their values; a section without any may be empty."""
    if isinstance(node.value, dict):
        return list(node.value.items())
    if node.value is not None:
        report.error(problems, node.origin, f"{what} must be a map")
    return []


def _unknown(around: Node, key: str, message: str, known: list[str], problems: list[Problem]) -> None:
    near = difflib.get_close_matches(key, known, n=1)
    advice = f"did you mean '{near[0]}'?" if near else f"there is {', '.join(known)}"
    report.error(problems, around.keys.get(key, around.origin), message, advice)


def _value(name: str, node: Node, problems: list[Problem]) -> Told | None:
    text = "" if node.value is None else str(node.value)
    wrong = settings.fault(name, text) if not isinstance(node.value, (dict, list)) else f"{name} must be a text"
    if wrong is not None:
        report.error(problems, node.origin, wrong, f"write it like {settings.BY_NAME[name].example}")
        return None
    return Told(value=text, origin=str(node.origin))
