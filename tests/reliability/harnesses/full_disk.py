"""A disk that is full: services go on, their oldest output makes room, and what was commanded is not forgotten.

Needs root for a small disk of its own; elsewhere it says that nothing was measured.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nexsock.daemon import recall
from nexsock.keeper import wire
from nexsock.places import from_environ
from nexsock.runtime import identity
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import wait_until
from tests.roads.road import Road

DISK_MB = 12
QUICK_MB, FULL_MB = 20, 500
QUICK_ROUNDS, FULL_ROUNDS = 1, 20
LINE_BYTES = 64
CHATTY = """
import os, sys
for first in range(0, int(sys.argv[1]), 256):
    os.write(1, b"".join(b"%063d\\n" % number for number in range(first, first + 256)))
"""
PROJECT = """
services:
  chatty: {{command: [{python}, -IS, chatty.py, '{lines}'], oneshot: true, logging: {{max_size: 2MiB, max_files: 100}}}}
  a: {{command: exec sleep 1000}}
  b: {{command: exec sleep 1000}}
"""
INTENTS = {"stop": "stopped", "start": "up"}
PHASES = {"stop": "stopped", "start": "running"}
SETTLED_S = 10.0
"""How long the next daemon may take to have everything as it was commanded."""
KEEPS_THE_OLDEST = """
import os, sys
log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
while read := os.read(0, 65536):
    try:
        os.write(log, read)
    except OSError:
        pass
"""
"""A pump that meets a full disk by not writing any more."""


def measure(seed: int, full: bool) -> Measured:
    if os.getuid() != 0:
        return Measured(kept=True, text="not measured: only root can have a small disk")
    chance, lines = random.Random(seed), (FULL_MB if full else QUICK_MB) * 10**6 // LINE_BYTES // 256 * 256
    with scene.project(PROJECT.format(python=sys.executable, lines=lines), disk_mb=DISK_MB) as road:
        (road.folder / "chatty.py").write_text(CHATTY)
        road.up("chatty")
        faults = _faults_of_log(road, lines)
        forgotten = [wrong for _ in range(FULL_ROUNDS if full else QUICK_ROUNDS) for wrong in _forgotten(road, chance)]
    sizes = f"{lines * LINE_BYTES >> 20} MiB on a disk of {DISK_MB}"
    return Measured(
        kept=not faults and not forgotten,
        text=f"{len(faults)} faults of the log, {len(forgotten)} commands forgotten, {sizes}",
        figures={"lines": lines, "faults": "; ".join(faults), "forgotten": "; ".join(forgotten)},
    )


def _faults_of_log(road: Road, lines: int) -> list[str]:
    """What is wrong with what is kept: it must be the newest lines, and what is missing must be stated."""
    kept = b"".join(path.read_bytes() for path in _files(road))
    numbers = [int(line) for line in kept.split()]
    first = numbers[0] if numbers else lines
    stated = 0
    for path in reversed(_files(road)):
        records = list(wire.INDEX_RECORD.iter_unpack(_whole(path.with_name(path.name.replace(".log", ".idx")))))
        stated += sum(length for _, _, length, _, _, flags in records if flags & wire.FLAG_LOST)
        base = records[0][0]
    faults = []
    if numbers != list(range(first, lines)):
        faults.append(f"{len(numbers)} lines from {first} are not the newest of {lines}")
    if base != first * LINE_BYTES:
        faults.append(f"{base} bytes are said to be missing at the beginning, not {first * LINE_BYTES}")
    if not stated or "dropped" not in road.done("logs", "chatty"):
        faults.append("the loss is not stated")
    return faults


def _files(road: Road) -> list[Path]:
    """The log files of chatty, the oldest first."""
    found = list((road.state / "logs").glob("chatty.log*"))
    return sorted(found, key=lambda path: -int(path.suffix[1:]) if path.suffix != ".log" else 0)


def _whole(index: Path) -> bytes:
    content = index.read_bytes()
    return content[: len(content) // wire.INDEX_RECORD.size * wire.INDEX_RECORD.size]


def _forgotten(road: Road, chance: random.Random) -> list[str]:
    """Stop or start services while nothing can be written, make room, kill the daemon; what the next does not know."""
    ballast = road.home.folder / "ballast"
    _fill(ballast)
    wanted = {name: chance.choice(("stop", "start")) for name in ("a", "b")}
    for name, verb in wanted.items():
        road.done(verb, name)
    ballast.unlink()
    wait_until(
        lambda: _intents(road) == {name: INTENTS[verb] for name, verb in wanted.items()}, "the disk has taken it"
    )
    scene.kill_daemon(road.home)
    deadline = time.monotonic() + SETTLED_S
    while wrong := _wrong(road.phases(), wanted):
        if time.monotonic() > deadline:
            break
    return wrong


def _wrong(phases: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """What is not as it was commanded."""
    expected = {name: PHASES[verb] for name, verb in wanted.items()}
    return [f"{name} is {phases[name]}, not {phase}" for name, phase in expected.items() if phases[name] != phase]


def _intents(road: Road) -> dict[str, str]:
    """What the next brain would know of the services that were commanded."""
    folder = from_environ(road.home.environ, os.getuid()).project_runtime(road.id)
    wants = recall.load_wants(folder, identity.boot_id())
    return {name: intent for name, intent in (wants.intents if wants else {}).items() if name in ("a", "b")}


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def broken(seed: int) -> Measured:
    """A pump that drops what is new, on a disk that is full."""
    del seed
    lines = 10_000 // 256 * 256
    with tempfile.TemporaryDirectory() as folder:
        log, limit = Path(folder) / "log", "ulimit -f 100; trap '' XFSZ; exec"
        argv = [sys.executable, "-IS", "-c"]
        with subprocess.Popen([*argv, CHATTY, str(lines)], stdout=subprocess.PIPE) as writer:
            pump = ["/bin/sh", "-c", f'{limit} "$0" "$@"', *argv, KEEPS_THE_OLDEST, str(log)]
            subprocess.run(pump, stdin=writer.stdout, check=True)
        kept = log.read_bytes().split()
    newest = bool(kept) and int(kept[-1]) == lines - 1
    return Measured(kept=newest, text=f"the newest of {lines} lines is {'kept' if newest else 'lost'}")


HARNESS = Harness(
    name="full_disk",
    target="newest output kept, loss stated, 0 commands forgotten",
    measure=measure,
    broken=broken,
)
