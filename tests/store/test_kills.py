"""A writer that is killed at any moment leaves a file that is readable and not older than its last finished write.

NEXSOCK_KILLS and NEXSOCK_SEED set how often and where; the figure of 1,000 is `NEXSOCK_KILLS=1000 pytest` on this file.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).with_name("kill_writer.py")
ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("NEXSOCK_KILLS", "150"))
SEED = int(os.environ.get("NEXSOCK_SEED", "1"))


def kill(kind: str, path: str, kills: int) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, HARNESS, kind, path, str(kills), str(SEED)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_harness_sees_the_default_storage_lose_its_file(state_path):
    assert kill("default", state_path, 40)["unreadable"] > 0


def test_no_kill_makes_the_state_unreadable_or_loses_a_finished_write(state_path):
    found = kill("safe", state_path, KILLS)
    print(found)
    assert (found["unreadable"], found["lost"]) == (0, 0), f"seed {SEED}: {found}"
    assert found["writes"] >= KILLS // 2, "the writer hardly wrote; nothing is proven"
