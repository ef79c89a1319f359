"""What the command line may say about a run."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """One setting of a run: `count` and `repetition` change from trial to trial, the rest stays."""

    work: Path
    count: int = 10
    repetition: int = 0
    calls: int = 15
    idle_s: float = 0.0
    rest_s: float = 5.0
    settle_s: float = 1.0
    gap_s: float = 1.5
    limit_s: float = 120.0
    megabytes: int = 200
    line_buffered: bool = False
    victim: str = ""


Record = dict[str, object]
"""A trial's figures by name; seconds end with `_s`, milliseconds with `_ms`, MiB with `_mib`. None: not reached."""


@dataclass(frozen=True)
class Run:
    """What was asked for: the measure, its tools in the order of each round, and the sizes to go through."""

    measure: str
    tools: tuple[str, ...]
    counts: tuple[int, ...]
    repetitions: int
    options: Options
    out: Path | None = field(default=None)
