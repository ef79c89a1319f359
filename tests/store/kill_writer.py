"""Kill a process that writes a state file, many times at random moments, and look at what is left.

    python kill_writer.py safe|default FILE KILLS SEED

Prints one JSON line: kills, unreadable (files that nobody can read any more), lost (files older than the last write
that had returned). `default` is TinyDB's own storage; it proves that this harness can see a loss.
"""

import json
import mmap
import os
import random
import signal
import sys
import time
from collections.abc import Callable

from tinydb.storages import JSONStorage, Storage

from nexsock.store.storage import SafeStorage

LONGEST_LIFE_S = 0.02


def document(number: int) -> dict[str, dict[str, object]]:
    """A state of 20 services that is now longer, now shorter than the one before."""
    reason = "x" * (number * 7919 % 400)
    return {"meta": {"1": {"number": number}}, "service": {str(row): {"reason": reason} for row in range(20)}}


def never(text: str) -> None:
    raise AssertionError(text)


def write_until_killed(storage: Storage, number: int, returned: mmap.mmap, ready: int) -> None:
    """Write document after document; `returned` holds the number of the last whose write came back."""
    os.write(ready, b".")
    while True:
        number += 1
        storage.write(document(number))
        returned[:8] = number.to_bytes(8, "little")


def kill_once(
    open_storage: Callable[[], Storage], number: int, life_s: float, returned: mmap.mmap, *, writes_first: bool
) -> None:
    """One life of a writer, from its readiness, or from its first write that came back, to its end by SIGKILL."""
    readable, ready = os.pipe()
    pid = os.fork()
    if not pid:
        write_until_killed(open_storage(), number, returned, ready)
    os.close(ready)
    os.read(readable, 1)
    while writes_first and int.from_bytes(returned[:8], "little") <= number:
        time.sleep(0.0002)
    time.sleep(life_s)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(readable)


def main(kind: str, path: str, kills: int, seed: int) -> dict[str, int]:
    chance = random.Random(seed)
    returned = mmap.mmap(-1, 8)
    unreadable = lost = number = 0
    for life in range(kills):
        life_s, writes_first = chance.random() * LONGEST_LIFE_S, life % 2 == 1
        kill_once(lambda: opened(kind, path), number, life_s, returned, writes_first=writes_first)
        acknowledged = int.from_bytes(returned[:8], "little")
        found = number_in(kind, path)
        if found is None:
            unreadable += 1
            os.unlink(path)
        elif found < acknowledged:
            lost += 1
        number = acknowledged + 1
    return {"kills": kills, "unreadable": unreadable, "lost": lost, "writes": number}


def opened(kind: str, path: str) -> Storage:
    return SafeStorage(path, report=never) if kind == "safe" else JSONStorage(path)


def number_in(kind: str, path: str) -> int | None:
    """The number of the document that is there now; 0 for an empty file, None for an unreadable one."""
    try:
        storage = opened(kind, path)
        found = storage.read()
        storage.close()
    except (AssertionError, ValueError):
        return None
    return int(found["meta"]["1"]["number"]) if found else 0


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
