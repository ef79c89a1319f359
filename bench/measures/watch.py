"""Write to a file that a service watches: how long until its new process is executed?"""

import time

from bench import machine
from bench.options import Options, Record
from bench.tools.adapter import Service
from bench.trial import Trial, median, rounded

_FILES = 200


def measure(tool: str, options: Options) -> Record:
    """Milliseconds over `options.calls` writes, each with the tool's default debounce in it."""
    with Trial(tool, options) as trial:
        source = trial.folder / "source"
        source.mkdir()
        for number in range(_FILES):
            (source / f"file{number}.py").write_text("pass\n")
        (service,) = trial.sleepers(1)
        trial.begin([Service(service.name, service.argv, watch=str(source))])
        times = []
        for number in range(options.calls):
            time.sleep(options.gap_s)
            seen = set(trial.events.executed)
            began = machine.now()
            trial.tool.change_source(number)
            replaced = trial.events.wait_new(seen, options.limit_s)
            times.append(replaced and (replaced - began) * 1000)
        known = [at for at in times if at is not None]
        return {
            "restarted_ms": rounded(median(known), 1),
            "slowest_ms": rounded(max(known, default=None), 1),
            "missed": len(times) - len(known),
        }
