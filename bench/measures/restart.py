"""Kill a service with SIGKILL: how long until its replacement is executed?"""

import signal
import time

from bench import machine
from bench.options import Options, Record
from bench.trial import Trial, median, rounded

_SERVICES = 10


def measure(tool: str, options: Options) -> Record:
    """Milliseconds over `options.calls` kills, one service after the other."""
    with Trial(tool, options) as trial:
        trial.begin(trial.sleepers(_SERVICES))
        times = []
        for number in range(options.calls):
            live, seen = trial.events.live(), set(trial.events.executed)
            began = machine.now()
            machine.send(live[number % len(live)], signal.SIGKILL)
            replaced = trial.events.wait_new(seen, options.limit_s)
            times.append(replaced and (replaced - began) * 1000)
            time.sleep(options.gap_s)
        known = [at for at in times if at is not None]
        return {
            "replaced_ms": rounded(median(known), 2),
            "slowest_ms": rounded(max(known, default=None), 2),
            "missed": len(times) - len(known),
        }
