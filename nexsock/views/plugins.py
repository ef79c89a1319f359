"""Plugins as people read them."""

from collections.abc import Sequence
from typing import Any

from nexsock.model.plugin import PluginStatus
from nexsock.views import document, style, table

LOOKS = {"loaded": "green", "waiting": "dim", "set_aside": "red", "refused": "red"}


IN_USE = frozenset({"state", "reason", "hint", "calls", "strikes", "last_fault", "last_fault_at", "log"})
"""Keys that say something of a plugin that the daemon has."""


def told(status: PluginStatus, *, in_use: bool = True) -> dict[str, Any]:
    """One plugin in JSON; what it has not is left out."""
    return {
        key: value for key, value in document.plain(status).items() if value != "" and (in_use or key not in IN_USE)
    }


def listed(found: Sequence[PluginStatus], *, colour: bool, columns: int) -> str:
    """One line each, and below them what is wrong with some and what to do about it."""
    if not found:
        return (
            "There are no plugins; 'nexsock plugin new NAME' writes one. Those that nexsock.yaml lists are met with the"
            " first 'up'.\n"
        )
    rows = [_cells(status, colour) for status in found]
    headings = ("NAME", "STATE", "KIND", "ORDER", "FAULTS", "HOOKS")
    told = "".join(_trouble(status, colour) for status in found)
    return table.render(headings, rows, colour=colour, columns=columns) + (f"\n{told}" if told else "")


def _cells(status: PluginStatus, colour: bool) -> list[str]:
    used = status.state != "refused"
    return [
        status.name,
        style.paint(status.state.replace("_", " "), LOOKS[status.state], colour),
        f"{status.kind}, of the project" if status.project else status.kind,
        str(status.priority) if used else "-",
        str(status.strikes) if used else "-",
        ", ".join(status.hooks) or "-",
    ]


def _trouble(status: PluginStatus, colour: bool) -> str:
    """Why a plugin is not in use, or what it did wrong; "" where all is well."""
    if status.state == "loaded" and not status.last_fault:
        return ""
    name = style.paint(status.name, "bold", colour)
    facts = [
        ("why", status.reason),
        ("last fault", f"it {status.last_fault}" if status.last_fault else ""),
        ("without an answer", _without(status) if status.last_fault else ""),
        ("do", status.hint),
        ("file", status.path),
        ("log", status.log),
    ]
    return f"{name}\n{table.pairs(facts, colour=colour)}"


def _without(status: PluginStatus) -> str:
    return "what it is asked about does not happen" if status.on_failure == "closed" else "things happen as they are"


def checked(status: PluginStatus, problems: Sequence[tuple[int | None, str, str | None]], *, colour: bool) -> str:
    """What a plugin says of itself, or each problem with its place: (line, message, hint)."""
    if problems:
        return "".join(
            f"{status.path}{f':{line}' if line else ''}: {message}{f'; {hint}' if hint else ''}\n"
            for line, message, hint in problems
        )
    facts = [
        ("about", status.description),
        ("hooks", ", ".join(status.hooks)),
        ("may", ", ".join(status.capabilities) or "look, and change nothing"),
        ("reads", ", ".join(status.variables)),
        ("order", f"{status.priority} of 0 to 100"),
        ("limit", f"{status.timeout_s:g}s for a call"),
        ("without an answer", _without(status)),
    ]
    good = style.paint(f"{status.name} can be used", "green", colour)
    return f"{good}: {status.kind}, plugin ABI {status.abi}\n{table.pairs(facts, colour=colour)}"
