"""The commands that people type all day, against `python3 -c pass` and the least client in the same rounds."""

import sys
import time

from bench import machine
from bench.options import Options, Record
from bench.tools import floors
from bench.trial import Trial, median, rounded

BARE = [sys.executable, "-c", "pass"]
LEAST = [*floors.ISOLATED, "-c", "pass"]


def measure(tool: str, options: Options) -> Record:
    """Milliseconds of each command with N services running, and its ratio to `python3 -c pass`.

    The commands take turns, so that a slow moment of the machine hits all of them.
    """
    with Trial(tool, options) as trial:
        trial.begin(trial.sleepers(options.count))
        target = trial.tool.services[options.count // 2].name
        commands = {"bare": BARE, "bare -IS": LEAST, **trial.tool.commands(target)}
        times: dict[str, list[float]] = {name: [] for name in commands}
        failed = set()
        for _ in range(options.calls):
            for name, argv in commands.items():
                began = machine.now()
                if trial.tool.run(argv).returncode != 0:
                    failed.add(name)
                times[name].append((machine.now() - began) * 1000)
                time.sleep(0.02)
    middle = {name: median(taken) for name, taken in times.items()}
    record: Record = {f"{name}_ms": rounded(value, 1) for name, value in middle.items()}
    bare = middle["bare"] or 1.0
    record |= {f"{name} / bare": rounded(value and value / bare, 2) for name, value in middle.items() if name != "bare"}
    return record | ({"failed": sorted(failed)} if failed else {})
