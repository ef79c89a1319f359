"""Services whose processes get away in seven ways are stopped again and again; nobody is left."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from nexsock.keeper import linux
from nexsock.runtime import identity
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.conftest import kill, wait_until

QUICK, FULL = 2, 50
WAYS = ("group", "session", "orphan", "orphan-session", "cleared", "all", "restless")
OUT_OF_GROUP = ("group", "session", "orphan-session", "all", "restless")
PROGRAM = """
import os, signal, sys, time
way, told, manners = sys.argv[1:]
if os.fork() == 0:
    if way == "group":
        os.setpgid(0, 0)
    if way in ("session", "orphan-session", "all", "restless"):
        os.setsid()
    if way in ("orphan", "orphan-session", "all") and os.fork():
        os._exit(0)
    if manners == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(told + ".part", "w") as file:
        file.write(str(os.getpid()))
    os.rename(told + ".part", told)
    if way in ("all", "restless"):
        os.closerange(0, 64)
    if way in ("cleared", "all"):
        os.execve("/bin/sleep", ["sleep", "1000"], {})
    while way == "restless":
        if os.fork():
            os._exit(0)
        time.sleep(0.001)
time.sleep(1000)
"""
"""Leaves a process that has gone its way and told its pid; `deaf`: it does not heed SIGTERM. The restless one forks and
ends all the time, so that nobody who looks finds the one that he has seen."""


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
            survivors += [way for way, pid in escaped.items() if _left(pid)]
            for way, pid in escaped.items():
                (road.folder / way).unlink()
                _end(pid)
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


def _escaped(told: Path) -> int:
    wait_until(told.exists, f"{told.name} has gone its way")
    return int(told.read_text())


def _left(escaped: int) -> list[int]:
    """The process itself, and what lives in the session that it leads or has led."""
    return [pid for pid in identity.pids() if _is_of(escaped, pid)]


def _is_of(escaped: int, pid: int) -> bool:
    try:
        fields = linux.stat_fields(pid)
    except OSError:
        return False
    return not linux.has_ended(fields) and (pid == escaped or int(fields[3]) == escaped)


def _end(escaped: int) -> None:
    while left := _left(escaped):
        for pid in left:
            kill(pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(0) != escaped:
                os.killpg(escaped, signal.SIGKILL)


def broken(seed: int) -> Measured:
    """A manager that stops a service by a signal to its process group."""
    del seed
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            argv = [sys.executable, "-ISc", PROGRAM, way, f"{folder}/{way}", "polite"]
            with subprocess.Popen(argv, start_new_session=True) as main:
                pid = _escaped(Path(folder) / way)
                os.killpg(main.pid, signal.SIGKILL)
            wait_until(lambda pid=pid, way=way: way in OUT_OF_GROUP or not _left(pid), "the group ends")
            survivors += bool(_left(pid))
            _end(pid)
    return Measured(kept=survivors == 0, text=f"{survivors} survivors of {len(WAYS)} stops")


HARNESS = Harness(name="escapes", target="0 survivors of seven ways of escaping", measure=measure, broken=broken)
