"""Records that lie about which process is a service's: the stranger of whom they speak counts the signals it gets."""

import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from nexsock.model.state import Record, Stopping
from nexsock.runtime import clock, identity
from nexsock.runtime.identity import Identity
from nexsock.store import store
from nexsock.store.writer import Writer
from tests.processes import kill
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import wait_until
from tests.roads.road import Road

QUICK, FULL = 1, 10
STRANGER = """
import os, signal, sys, time
def note(number, frame):
    os.write(told, b"%d\\n" % number)
told = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
    signal.signal(number, note)
os.fork()
os.write(told, b"ready\\n")
while True:
    time.sleep(1000)
"""
"""Leads a group of two, each of which writes down what it hears."""

Lie = Callable[[Identity], Identity]
LIES: dict[str, Lie] = {
    "recycled": lambda one: Identity(one.pid, one.start_ticks - 1, one.boot_id),
    "newer": lambda one: Identity(one.pid, one.start_ticks + 1, one.boot_id),
    "boot": lambda one: Identity(one.pid, one.start_ticks, "another boot"),
    "no-ticks": lambda one: Identity(one.pid, 0, one.boot_id),
    "no-boot": lambda one: Identity(one.pid, one.start_ticks, ""),
    "init": lambda one: Identity(1, identity.start_ticks(1), one.boot_id),
    "zero": lambda one: Identity(0, one.start_ticks, one.boot_id),
    "everybody": lambda one: Identity(-1, one.start_ticks, one.boot_id),
    "group": lambda one: Identity(-one.pid, one.start_ticks, one.boot_id),
}
"""What a record says of a service's process, when this one is the stranger."""
PROJECT = "services:\n" + "".join(f"  {name}: {{command: exec sleep 1000, restart: 'no'}}\n" for name in LIES)


def measure(seed: int, full: bool) -> Measured:
    chance, rounds = random.Random(seed), FULL if full else QUICK
    heard: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            with _stranger(Path(folder) / str(number)) as (one, words), scene.project(PROJECT) as road:
                _plant(road, one, chance)
                for verb in chance.sample(("stop", "restart", "kill"), 3):
                    road.run(verb, *LIES)
                road.run("down", "-t", "0")
                heard += words()
                if identity.same(one) != "same":
                    heard.append("SIGKILL")
    planted = rounds * len(LIES)
    return Measured(
        kept=not heard,
        text=f"{len(heard)} signals to strangers, {planted} records",
        figures={"records": planted, "signals": len(heard), "heard": " ".join(heard)},
    )


@contextmanager
def _stranger(told: Path) -> Iterator[tuple[Identity, Callable[[], list[str]]]]:
    """A process that is nobody's service, and what it and its child have heard so far."""

    def words() -> list[str]:
        return told.read_text().split() if told.exists() else []

    with subprocess.Popen([sys.executable, "-IS", "-c", STRANGER, str(told)], start_new_session=True) as process:
        try:
            wait_until(lambda: words().count("ready") == 2, "the stranger and its child listen")
            yield identity.identify(process.pid), lambda: words()[2:]
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _plant(road: Road, one: Identity, chance: random.Random) -> None:
    """Have the services up, kill them and the daemon, and lie to the next daemon about each."""
    road.up()
    pids = road.pids()
    scene.kill_daemon(road.home)
    for pid in filter(None, pids.values()):
        kill(pid)
    for fifo in road.home.folder.rglob("*.out"):  # of those that stay the end is known to be unknown
        if chance.random() < 0.5:
            fifo.unlink()
    _remember(road, lambda record: _lie(record, LIES[record.name](one), chance))


def _remember(road: Road, change: Callable[[Record], Record]) -> None:
    writer = Writer()
    opened = store.open_store(str(road.state / "state.json"), writer, print)
    for record in opened.load().records.values():
        opened.put(change(record))
    opened.close()
    writer.close()


def _lie(record: Record, told: Identity, chance: random.Random) -> Record:
    """The record of the process that is told of, which runs or is just being ended."""
    assert record.run is not None
    run = replace(record.run, pid=told.pid, start_ticks=told.start_ticks, boot_id=told.boot_id)
    if chance.random() < 0.5:
        return replace(record, run=run)
    now = clock.monotonic()
    return replace(record, run=run, phase="stopping", stopping=Stopping(cause=run.cause, since_mono=now, kill_mono=now))


def broken(seed: int) -> Measured:
    """A manager that believes the pid in its record."""
    del seed
    with tempfile.TemporaryDirectory() as folder, _stranger(Path(folder) / "told") as (one, words):
        told = LIES["recycled"](one)
        os.kill(told.pid, signal.SIGTERM)
        wait_until(words, "the stranger hears it")
        return Measured(kept=not words(), text=f"{len(words())} signals to strangers, 1 record")


HARNESS = Harness(name="strangers", target="0 signals to strangers", measure=measure, broken=broken)
