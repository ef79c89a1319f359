"""The daemon is stopped (SIGSTOP) for a while, as by a debugger, a full swap or a paused machine, and goes on.

Services end meanwhile, and health checks are in the middle of their question. No exit may be missed, and nothing that
lives may be taken for sick: the time in which the daemon stood still is not the service's fault.
"""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.processes import kill
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import Home, wait_until
from tests.roads.road import Road

QUICK, FULL = (3.2, 3.2), (60.0, *(3.2 for _ in range(14)))
"""How many seconds it is stopped each time."""
LONG_S = 10.0
"""So long only both are stopped: a brain replaces a keeper that alone does not answer for 20 s."""
PROJECT = """
    services:
      slow:
        command: [python3, -S, server.py]
        ports: {http: auto}
        healthcheck: {http: /, interval: 20ms, timeout: 2800ms, retries: 1, on_unhealthy: restart, start_period: 60s}
      asked:
        command: "echo a >> asked.starts; exec sleep 100000"
        healthcheck: {test: sleep 0.3, interval: 20ms, timeout: 2800ms, retries: 1, on_unhealthy: restart}
      again:
        command: "echo a >> again.starts; while ! [ -e again ]; do sleep 0.02; done; rm again; exit 3"
        restart: always
        restart_policy: {delay: 10ms, max_delay: 10ms, max_in_window: 0}
      last:
        command: "while ! [ -e last ]; do sleep 0.02; done; exit 7"
        restart: 'no'
"""
SERVER = """
import os, socket, threading, time
open("slow.starts", "a").write("a\\n")
def answer(client):
    with client:
        client.recv(4096)
        time.sleep(0.3)
        client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
with socket.create_server(("127.0.0.1", int(os.environ["PORT"]))) as listener:
    while True:
        threading.Thread(target=answer, args=listener.accept()[:1]).start()
"""
"""Takes its time over an answer, so that a question is nearly always under way."""
NAIVE = """
import asyncio
async def main():
    for _ in range(100):
        try:
            async with asyncio.timeout(0.4):
                await asyncio.sleep(0.2)
            print("healthy", flush=True)
        except TimeoutError:
            print("unhealthy", flush=True)
asyncio.run(main())
"""
"""A probe that believes its time limit."""


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            kill(pid, signal.SIGCONT)


def measure(seed: int, full: bool) -> Measured:
    chance, stops = random.Random(seed), FULL if full else QUICK
    with scene.project(PROJECT) as road:
        road.edit(SERVER, "server.py")
        road.up()
        living = {name: pid for name, pid in road.pids().items() if name in ("slow", "asked")}
        for number, seconds in enumerate(stops, 1):
            choice = chance.choice((scene.keepers, scene.brains, _both)) if seconds < LONG_S else _both
            with stopped(choice(road.home)):
                road.touch("again")
                if number == len(stops):
                    road.touch("last")
                time.sleep(seconds)
            wait_until(lambda number=number: len(road.words("again.starts")) > number, "what ended is started again")
            wait_until(lambda: road.phase("again") == "running", "that is known")
        wait_until(lambda: road.phase("last") == "failed", "the last exit is known")
        faults = _faults(road, living, len(stops))
    return Measured(
        kept=not faults,
        text=f"{len(stops)} stops, {sum(stops):g} s in all: "
        + ("; ".join(faults) or "0 exits missed, 0 false restarts"),
        figures={"stops": len(stops), "stopped_s": sum(stops), "faults": "; ".join(faults)},
    )


def _both(home: Home) -> list[int]:
    return [*scene.keepers(home), *scene.brains(home)]


def _faults(road: Road, living: dict[str, int | None], stops: int) -> list[str]:
    pids, last = road.pids(), road.service("last")
    sick = [f"{event['service']}: {event['reason']}" for event in road.events("plan") if "probe" in event["reason"]]
    checks = {
        "a service that lives was restarted": all(pids[name] == pid for name, pid in living.items()),
        "a service was started twice": all(len(road.words(f"{name}.starts")) == 1 for name in living),
        "an exit was missed, or heard twice": len(road.words("again.starts")) == stops + 1,
        "an exit code is wrong": last["exit_code"] == 7,
    }
    return [what for what, well in checks.items() if not well] + sick


def broken(_seed: int) -> Measured:
    """A probe that believes its time limit, whatever it did meanwhile; it need not be at a probe when it is stopped."""
    argv = [sys.executable, "-S", "-c", NAIVE]
    sick = False
    for _ in range(10):
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as prober:
            assert prober.stdout is not None
            prober.stdout.readline()
            with stopped([prober.pid]):
                time.sleep(1.0)
            sick = "unhealthy\n" in [prober.stdout.readline() for _ in range(2)]
            prober.kill()
        if sick:
            break
    return Measured(kept=not sick, text=f"a service that answers in time is {'un' if sick else ''}healthy")


HARNESS = Harness(
    name="asleep", target="0 exits missed, 0 false restarts over stops of the daemon", measure=measure, broken=broken
)
