"""Small drawn lines: figures over time as the points of an SVG polyline."""

from collections.abc import Sequence
from dataclasses import dataclass

from nexsock import units
from nexsock.model.status import Usage

WIDTH, HEIGHT = 72, 18
"""Units of the drawing's own coordinates."""
FEWEST = 12
"""Looks that the width has room for at least; a line that is shorter stands at the right."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """`points` as in an SVG polyline, `area` the same closed along the ground; `last` is the newest figure as text."""

    points: str
    area: str
    last: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    cpu: Drawn
    memory: Drawn


def by_service(looks: Sequence[Usage]) -> dict[str, Pair]:
    """The lines of every service that runs in the newest look."""
    if not looks:
        return {}
    figures: dict[str, list[tuple[float, int]]] = {one.name: [] for one in looks[-1].services if one.processes}
    for look in looks:
        for one in look.services:
            if one.name in figures:
                figures[one.name].append((one.cpu_percent, one.memory_bytes))
    return {name: _pair(found) for name, found in figures.items()}


def _pair(found: Sequence[tuple[float, int]]) -> Pair:
    cpu, memory = [one[0] for one in found], [float(one[1]) for one in found]
    return Pair(
        cpu=_drawn(cpu, max(5.0, *cpu), f"{cpu[-1]:.1f}%", "processor"),
        memory=_drawn(memory, max(memory) * 1.25 or 1.0, units.format_size(int(memory[-1])), "memory"),
    )


def _drawn(values: Sequence[float], top: float, last: str, what: str) -> Drawn:
    step = WIDTH / (max(len(values), FEWEST) - 1)
    left = WIDTH - step * (len(values) - 1)
    spots = [(left + step * place, HEIGHT - 1 - value / top * (HEIGHT - 2)) for place, value in enumerate(values)]
    if len(spots) == 1:
        spots.insert(0, (spots[0][0] - step, spots[0][1]))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    area = f"{spots[0][0]:.1f},{HEIGHT} {points} {spots[-1][0]:.1f},{HEIGHT}"
    return Drawn(points=points, area=area, last=last, label=f"{what} {last}")
