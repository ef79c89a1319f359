"""A daemon that has nothing to do does nothing: no timer wakes it, and it takes no processor time."""

import subprocess
import sys
import time

from bench import machine
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import wait_until

QUICK, FULL = (30, 3.0), (200, 20.0)
"""Services, and seconds for which is looked."""
QUIET_S = 0.5
"""So long nothing must have happened before is looked: what was begun by `up` has come to its end."""
LOADER_S = 62.0
"""The worker that reads files is kept for a minute; the full run looks after its end."""
TICKING = """
import time
while True:
    time.sleep(0.1)
"""
"""A daemon with a tick."""


def measure(seed: int, full: bool) -> Measured:
    services, seconds = FULL if full else QUICK
    each = "  s{}: {{command: [sleep, '100000'], restart_policy: {{reset_after: 100ms}}}}\n"
    with scene.project("services:\n" + "".join(each.format(number) for number in range(services))) as road:
        road.up()
        if full:
            time.sleep(LOADER_S)
        pids = [*scene.keepers(road.home), *scene.brains(road.home)]
        wait_until(lambda: machine.idling(pids, QUIET_S).wakeups_per_s == 0, "nothing is left to do")
        return _looked(pids, seconds, services)


def _looked(pids: list[int], seconds: float, services: int) -> Measured:
    found, memory = machine.idling(pids, seconds), machine.memory(pids)
    wakeups = round(found.wakeups_per_s * seconds)
    return Measured(
        kept=found.settled and wakeups == 0 and found.cpu_percent < 0.05,
        text=f"{services} services: {wakeups} wake-ups, {found.cpu_percent:.1f} % in {seconds:g} s",
        figures={
            "services": services,
            "wakeups": wakeups,
            "cpu_percent": round(found.cpu_percent, 4),
            "pss_mib": round(memory.pss, 1),
        },
    )


def broken(seed: int) -> Measured:
    """A daemon that looks ten times a second whether there is something to do."""
    with subprocess.Popen([sys.executable, "-S", "-c", TICKING]) as ticking:
        try:
            return _looked([ticking.pid], 1.0, services=0)
        finally:
            ticking.kill()


HARNESS = Harness(name="idle", target="0 wake-ups, 0.0 % CPU", measure=measure, broken=broken)
