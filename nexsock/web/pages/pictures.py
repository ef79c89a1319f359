"""The dependency graph and the start-up as drawings: coordinates here, looks in the stylesheet."""

from typing import Any

from nexsock import units
from nexsock.model.status import Graph, Timing, Timings
from nexsock.views import graph_svg
from nexsock.web.api import gather
from nexsock.web.frame import Frame, Page
from nexsock.web.pages import phases

LEAST_BAR = 0.4
"""Percent of the start-up's scale that can be seen."""
BEYOND = 1.25
"""How far the scale goes beyond the last service that got ready, when others have not."""


def show_graph(frame: Frame, found: gather.Picture) -> dict[str, Any]:
    """`boxes` and `curves` with their places, and the `edges` in words for who sees no picture."""
    assert found.graph is not None
    boxes, width, height = graph_svg.places(found.graph)
    looks = {node.name: node.phase for node in found.graph.nodes}
    return {
        "project": found.status.project,
        "width": round(width),
        "height": round(height),
        "box_height": graph_svg.BOX_HEIGHT,
        "boxes": [
            {"name": name, "x": place[0], "y": place[1], "width": place[2], "phase": looks.get(name, ""),
             "kind": phases.kind(looks.get(name, "")), "mark": _mark(looks.get(name, ""), place)}
            for name, place in boxes.items()
        ],
        "curves": _curves(found.graph, boxes),
        "edges": found.graph.edges,
    }  # fmt: skip


def _mark(phase: str, place: graph_svg.Place) -> str:
    """The path of the shape that stands for a phase; "" is a circle."""
    x, y = place[0] + 12, place[1] + graph_svg.BOX_HEIGHT / 2
    match phases.kind(phase):
        case "bad":
            return f"M{x - 3:.1f},{y - 3:.1f} l6,6 m0,-6 l-6,6"
        case "done":
            return f"M{x - 4:.1f},{y:.1f} l3,3 l5,-6"
        case "wait":
            return f"M{x:.1f},{y - 4:.1f} l4,7.5 h-8 z"
        case _:
            return ""


def _curves(graph: Graph, boxes: dict[str, graph_svg.Place]) -> list[dict[str, Any]]:
    looks = {node.name: phases.kind(node.phase) for node in graph.nodes}
    return [
        {"path": graph_svg.curve(boxes[edge.to], boxes[edge.from_]), "edge": edge, "kind": looks.get(edge.to, "idle")}
        for edge in graph.edges
        if edge.to in boxes and edge.from_ in boxes
    ]


def show_timings(frame: Frame, found: gather.Picture) -> dict[str, Any]:
    """`bars` and `ticks` with their places, in percent of the scale; no bars when no start-up is remembered."""
    timings = found.timings
    assert timings is not None
    span_s = _span_s(timings)
    return {
        "project": found.status.project,
        "timings": timings,
        "bars": [_bar(one, span_s) for one in timings.services],
        "ticks": _ticks(span_s),
        "pending": [one.name for one in timings.services if one.ready_at_s is None],
    }


def _span_s(timings: Timings) -> float:
    """The length of the scale. What never gets ready is cut off, or the rest could not be seen beside it."""
    longest = max((_end_s(one) for one in timings.services), default=0.0)
    ready = max((_end_s(one) for one in timings.services if one.ready_at_s is not None), default=longest)
    return min(longest, ready * BEYOND) or 1.0


def _end_s(one: Timing) -> float:
    return one.held_s + one.starting_s


def _bar(one: Timing, span_s: float) -> dict[str, Any]:
    begin, end = (100.0 * min(at, span_s) / span_s for at in (one.held_s, _end_s(one)))
    width = max(end - begin, LEAST_BAR) if one.starting_s or one.ready_at_s is not None else 0.0
    look = phases.kind(one.phase)
    return {
        "timing": one,
        "x": round(min(begin, 100.0 - width), 2),
        "width": round(width, 2),
        "ready": "" if one.ready_at_s is None or look == "bad" else units.format_duration(one.ready_at_s),
        "look": look,
        "kind": "failing" if look == "bad" else "critical" if one.on_critical_path else "plain",
    }


def _ticks(span_s: float) -> list[dict[str, Any]]:
    """Four to eight round moments of the scale."""
    step = next(
        size * 10.0**power for power in range(-3, 6) for size in (1, 2, 5) if span_s / (size * 10.0**power) <= 7
    )
    return [
        {"x": round(100.0 * place * step / span_s, 2), "text": units.format_duration(place * step) if place else "0"}
        for place in range(int(span_s / step) + 1)
    ]


GRAPH = Page(template="graph.html", show=show_graph, ask=gather.graph, fragments={"live": "fragments/graph.html"})
TIMINGS = Page(
    template="timings.html", show=show_timings, ask=gather.timings, fragments={"live": "fragments/timings.html"}
)
