"""What a dependency costs: from the moment a service is ready to the exec of the one that waits for it."""

import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import machine
from bench.options import Options, Record
from bench.tools import floors
from bench.tools.adapter import Service
from bench.trial import Trial, median, rounded

_KINDS = ("tcp", "log")


def measure(tool: str, options: Options) -> Record:
    """Milliseconds a hop, over a chain of N services of each kind of readiness; the median and the slowest."""
    record: Record = {}
    for kind in _KINDS:
        hops = _chain(tool, kind, options)
        record[f"{kind}_hop_ms"] = rounded(median(hops), 2)
        record[f"{kind}_slowest_ms"] = rounded(max(hops), 2)
    return record


def _chain(tool: str, kind: str, options: Options) -> Sequence[float]:
    with Trial(tool, options, programs=(Path(sys.executable).name,)) as trial:
        notes = [trial.folder / f"ready{index}" for index in range(options.count)]
        services = [_service(kind, index, note, trial.token) for index, note in enumerate(notes)]
        trial.begin(services)
        if not machine.wait_for(lambda: all(note.exists() and note.read_text() for note in notes), options.limit_s):
            raise TimeoutError("not all services became ready")
        ready = [float(note.read_text()) for note in notes]
        executed = sorted(trial.events.executed.values())
        return [(after - before) * 1000 for before, after in zip(ready, executed[1:], strict=False)]


def _service(kind: str, index: int, note: Path, token: str) -> Service:
    port = _free_port() if kind == "tcp" else 0
    program = str(floors.PROGRAMS / "ready_service.py")
    return Service(
        name=f"hop{index:03d}",
        argv=(*floors.ISOLATED, program, kind, str(port), str(note), token),
        ready=f"tcp:{port}" if kind == "tcp" else "log",
        needs=f"hop{index - 1:03d}" if index else "",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
