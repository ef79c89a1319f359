"""Services whose processes get away in seven ways are stopped again and again; nobody is left."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.processes import kill
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import wait_until

QUICK, FULL = 2, 50
WAYS = ("group", "session", "orphan", "orphan-session", "cleared", "all", "restless")
OUT_OF_GROUP = ("group", "session", "orphan-session", "all", "restless")
PROGRAM = """
import os, signal, sys, time
way, told, manners = sys.argv[1:]
end = time.monotonic() + 600
if os.fork() == 0:
    if way == "group":
        os.setpgid(0, 0)
    if way in ("session", "orphan-session", "all", "restless"):
        os.setsid()
    if way in ("orphan", "orphan-session", "all") and os.fork():
        os._exit(0)
    if manners == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.dup2(os.open(told + ".life", os.O_WRONLY), 200)
    with open(told + ".part", "w") as file:
        file.write(str(os.getpid()))
    os.rename(told + ".part", told)
    if way in ("all", "restless"):
        os.closerange(0, 64)
    if way in ("cleared", "all"):
        os.execve("/bin/sleep", ["sleep", "600"], {})
    while way == "restless" and time.monotonic() < end:
        if os.fork():
            os._exit(0)
        time.sleep(0.001)
time.sleep(600)
"""
"""Leaves a process that has gone its way and told its pid; `deaf`: it does not heed SIGTERM. The restless one forks and
ends all the time, so that nobody who looks finds the one that he has seen. Each keeps the FIFO of its life open."""


class Escaped:
    """A process that has got away, with all that it forks. The end of its FIFO is proof that nobody is left.

    Args:
        told: where it says its pid; its FIFO is to be made before it is started.
    """

    def __init__(self, told: Path) -> None:
        self._told = told
        os.mkfifo(f"{told}.life")
        self._life = os.open(f"{told}.life", os.O_RDONLY | os.O_NONBLOCK)
        self._pid = 0

    def gone_its_way(self) -> None:
        wait_until(self._told.exists, f"{self._told.name} has gone its way")
        self._pid = int(self._told.read_text())

    @property
    def lives(self) -> bool:
        try:
            return os.read(self._life, 1) != b""
        except BlockingIOError:
            return True

    def end(self) -> None:
        """End it, and do not come back before it is gone."""
        wait_until(self._is_ended, f"{self._told.name} is ended")
        os.close(self._life)
        self._told.unlink()
        os.unlink(f"{self._told}.life")

    def _is_ended(self) -> bool:
        if not self.lives:
            return True
        kill(self._pid)
        if self._told.name == "restless":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)
        return False


def measure(seed: int, full: bool) -> Measured:
    chance, rounds = random.Random(seed), FULL if full else QUICK
    survivors: list[str] = []
    with scene.project("services: {}") as road:
        (road.folder / "escape.py").write_text(PROGRAM)
        for _ in range(rounds):
            escaped = {way: Escaped(road.folder / way) for way in WAYS}
            road.edit(_services({way: chance.choice(("deaf", "polite")) for way in WAYS}))
            road.up()
            for one in escaped.values():
                one.gone_its_way()
            road.run("down", "-t", "100ms")
            survivors += [way for way, one in escaped.items() if one.lives]
            for one in escaped.values():
                one.end()
    return Measured(
        kept=not survivors,
        text=f"{len(survivors)} survivors of {rounds * len(WAYS)} stops",
        figures={"stops": rounds * len(WAYS), "survivors": len(survivors), "ways": " ".join(sorted(set(survivors)))},
    )


def _services(manners: dict[str, str]) -> str:
    lines = [
        f"  {way}: {{command: [{sys.executable}, -IS, escape.py, {way}, {way}, {manners[way]}]}}" for way in manners
    ]
    return "\n".join(["services:", *lines, ""])


def broken(seed: int) -> Measured:
    """A manager that stops a service by a signal to its process group."""
    del seed
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            escaped = Escaped(Path(folder) / way)
            argv = [sys.executable, "-ISc", PROGRAM, way, f"{folder}/{way}", "polite"]
            with subprocess.Popen(argv, start_new_session=True) as main:
                escaped.gone_its_way()
                os.killpg(main.pid, signal.SIGKILL)
            wait_until(lambda one=escaped, way=way: way in OUT_OF_GROUP or not one.lives, "the group ends")
            survivors += escaped.lives
            escaped.end()
    return Measured(kept=survivors == 0, text=f"{survivors} survivors of {len(WAYS)} stops")


HARNESS = Harness(name="escapes", target="0 survivors of seven ways of escaping", measure=measure, broken=broken)
