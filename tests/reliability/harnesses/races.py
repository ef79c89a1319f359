"""Many commands at once find no daemon, and each would start one: there is one, and all of them are served by it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import Home

ROOT = Path(__file__).parents[3]
QUICK, FULL = (12, 3), (50, 20)
"""How many at once, and how often."""
LEFTOVERS = ("nothing", "a socket of nobody", "a lock of nobody", "a lock without a socket", "no folders at all")
"""What the last daemon left behind, in turns."""


def measure(seed: int, full: bool) -> Measured:
    count, rounds = FULL if full else QUICK
    failed: list[object] = []
    doubled = 0
    with tempfile.TemporaryDirectory(prefix="nx-", dir="/tmp") as folder:
        home = Home(Path(folder))
        for number in range(rounds):
            _leave(home, LEFTOVERS[(seed + number) % len(LEFTOVERS)])
            got = _rush("careful", home, count)
            failed += [one for one in got if not isinstance(one, int)]
            served_by = {one for one in got if isinstance(one, int)}
            doubled += max(len(served_by), len(scene.brains(home)), len(scene.keepers(home))) - 1
            home.end()
    return Measured(
        kept=not failed and not doubled,
        text=f"{count} starts at once {rounds} times: {doubled} daemons too many, {len(failed)} without an answer",
        figures={"at_once": count, "rounds": rounds, "doubled": doubled, "failed": "; ".join(map(str, failed))},
    )


def _leave(home: Home, what: str) -> None:
    run, state = home.folder / "run", home.folder / "state"
    match what:
        case "a socket of nobody":
            run.mkdir(mode=0o700, exist_ok=True)
            subprocess.run([sys.executable, "-c", _BIND, str(run / "nexsockd.sock")], check=True)
        case "a lock of nobody":
            state.mkdir(mode=0o700, exist_ok=True)
            (state / "daemon.lock").write_text("4194304\n")
        case "a lock without a socket":
            state.mkdir(mode=0o700, exist_ok=True)
            (state / "daemon.lock").write_text(f"{os.getpid()}\n")
        case "no folders at all":
            subprocess.run(["rm", "-rf", str(run), str(state)], check=True)


_BIND = "import os, socket, sys; os.path.exists(sys.argv[1]) or socket.socket(socket.AF_UNIX).bind(sys.argv[1])"


def _rush(how: str, home: Home, count: int) -> list[object]:
    command = [sys.executable, "-m", "tests.reliability.rush", how, str(home.folder), str(count)]
    environ = {**home.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=home.folder, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return list(json.loads(done.stdout))


def broken(seed: int) -> Measured:
    """Daemons that trust bind to keep a second one out."""
    with tempfile.TemporaryDirectory(prefix="nx-", dir="/tmp") as folder:
        serving = {one for one in _rush("careless", Home(Path(folder)), 5) if isinstance(one, int)}
    return Measured(kept=len(serving) <= 1, text=f"{len(serving)} daemons think that they serve")


HARNESS = Harness(name="races", target="one daemon, and every command served by it", measure=measure, broken=broken)
