"""A writer of the state file that is killed at any moment; the file must be readable and lose no finished write."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reliability.harness import Harness, Measured

ROOT = Path(__file__).parents[3]
WRITER = ROOT / "tests" / "store" / "kill_writer.py"
QUICK, FULL, BROKEN = 60, 1000, 40


def killed(kind: str, kills: int, seed: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, WRITER, kind, f"{folder}/state.json", str(kills), str(seed)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    found = json.loads(done.stdout)
    return Measured(
        kept=found["unreadable"] == 0 and found["lost"] == 0 and found["writes"] > 0,
        text=f"{found['unreadable']} unreadable, {found['lost']} writes lost in {kills} kills",
        figures={"kills": kills, **found},
    )


def measure(seed: int, full: bool) -> Measured:
    return killed("safe", FULL if full else QUICK, seed)


def broken(seed: int) -> Measured:
    """TinyDB's own storage, which writes over the file."""
    return killed("default", BROKEN, seed)


HARNESS = Harness(name="state_file", target="0 unreadable, 0 finished writes lost", measure=measure, broken=broken)
