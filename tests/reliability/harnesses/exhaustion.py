"""More clients than the daemon has descriptors for: it does not spin, those inside are served, all others later.

Services stay manageable meanwhile, because some descriptors are kept back for them. Then even those are taken away, so
that accepting itself fails.
"""

import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nexsock.errors import NexsockError
from nexsock.model.project import ProjectRef
from nexsock.protocol.api import KillRequest, Nothing, ServiceRequest
from nexsock.protocol.client_side import ClientSide
from tests.reliability import proc, scene
from tests.reliability.harness import Harness, Measured
from tests.reliability.harnesses.attack import naive_server
from tests.reliability.visitor import Unserved, Visitor, connected
from tests.roads.home import LIMIT_S, NEXSOCK, wait_until
from tests.roads.road import Road

DESCRIPTORS = 128
"""The daemon's limit, soft and hard."""
QUICK, FULL = (150, 1.0), (600, 20.0)
"""Clients, and seconds for which is looked."""
SPINNING = 0.4
"""Share of the time for which a daemon without descriptors may be busy."""
PROJECT = "services:\n" + "".join(f"  s{number}: {{command: [sleep, '100000']}}\n" for number in range(4))


def measure(seed: int, full: bool) -> Measured:
    clients, seconds = FULL if full else QUICK
    with scene.project(PROJECT) as road:
        _start(road)
        road.up()
        (brain,), path = scene.brains(road.home), f"{road.home.folder}/run/nexsockd.sock"
        inside = Visitor(path, LIMIT_S)
        before = proc.descriptors(brain)
        with _crowd(path, clients):
            crowded = _share(brain, seconds)
            managed = _is_replaced(road, inside)
        wait_until(lambda: proc.descriptors(brain) <= before, "what clients had is closed")
        with _no_descriptors(brain), _crowd(path, 20):
            starved = _share(brain, seconds)
            served = _is_served(inside)
        again = Visitor(path, LIMIT_S)
        checks = {
            "it spins in the crowd": crowded < SPINNING,
            "it spins without descriptors": starved < SPINNING,
            "a service cannot be managed": managed,
            "who is inside is not served": served,
            "nobody comes in afterwards": _is_served(again),
            "the brain is another": scene.brains(road.home) == [brain],
            f"it stumbled: {road.home.log}": "Traceback" not in road.home.log,
        }
        for visitor in (inside, again):
            visitor.close()
    wrong = "; ".join(what for what, well in checks.items() if not well)
    return Measured(
        kept=not wrong,
        text=f"{clients} clients for {DESCRIPTORS} descriptors: {crowded:.0%} busy, {starved:.0%} with none left; "
        + (wrong or "services managed, everybody served"),
        figures={"clients": clients, "crowded": round(crowded, 3), "starved": round(starved, 3), "wrong": wrong},
    )


def _start(road: Road) -> None:
    """Start the daemon with few descriptors."""
    subprocess.run(
        ["sh", "-c", f"ulimit -n {DESCRIPTORS}; exec {NEXSOCK} daemon start"],
        cwd=road.folder,
        env=road.home.environ,
        stdout=subprocess.DEVNULL,
        check=True,
    )


@contextmanager
def _crowd(path: str, count: int) -> Iterator[None]:
    """So many clients that say hello and stay, whether they are let in or not."""
    waiting = [connected(path, LIMIT_S) for _ in range(count)]
    for connection in waiting:
        connection.sendall(ClientSide().hello(client="crowd"))
    try:
        yield
    finally:
        for connection in waiting:
            connection.close()


@contextmanager
def _no_descriptors(pid: int) -> Iterator[None]:
    """A process may open nothing more."""
    used = {int(one.name) for one in Path(f"/proc/{pid}/fd").iterdir()}
    free = next(number for number in range(len(used) + 1) if number not in used)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def _share(pid: int, seconds: float) -> float:
    """Of the time for which we look, what a process is busy."""
    before = proc.busy_s(pid)
    time.sleep(seconds)
    return (proc.busy_s(pid) - before) / seconds


def _is_replaced(road: Road, inside: Visitor) -> bool:
    """Whether a service that is killed by command is started again."""
    project = ProjectRef(directory=str(road.folder))
    first = inside.call("service_status", ServiceRequest(project=project, service="s0")).service.pid
    inside.call("kill", KillRequest(project=project, services=("s0",)))

    def others() -> bool:
        now = inside.call("service_status", ServiceRequest(project=project, service="s0")).service.pid
        return now not in (None, first)

    wait_until(others, "the service runs again")
    return True


def _is_served(visitor: Visitor) -> bool:
    try:
        visitor.call("ping", Nothing())
    except (Unserved, NexsockError):
        return False
    return True


def broken(_seed: int) -> Measured:
    """A server that tries again at once when it cannot accept."""
    with naive_server("sh", "-c", 'ulimit -n 32; exec "$0" "$@"') as path:
        inside = Visitor(path, LIMIT_S)
        with _crowd(path, 60):
            share = _share(inside.pid, 1.0)
        inside.close()
    return Measured(kept=share < SPINNING, text=f"{share:.0%} busy")


HARNESS = Harness(
    name="exhaustion",
    target="no spinning, services managed, everybody served in the end",
    measure=measure,
    broken=broken,
)
