"""What the first command of a day pays for the daemon that it has to start."""

from bench import machine
from bench.options import Options, Record
from bench.tools.adapter import Adapter
from bench.trial import Trial, median, rounded


def measure(tool: str, options: Options) -> Record:
    """Milliseconds of the status command, in turns: with no daemon, with one that does not know the project yet, and
    with one that does. `added_ms` is the difference of the first two: what the start of the daemon adds.
    """
    cold, first, known = [], [], []
    for _ in range(options.calls):
        with Trial(tool, options) as trial:
            trial.tool.configure(trial.sleepers(options.count))
            cold.append(_status_ms(trial.tool))
        with Trial(tool, options) as trial:
            trial.tool.configure(trial.sleepers(options.count))
            trial.tool.prepare()
            first.append(_status_ms(trial.tool))
            known.append(_status_ms(trial.tool))
    return {
        "cold_ms": rounded(median(cold), 1),
        "first_ms": rounded(median(first), 1),
        "known_ms": rounded(median(known), 1),
        "added_ms": rounded(median(cold_ms - first_ms for cold_ms, first_ms in zip(cold, first, strict=True)), 1),
    }


def _status_ms(tool: Adapter) -> float:
    began = machine.now()
    tool.must(tool.status_argv())
    return (machine.now() - began) * 1000
