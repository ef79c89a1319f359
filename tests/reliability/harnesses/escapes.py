"""Services whose processes get away in six ways are stopped again and again; nobody is left."""

import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from nexsock.runtime import identity
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.conftest import Road, kill, wait_until

QUICK, FULL = 2, 50
WAYS = ("group", "session", "orphan", "orphan-session", "cleared", "all")
OUT_OF_GROUP = ("group", "session", "orphan-session", "all")
PROGRAM = """
import os, signal, sys, time
way, told, manners = sys.argv[1:]
if os.fork() == 0:
    if way == "group":
        os.setpgid(0, 0)
    if way in ("session", "orphan-session", "all"):
        os.setsid()
    if way in ("orphan", "orphan-session", "all") and os.fork():
        os._exit(0)
    if manners == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(told + ".part", "w") as file:
        file.write(str(os.getpid()))
    os.rename(told + ".part", told)
    if way == "all":
        os.closerange(0, 64)
    if way in ("cleared", "all"):
        os.execve("/bin/sleep", ["sleep", "1000"], {})
time.sleep(1000)
"""
"""Leaves a process that has gone its way and told its pid; `deaf`: it does not heed SIGTERM."""


def measure(seed: int, full: bool) -> Measured:
    chance, rounds = random.Random(seed), FULL if full else QUICK
    survivors: list[str] = []
    with scene.project("services: {}") as road:
        (road.folder / "escape.py").write_text(PROGRAM)
        for _ in range(rounds):
            road.edit(_services({way: chance.choice(("deaf", "polite")) for way in WAYS}))
            road.up()
            escaped = {way: _escaped(road.folder / way) for way in WAYS}
            road.run("down", "-t", "100ms")
            survivors += [way for way, one in escaped.items() if identity.same(one) == "same"]
            _clean(escaped, road)
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


def _escaped(told: Path) -> identity.Identity:
    wait_until(told.exists, f"{told.name} has gone its way")
    return identity.identify(int(told.read_text()))


def _clean(escaped: dict[str, identity.Identity], road: Road) -> None:
    for way, one in escaped.items():
        (road.folder / way).unlink()
        if identity.same(one) == "same":
            kill(one.pid)


def broken(seed: int) -> Measured:
    """A manager that stops a service by a signal to its process group."""
    del seed
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            argv = [sys.executable, "-ISc", PROGRAM, way, f"{folder}/{way}", "polite"]
            with subprocess.Popen(argv, start_new_session=True) as main:
                one = _escaped(Path(folder) / way)
                os.killpg(main.pid, signal.SIGKILL)
            wait_until(lambda one=one, way=way: way in OUT_OF_GROUP or identity.same(one) != "same", "the group ends")
            survivors += identity.same(one) == "same"
            kill(one.pid)
    return Measured(kept=survivors == 0, text=f"{survivors} survivors of {len(WAYS)} stops")


HARNESS = Harness(name="escapes", target="0 survivors of six ways of escaping", measure=measure, broken=broken)
