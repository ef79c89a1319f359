"""The start-up of the last `up` as a waterfall: a bar for each service, from the moment of the command on."""

from nexsock import units
from nexsock.model.status import Timing, Timings
from nexsock.views import style, table, times

USUAL_COLUMNS = 80
"""Where the output is no terminal."""
LEAST_BAR = 10


def render(found: Timings, *, colour: bool, columns: int, now: float) -> str:
    """A head line, one line a service, and what the marks mean."""
    if found.up_at is None or not found.services:
        return "No 'up' that started something is remembered.\n"
    rows = [_cells(one, colour) for one in found.services]
    headings = ["SERVICE", "HELD", "STARTING", "READY AT", ""]
    taken = sum(max(style.width(row[place]) for row in [headings, *rows]) + len(table.GAP) for place in range(4))
    room = max((columns or USUAL_COLUMNS) - taken, LEAST_BAR)
    span_s = max(one.held_s + one.starting_s for one in found.services) or 1.0
    drawn = [[*row, _bar(one, room / span_s, colour)] for row, one in zip(rows, found.services, strict=True)]
    held, starting = _marks(colour)
    return (
        f"{_head(found, colour, now)}\n{table.render(headings, drawn, colour=colour)}"
        f"{style.paint(f'{held} held  {starting} starting  * on the critical path', 'dim', colour)}\n"
    )


def _head(found: Timings, colour: bool, now: float) -> str:
    pending = [one.name for one in found.services if one.ready_at_s is None]
    took = f"not there yet: {', '.join(pending)}" if pending else f"took {units.format_duration(found.total_s)}"
    path = f"; critical path: {' → '.join(found.critical_path)}" if len(found.critical_path) > 1 else ""
    return f"The last up, {times.ago(found.up_at, now)}, {style.paint(took, 'bold', colour)}{path}"


def _cells(one: Timing, colour: bool) -> list[str]:
    name = f"{one.name} *" if one.on_critical_path else one.name
    ready = one.phase if one.ready_at_s is None else units.format_duration(one.ready_at_s)
    return [
        style.paint(name, "bold", colour) if one.on_critical_path else name,
        units.format_duration(one.held_s),
        units.format_duration(one.starting_s),
        ready,
    ]


def _bar(one: Timing, columns_per_s: float, colour: bool) -> str:
    held, starting = _marks(colour)
    begin = round(one.held_s * columns_per_s)
    width = max(round((one.held_s + one.starting_s) * columns_per_s) - begin, 1)
    look = "red" if one.phase == "failed" else "yellow" if one.on_critical_path else "cyan"
    return style.paint(held * begin, "dim", colour) + style.paint(starting * width, look, colour)


def _marks(colour: bool) -> tuple[str, str]:
    return ("╌", "█") if colour else (".", "#")
