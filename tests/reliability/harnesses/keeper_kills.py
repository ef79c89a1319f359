"""The keeper, or both it and the brain, are killed at random moments under load; services and their output stay."""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.processes import kill
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import Home, wait_until

QUICK, FULL = 12, 500
SERVICES = 6
LONGEST_LIFE_S = 0.5
BOTH = 0.3
"""How many of the kills take the brain as well; a command then starts both again."""
WRITER = """
import itertools, os, sys, time
open("starts", "a").write(sys.argv[1] + "\\n")
numbers = itertools.count(1)
while not os.path.exists("end"):
    for _ in range(50):
        os.write(1, b"%d\\n" % next(numbers))
    time.sleep(0.01)
sys.exit(int(sys.argv[1]))
"""
PROJECT = "services:\n" + "".join(
    f"  s{number}: {{command: [{sys.executable}, -IS, writer.py, '{number}'], restart: 'no',"
    " logging: {max_size: 1GiB}}\n"
    for number in range(SERVICES)
)
PUMP = """
import os, sys, time
source = os.open(sys.argv[1], os.O_RDWR)
log = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
while True:
    read = os.read(source, 65536)
    time.sleep(0.002)
    os.write(log, read)
"""
"""Moves output as one would at first: what it has read and not yet written dies with it."""
DOUBLE_KILLS = 10


def measure(seed: int, full: bool) -> Measured:
    chance, kills = random.Random(seed), FULL if full else QUICK
    with scene.project(PROJECT) as road:
        (road.folder / "writer.py").write_text(WRITER)
        road.up()
        pids = road.pids()
        for _ in range(kills):
            if chance.random() < BOTH:
                scene.kill_daemon(road.home)
                road.done("ps")
            else:
                _kill_keeper(road.home)
            time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        wait_until(lambda: road.pids() == pids, "every service is taken up")
        doubled = sum(len(road.processes(name)) > 1 for name in pids)
        _kill_keeper(road.home)
        road.touch("end")
        wait_until(lambda: set(road.phases().values()) <= {"failed", "completed"}, "every end is known")
        codes = {name: found["exit_code"] for name, found in road.services().items()}
        lossy = [name for name in pids if not scene.numbered(road.log(name))]
        log_bytes = sum(len(road.log(name)) for name in pids)
        doubled += len(road.words("starts")) - SERVICES
    wrong = [name for name, code in codes.items() if code != int(name[1:])]
    return Measured(
        kept=not (lossy or wrong or doubled),
        text=f"{doubled} doubled, {len(lossy)} logs with a loss, {len(wrong)} wrong exit codes, {kills} kills",
        figures={"kills": kills, "doubled": doubled, "lossy_logs": len(lossy), "log_bytes": log_bytes},
    )


def _kill_keeper(home: Home) -> None:
    for keeper in scene.keepers(home):
        kill(keeper)


def broken(seed: int) -> Measured:
    """A pump that reads and then writes, killed again and again."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        fifo, log = f"{folder}/fifo", Path(folder) / "log"
        os.mkfifo(fifo)
        (Path(folder) / "writer.py").write_text(WRITER)
        output = os.open(fifo, os.O_RDWR)
        with subprocess.Popen([sys.executable, "-IS", "writer.py", "0"], cwd=folder, stdout=output) as writer:
            for _ in range(DOUBLE_KILLS):
                before = log.stat().st_size if log.exists() else 0
                with subprocess.Popen([sys.executable, "-IS", "-c", PUMP, fifo, str(log)]) as pump:
                    wait_until(lambda before=before: log.exists() and log.stat().st_size > before, "it pumps")
                    time.sleep(chance.uniform(0, 0.02))
                    pump.kill()
            (Path(folder) / "end").touch()
            writer.wait()
        os.set_blocking(output, False)
        with open(output, "rb") as rest:
            left = rest.read() or b""
        kept = scene.numbered(log.read_bytes() + left)
    return Measured(kept=kept, text="a log with " + ("no loss" if kept else "a loss"))


HARNESS = Harness(
    name="keeper_kills",
    target="0 services doubled, 0 lines lost, 0 wrong exit codes",
    measure=measure,
    broken=broken,
)
