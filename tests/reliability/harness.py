"""What a reliability harness is: a promise, a way to measure it from a seed, and a broken double that it must catch."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one run of a harness found.

    `text` is a short phrase ("0 of 500 lost"); `figures` are the numbers behind it, for the JSON.
    """

    kept: bool
    text: str
    figures: dict[str, int | float | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Harness:
    """One promise under attack.

    Args:
        target: the promise with its figure, in few words ("0 services lost or doubled").
        measure: takes a seed and whether the run is the full one; the same seed takes the same decisions.
        broken: the same measurement on a deliberately broken double. A harness that finds it in order proves nothing.
    """

    name: str
    target: str
    measure: Callable[[int, bool], Measured]
    broken: Callable[[int], Measured]


def proven(harness: Harness, seed: int, full: bool) -> Measured:
    """Measure, after the harness has shown that it finds the fault in its broken double."""
    double = harness.broken(seed)
    if double.kept:
        return Measured(kept=False, text=f"cannot detect its fault: the broken double gave {double.text}")
    found = harness.measure(seed, full)
    return Measured(kept=found.kept, text=found.text, figures={**found.figures, "broken_double": double.text})
