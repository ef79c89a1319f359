"""Records to a table: medians over the repetitions, and ratios to the floor of the same run."""

from collections.abc import Iterable, Sequence

from bench.measures.catalogue import MEASURES
from bench.options import Record
from bench.trial import median

_SETTING = ("bench", "count", "megabytes", "line_buffered", "victim")
_NOT_FIGURES = {*_SETTING, "time", "tool", "repetition", "error"}


def table(records: Iterable[Record]) -> str:
    """A Markdown table for each setting, in the order of the records."""
    settings: dict[tuple[object, ...], dict[str, list[Record]]] = {}
    for record in records:
        setting = tuple(record.get(name) for name in _SETTING)
        settings.setdefault(setting, {}).setdefault(str(record["tool"]), []).append(record)
    return "\n".join(_one_table(setting, tools) for setting, tools in settings.items())


def _one_table(setting: Sequence[object], tools: dict[str, list[Record]]) -> str:
    measure = MEASURES[str(setting[0])]
    columns = list(dict.fromkeys(name for rows in tools.values() for row in rows for name in row))
    columns = [name for name in columns if name not in _NOT_FIGURES]
    floor = _middle(tools.get(measure.floor, []), measure.leading)
    heading = ["tool", *columns, f"/ {measure.floor}"] if floor else ["tool", *columns]
    lines = [heading, ["---"] * len(heading)]
    for tool, rows in tools.items():
        cells = [tool, *(_cell(rows, name) for name in columns)]
        if floor:
            leading = _middle(rows, measure.leading)
            cells.append(f"{leading / floor:.2f}" if leading else "-")
        lines.append(cells)
    errors = [f"{tool}: {row['error']}" for tool, rows in tools.items() for row in rows if "error" in row]
    return "\n".join([f"\n### {_title(setting)}\n", *_aligned(_turned(lines)), *errors, ""])


def _title(setting: Sequence[object]) -> str:
    """Such as `scale, count 200`; what is unset or off is not named."""
    told = [f"{name} {value}" for name, value in zip(_SETTING[1:], setting[1:], strict=True) if value]
    return ", ".join([str(setting[0]), *told])


def _cell(rows: Sequence[Record], name: str) -> str:
    middle = _middle(rows, name)
    if middle is not None:
        return f"{middle:.4g}"
    return next((str(row[name]) for row in rows if row.get(name) is not None), "-")


def _middle(rows: Sequence[Record], name: str) -> float | None:
    return median(float(value) for row in rows if isinstance(value := row.get(name), int | float))


def _turned(lines: list[list[str]]) -> list[list[str]]:
    """Many figures of one tool are read downwards."""
    if len(lines) > 3 or len(lines[0]) < 8:
        return lines
    names, _, values = lines
    return [[names[0], values[0]], ["---", "---"], *map(list, zip(names[1:], values[1:], strict=True))]


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
