"""Aligned columns. A cell may be coloured already; on a narrow terminal the last columns give way.

Cells hold what folders, branches and plugins are called, so whatever is in one, it cannot steer the terminal.
"""

from collections.abc import Sequence

from nexsock.views import style

GAP = "  "
INDENT = "    "
ENOUGH = 24
"""What the last column of a table with headings has at least; with less room it stands below the others."""
SILENT = frozenset({"", "-", "0"})
"""Cells that say nothing."""


def render(headings: Sequence[str], rows: Sequence[Sequence[str]], *, colour: bool, columns: int = 0) -> str:
    """The table as text that ends with a newline; arguments as those of `lines`."""
    return "".join(lines(headings, rows, colour=colour, columns=columns))


def lines(headings: Sequence[str], rows: Sequence[Sequence[str]], *, colour: bool, columns: int = 0) -> list[str]:
    """The heading, if there is one, and each row, with newlines.

    Where a table with headings is too wide, columns that say nothing are left out; then the last ones stand below the
    others in each row, on lines of their own. One without headings has its last cells cut off.

    Args:
        headings: one a column; empty strings give a table without a heading line.
        rows: cells as they shall look. The last cell of a row must not be coloured when `columns` limits it.
        columns: width of the terminal; 0 is unlimited.
    """
    table = [list(headings), *([style.cell(text) for text in row] for row in rows)]
    measured = _measured(table)
    named, fitting = any(headings), len(headings)
    if named and columns and _fitting(measured, columns) < fitting:
        table = _without_silent(table)
        measured = _measured(table)
        fitting = _fitting(measured, columns)
    above = [row[:fitting] for row in table]
    below = [row[fitting:] for row in table]
    drawn = _aligned(above, [row[:fitting] for row in measured], columns)
    if named:
        drawn[0] = style.paint(drawn[0], "bold", colour)
    drawn = [line + "\n" + _folded(cells, columns) for line, cells in zip(drawn, below, strict=True)]
    return drawn if named else drawn[1:]


def _measured(table: Sequence[Sequence[str]]) -> list[list[int]]:
    return [[style.width(cell) for cell in row] for row in table]


def _fitting(measured: Sequence[Sequence[int]], columns: int) -> int:
    """How many columns stand beside each other, at least one; the last may be cut down to what is enough."""
    widths = [max(column) for column in zip(*measured, strict=True)]
    widths[-1] = min(widths[-1], ENOUGH)
    used = -len(GAP)
    for count, width in enumerate(widths):
        used += len(GAP) + width
        if used > columns:
            return max(count, 1)
    return len(widths)


def _without_silent(table: Sequence[Sequence[str]]) -> list[list[str]]:
    first, *others = zip(*table, strict=True)
    kept = [column for column in others if any(style.bare(cell) not in SILENT for cell in column[1:])]
    return [list(row) for row in zip(first, *kept, strict=True)]


def _aligned(table: Sequence[Sequence[str]], measured: Sequence[Sequence[int]], columns: int) -> list[str]:
    widths = [max(column) for column in zip(*measured, strict=True)]
    room = columns - sum(widths[:-1]) - len(GAP) * (len(widths) - 1) if columns else 0
    drawn = []
    for row, measures in zip(table, measured, strict=True):
        if columns and measures[-1] > max(room, 8):
            row = [*row[:-1], style.clip(row[-1], max(room, 8))]
        drawn.append(_line(row, measures, widths))
    return drawn


def _line(cells: Sequence[str], measures: Sequence[int], widths: Sequence[int]) -> str:
    padded = [cell + " " * (full - own) for cell, own, full in zip(cells[:-1], measures, widths, strict=False)]
    return GAP.join([*padded, cells[-1]]).rstrip()


def _folded(cells: Sequence[str], columns: int) -> str:
    """The cells that stand below the others, in as many lines as they need; "" when they say nothing."""
    if all(style.bare(cell) in SILENT for cell in cells):
        return ""
    import textwrap

    text = GAP.join(cell for cell in cells if cell)
    if "\x1b" in text:
        return f"{INDENT}{text}\n"
    room = max(columns - len(INDENT), 8)
    return textwrap.indent("\n".join(textwrap.wrap(text, room, break_on_hyphens=False)), INDENT) + "\n"


def pairs(entries: Sequence[tuple[str, str]], *, colour: bool, indent: str = "  ") -> str:
    """Name and value in two columns, names dimmed; an entry without value is left out."""
    shown = [(name, style.cell(value)) for name, value in entries if value]
    widest = max((len(name) for name, _ in shown), default=0)
    return "".join(
        f"{indent}{style.paint(name, 'dim', colour)}{' ' * (widest - len(name))}  {value}\n" for name, value in shown
    )
