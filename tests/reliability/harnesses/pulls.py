"""Ten repositories at once, cloned and pulled again and again, and a client beside that asks only for a ping.

Each pull brings hundreds of files to each of ten services, which are started again from what has come. The client's
answers are counted as if it had asked in even steps, as in the harness `plugins`. What git takes from a machine is
measured first: the same repositories are cloned by hand, as many at once, with a daemon that has nothing to do with it.
"""

import asyncio
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nexsock.daemon.checkouts import AT_ONCE
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.reliability.pinging import Pinging, beside_the_loop, p99_in_ms
from tests.roads.road import Road
from tests.runtime import repositories
from tests.runtime.repositories import Remote

SERVICES = 10
FILES = 300
FILE_BYTES = 4096
ROUNDS = {False: 2, True: 20}
P99_MS = 50.0
SHARED = {False: 40.0, True: 3.0}
"""A multiple of what the client saw beside git by hand, on a machine that has no core to spare."""
IN_TIME_S = 60.0


def measure(seed: int, full: bool) -> Measured:
    chance = random.Random(seed)
    with scene.project("services: {}") as road:
        remotes = _remotes(road.folder)
        for remote in remotes:
            _grow(remote, chance)
        road.environ.update({"NEXSOCK_ALLOW_OUTSIDE": "1", **repositories.IDENTITY})
        road.edit("services: {own: {command: exec sleep 100000}}")
        road.up()
        road.edit(_services(remotes))
        socket = f"{road.home.folder}/run/nexsockd.sock"
        with Pinging(socket, IN_TIME_S) as before:
            _clone_by_hand(remotes, road.folder / "by-hand")
        with Pinging(socket, IN_TIME_S) as cloning:
            road.up()
        during: list[float] = []
        for _ in range(ROUNDS[full]):
            for remote in remotes:
                _grow(remote, chance)
            with Pinging(socket, IN_TIME_S) as pulling:
                road.done("git", "pull")
                road.up()
            during += pulling
        wrong = [text for remote in remotes if (text := _fault(road, remote))]
        if "Traceback" in road.home.log:
            wrong.append("the daemon stumbled")
    before_ms, clone_ms, pull_ms = p99_in_ms(before), p99_in_ms(cloning), p99_in_ms(during)
    return Measured(
        kept=not wrong and max(clone_ms, pull_ms) <= max(P99_MS, before_ms * SHARED[full]),
        text=f"{ROUNDS[full]} pulls of {SERVICES}: p99 {pull_ms:.1f} ms, of the clones {clone_ms:.1f} ms "
        f"({before_ms:.1f} beside git by hand), " + ("; ".join(wrong) or "0 faults"),
        figures={
            "pulls": ROUNDS[full] * SERVICES,
            "pings": len(during),
            "p99_ms": round(pull_ms, 1),
            "p99_ms_of_clones": round(clone_ms, 1),
            "p99_ms_by_hand": round(before_ms, 1),
            "worst_ms": round(max(during) * 1000, 1),
            "wrong": "; ".join(wrong),
        },
    )


def _remotes(folder: Path) -> list[Remote]:
    (folder / "remotes").mkdir()
    return [Remote(folder / "remotes", f"web{number}") for number in range(SERVICES)]


def _clone_by_hand(remotes: list[Remote], folder: Path) -> None:
    folder.mkdir()

    def clone(remote: Remote) -> None:
        repositories.git(folder, "clone", "-q", str(remote.path), remote.path.stem)
        repositories.git(folder / remote.path.stem, "status")

    with ThreadPoolExecutor(AT_ONCE) as doing:
        list(doing.map(clone, remotes))


def _services(remotes: list[Remote]) -> str:
    lines = (
        f"  {remote.path.stem}: {{command: exec sleep 100000, git: {{url: {remote.path}}}}}\n" for remote in remotes
    )
    return "services:\n  own: {command: exec sleep 100000}\n" + "".join(lines)


def _grow(remote: Remote, chance: random.Random) -> None:
    """Hundreds of files that do not compress."""
    for number in range(FILES):
        (remote.seed / f"{number}.bin").write_bytes(chance.randbytes(FILE_BYTES))
    repositories.git(remote.seed, "add", ".")
    remote.push("app.txt", str(chance.random()))


def _fault(road: Road, remote: Remote) -> str:
    """What is wrong with a service, "" as a rule: its checkout is the remote's, and it runs from that."""
    wanted = repositories.git(remote.path, "rev-parse", "main")
    line = road.service(remote.path.stem)
    if line["phase"] != "running" or line["git"]["commit"] != wanted or line.get("stale"):
        return f"{remote.path.stem} is {line}, not on {wanted}"
    return ""


def broken(seed: int) -> Measured:
    """A daemon that waits for git where it serves."""
    took = asyncio.run(_pinged_beside_git(str(seed)))
    return Measured(kept=p99_in_ms(took) <= P99_MS, text=f"p99 {p99_in_ms(took):.1f} ms")


async def _pinged_beside_git(seed: str) -> list[float]:
    async with beside_the_loop() as took:
        for _ in range(10):
            await asyncio.sleep(0.01)
            _wait_for_ten(seed)
        await asyncio.sleep(0.01)
    return took


def _wait_for_ten(seed: str) -> None:
    command = ["git", "hash-object", "--stdin"]
    for _ in range(SERVICES):
        subprocess.run(command, input=seed.encode(), stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["sleep", "0.1"], check=True)  # what a server takes to answer


HARNESS = Harness(
    name="pulls",
    target=f"ten repositories cloned and pulled at once: a client's p99 under {P99_MS:g} ms",
    measure=measure,
    broken=broken,
)
