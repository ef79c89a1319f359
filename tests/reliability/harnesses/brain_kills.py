"""The brain is killed at random moments, many of them while it comes up; services, lines and exit codes stay."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.conftest import kill, wait_until

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
import os, subprocess, sys, time
if not os.path.exists(sys.argv[1]):
    child = subprocess.Popen(["sleep", "1000"])
    time.sleep(0.05)
    open(sys.argv[1], "w").write(str(child.pid))
time.sleep(1000)
"""
"""Spawns, then records what it has spawned."""


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


def broken(seed: int) -> Measured:
    """A manager that spawns first and records then, killed and started anew."""
    chance, children = random.Random(seed), []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(8):
            manager = subprocess.Popen([sys.executable, "-S", "-c", NAIVE, f"{folder}/record"], start_new_session=True)
            time.sleep(chance.uniform(0.02, 0.08))
            children += _children(manager.pid)
            manager.kill()
            manager.wait()
    for child in children:
        os.kill(child, signal.SIGKILL)
    return Measured(kept=len(children) <= 1, text=f"{len(children)} instances of one service")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


HARNESS = Harness(
    name="brain_kills", target="0 services doubled, 0 lines lost, 0 wrong exit codes", measure=measure, broken=broken
)
