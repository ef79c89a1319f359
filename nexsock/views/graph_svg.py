"""The dependencies of a project as a picture: a column for each layer of the start order, curves to what is needed."""

from html import escape

from nexsock.model.status import Graph
from nexsock.views import style

BOX_HEIGHT, ROW, COLUMN_GAP, MARGIN, LETTER = 30, 46, 90, 16, 7.6
"""Pixels; LETTER is the advance of a 12.5 px monospace letter."""

COLOURS = {"green": "#2da44e", "red": "#cf222e", "yellow": "#bf8700", "cyan": "#1b7c83", "dim": "#8c959f"}


def svg(graph: Graph) -> str:
    """A whole SVG document; light and dark pages both show it well, as it has no background of its own."""
    phases = {node.name: node.phase for node in graph.nodes}
    boxes, width, height = places(graph)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="ui-monospace, monospace" font-size="12.5">\n',
        "<title>Dependencies</title>\n",
        *[_curve(boxes, edge.to, edge.from_, edge.condition) for edge in graph.edges],
        *[_box(name, phases.get(name, ""), place) for name, place in boxes.items()],
        "</svg>\n",
    ]
    return "".join(parts)


Place = tuple[float, float, float]
"""left, top and width of a box, in pixels"""


def places(graph: Graph) -> tuple[dict[str, Place], float, float]:
    """Where each box stands, and the width and height of the whole."""
    boxes: dict[str, Place] = {}
    tallest = max((len(layer) for layer in graph.order), default=0)
    left = float(MARGIN)
    for layer in graph.order:
        width = max(len(name) for name in layer) * LETTER + 24
        top = MARGIN + (tallest - len(layer)) * ROW / 2
        for row, name in enumerate(layer):
            boxes[name] = (left, top + row * ROW, width)
        left += width + COLUMN_GAP
    return boxes, max(left - COLUMN_GAP, MARGIN) + MARGIN, max(tallest * ROW - (ROW - BOX_HEIGHT), 0) + 2 * MARGIN


def _box(name: str, phase: str, place: Place) -> str:
    left, top, width = place
    stroke = COLOURS.get(style.PHASES.get(phase, ("", "dim"))[1], COLOURS["dim"])
    return (
        f'<g><title>{escape(phase)}</title><rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{BOX_HEIGHT}" rx="6" fill="{stroke}" fill-opacity="0.12" stroke="{stroke}" stroke-width="1.5"/>'
        f'<text x="{left + width / 2:.1f}" y="{top + BOX_HEIGHT / 2 + 4.5:.1f}" text-anchor="middle" '
        f'fill="{stroke}">{escape(name)}</text></g>\n'
    )


def _curve(boxes: dict[str, Place], needed: str, dependent: str, condition: str) -> str:
    if needed not in boxes or dependent not in boxes:
        return ""
    return (
        f'<path d="{curve(boxes[needed], boxes[dependent])}" fill="none" stroke="#8c959f" stroke-width="1.2"><title>'
        f"{escape(dependent)} needs {escape(needed)}: {escape(condition)}</title></path>\n"
    )


def curve(needed: Place, dependent: Place) -> str:
    """The path from what is needed to who needs it, as in the attribute `d`."""
    from_left, from_top, from_width = needed
    to_left, to_top, _ = dependent
    start, start_y = from_left + from_width, from_top + BOX_HEIGHT / 2
    end, end_y = to_left, to_top + BOX_HEIGHT / 2
    middle = (start + end) / 2
    return f"M{start:.1f},{start_y:.1f} C{middle:.1f},{start_y:.1f} {middle:.1f},{end_y:.1f} {end:.1f},{end_y:.1f}"
