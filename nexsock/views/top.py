"""What services use, as a table: the busiest first, everything together last."""

from nexsock import units
from nexsock.model.status import ServiceUsage, Usage
from nexsock.views import style, table

NOTHING = "-"
HOME, TO_LINE_END, TO_SCREEN_END = "\x1b[H", "\x1b[K", "\x1b[J"
"""ECMA-48 8.3.21 (CUP), 8.3.41 (EL), 8.3.39 (ED)."""
CLEAR = "\x1b[2J"


def render(found: Usage, *, colour: bool, columns: int, rows: int = 0) -> str:
    """The table. `rows` limits it to the height of a terminal; 0 is unlimited."""
    if not found.services:
        return "No service runs.\n"
    order = sorted(found.services, key=lambda one: (-one.cpu_percent, -one.memory_bytes))
    shown = order[: max(rows - 3, 1)] if rows else order
    cells = [_cells(one, colour) for one in shown]
    if len(shown) < len(order):
        cells.append([f"… and {len(order) - len(shown)} more", *[""] * 7])
    if len(order) > 1:
        cells.append(_total(order))
    headings = ["NAME", "STATE", "CPU", found.memory.upper(), "PROCESSES", "THREADS", "FILES", "LISTENS ON"]
    return table.render(headings, cells, colour=colour, columns=columns)


def in_place(text: str) -> str:
    """The text for a terminal that shows an earlier one: written over it, so that nothing flickers."""
    return HOME + text.replace("\n", TO_LINE_END + "\n") + TO_SCREEN_END


def _cells(one: ServiceUsage, colour: bool) -> list[str]:
    state = style.phase(one.phase, colour)
    if not one.processes:
        return [one.name, state, *[NOTHING] * 5, NOTHING]
    return [
        one.name,
        state,
        f"{one.cpu_percent:.1f}%",
        units.format_size(one.memory_bytes),
        str(one.processes),
        str(one.threads),
        str(one.descriptors),
        ", ".join(map(str, one.listening)) or NOTHING,
    ]


def _total(services: list[ServiceUsage]) -> list[str]:
    return [
        "total",
        "",
        f"{sum(one.cpu_percent for one in services):.1f}%",
        units.format_size(sum(one.memory_bytes for one in services)),
        str(sum(one.processes for one in services)),
        str(sum(one.threads for one in services)),
        str(sum(one.descriptors for one in services)),
        "",
    ]
