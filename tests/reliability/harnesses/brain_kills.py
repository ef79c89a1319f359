"""The brain is killed at random moments, many of them while it comes up; services, lines and exit codes stay."""

import random
import subprocess
import sys
import tempfile
import time

from tests.processes import kill
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import wait_until

QUICK, FULL = 25, 500
SERVICES = 10
LONGEST_LIFE_S = 0.4
"""A brain comes up within about 0.25 s: with lives up to this, half of them end before."""
PROJECT = "services:\n" + "".join(
    f"  s{number}:\n"
    f'    command: "echo s{number} >> starts; n=0; while ! [ -e end ]; do n=$$((n+1)); echo $$n; sleep 0.01; done;'
    f' exit {number}"\n'
    f"    restart: 'no'\n"
    for number in range(SERVICES)
)
NAIVE = """
import os, subprocess, sys
if not os.path.exists(sys.argv[1]):
    child = subprocess.Popen(["sleep", "1000"])
    print(child.pid, flush=True)
    sys.stdin.readline()
    open(sys.argv[1], "w").write(str(child.pid))
sys.stdin.readline()
"""
"""Spawns, says so, and records what it has spawned when it is let."""


def measure(seed: int, full: bool) -> Measured:
    chance, kills = random.Random(seed), FULL if full else QUICK
    with scene.project(PROJECT) as road:
        road.up()
        pids = road.pids()
        for _ in range(kills):
            for brain in scene.brains(road.home):
                kill(brain)
            time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        doubled = sum(len(road.processes(name)) > 2 for name in pids)  # the shell and its sleep
        wait_until(lambda: road.pids() == pids, "the last brain has taken up every service")
        for brain in scene.brains(road.home):
            kill(brain)
        road.touch("end")
        wait_until(lambda: set(road.phases().values()) <= {"failed", "completed"}, "every end is known")
        codes = {name: found["exit_code"] for name, found in road.services().items()}
        lost = [name for name in pids if not scene.numbered(road.log(name))]
        starts = road.words("starts")
    wrong = [name for name, code in codes.items() if code != int(name[1:])]
    again = len(starts) - SERVICES
    return Measured(
        kept=not (lost or wrong or again or doubled),
        text=f"{again + doubled} doubled, {len(lost)} logs with a loss, {len(wrong)} wrong exit codes, {kills} kills",
        figures={"kills": kills, "services": SERVICES, "doubled": again + doubled, "lossy_logs": len(lost)},
    )


def broken(_seed: int) -> Measured:
    """A manager that spawns first and records then, killed between the two and started anew."""
    children = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            argv = [sys.executable, "-S", "-c", NAIVE, f"{folder}/record"]
            with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as manager:
                children.append(int(manager.stdout.readline()))
                manager.kill()
    for child in children:
        kill(child)
    return Measured(kept=len(children) <= 1, text=f"{len(children)} instances of one service")


HARNESS = Harness(
    name="brain_kills", target="0 services doubled, 0 lines lost, 0 wrong exit codes", measure=measure, broken=broken
)
