"""The brain is killed at random moments, many of them while it comes up; services, lines and exit codes stay."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.reliability.harness import Harness, Measured
from tests.roads.conftest import Home, Road, kill, wait_until

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
    folder = Path(tempfile.mkdtemp(prefix="nx-", dir="/tmp"))
    home = Home(folder / "home")
    road = Road(home, folder / "shop")
    for made in (home.folder, road.folder):
        made.mkdir()
    try:
        road.edit(PROJECT)
        road.up()
        pids = road.pids()
        for _ in range(kills):
            for brain in _brains(home):
                kill(brain)
            time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        doubled = sum(len(road.processes(name)) > 2 for name in pids)  # the shell and its sleep
        wait_until(lambda: road.pids() == pids, "the last brain has taken up every service")
        for brain in _brains(home):
            kill(brain)
        road.touch("end")
        wait_until(lambda: set(road.phases().values()) <= {"failed", "completed"}, "every end is known")
        codes = {name: found["exit_code"] for name, found in road.services().items()}
        lost = [name for name in pids if not _whole(road.log(name))]
        starts = road.words("starts")
    finally:
        _end(home, road)
        subprocess.run(["rm", "-r", str(folder)], check=True)
    wrong = [name for name, code in codes.items() if code != int(name[1:])]
    again = len(starts) - SERVICES
    return Measured(
        kept=not (lost or wrong or again or doubled),
        text=f"{again + doubled} doubled, {len(lost)} logs with a loss, {len(wrong)} wrong exit codes, {kills} kills",
        figures={"kills": kills, "services": SERVICES, "doubled": again + doubled, "lossy_logs": len(lost)},
    )


def _brains(home: Home) -> list[int]:
    """The brain, where one lives; the keeper's words have a "--", after which its brain's stand."""
    return [pid for pid in home.daemons() if b"--brain" in (words := _words(pid)) and b"--" not in words]


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:  # it has just ended
        return []


def _whole(log: bytes) -> bool:
    """Every number once and in order."""
    numbers = [int(line) for line in log.split()]
    return bool(numbers) and numbers == list(range(1, len(numbers) + 1))


def _end(home: Home, road: Road) -> None:
    try:
        road.run("down", "-t", "0")
    finally:
        home.end()


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
