"""Aligned columns. A cell may be coloured already; the last column gives way when the terminal is narrow.

Cells hold what folders, branches and plugins are called, so whatever is in one, it cannot steer the terminal.
"""

from collections.abc import Sequence

from nexsock.views import style

GAP = "  "


def render(headings: Sequence[str], rows: Sequence[Sequence[str]], *, colour: bool, columns: int = 0) -> str:
    """The table as text that ends with a newline.

    Args:
        headings: one a column; empty strings give a table without a heading line.
        rows: cells as they shall look. The last cell of a row must not be coloured when `columns` limits it.
        columns: width of the terminal; 0 is unlimited.
    """
    rows = [[style.cell(text) for text in row] for row in rows]
    measured = [[style.width(cell) for cell in row] for row in rows]
    widths = [max([style.width(heading), *(row[index] for row in measured)]) for index, heading in enumerate(headings)]
    room = columns - sum(widths[:-1]) - len(GAP) * (len(widths) - 1) if columns else 0
    lines = (
        [style.paint(_line(headings, [len(text) for text in headings], widths), "bold", colour)]
        if any(headings)
        else []
    )
    for row, measures in zip(rows, measured, strict=True):
        if columns and measures[-1] > max(room, 8):
            row = [*row[:-1], style.clip(row[-1], max(room, 8))]
        lines.append(_line(row, measures, widths))
    return "".join(line + "\n" for line in lines)


def _line(cells: Sequence[str], measures: Sequence[int], widths: Sequence[int]) -> str:
    padded = [cell + " " * (full - own) for cell, own, full in zip(cells[:-1], measures, widths, strict=False)]
    return GAP.join([*padded, cells[-1]]).rstrip()


def pairs(entries: Sequence[tuple[str, str]], *, colour: bool, indent: str = "  ") -> str:
    """Name and value in two columns, names dimmed; an entry without value is left out."""
    shown = [(name, style.cell(value)) for name, value in entries if value]
    widest = max((len(name) for name, _ in shown), default=0)
    return "".join(
        f"{indent}{style.paint(name, 'dim', colour)}{' ' * (widest - len(name))}  {value}\n" for name, value in shown
    )
