"""Hostile plugins in Lua, one after the other as commands begin, and a client beside that asks only for a ping.

Every script of tests/plugins/lua_attacks.py is put in the place of the last one. The command is answered in time, the
daemon names the plugin that had no answer, canaries stay untouched, and the client does not notice. Its answers are
counted as if it had asked in even steps: one that took a second stands for all that would have been asked meanwhile.
"""

import asyncio
import random
import tempfile
import time
from pathlib import Path

from nexsock import errors
from nexsock.model.plugin import PluginStatus
from nexsock.model.project import ProjectRef
from nexsock.plugins.lua_sandbox import Given, Sandbox
from nexsock.protocol.api import PluginsRequest, ServicesRequest
from tests.plugins.canaries import SECRET, Canaries
from tests.plugins.lua_attacks import ATTACKS, Attack
from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.reliability.pinging import Pinging, beside_the_loop, p99_in_ms
from tests.reliability.visitor import Visitor
from tests.roads.road import Road

PROJECT = "services: {web: {command: [sleep, '100000']}}"
MANIFEST = """
NEXSOCK_PLUGIN = {
  name = "bad", abi = "1.0", hooks = { "pre_command" }, capabilities = { "environment", "services", "storage" },
}
"""
QUICK_ATTACKS = 25
BASELINE_S = 1.0
P99_MS = 50.0
SHARED = {False: 40.0, True: 10.0}
"""As in the harness attack: a multiple of what the client saw before, on a machine that does other things as well."""
IN_TIME_S = 20.0
"""for a command: a new process, 2 s for the call, and a machine that is busy"""


class Attacked:
    """A daemon into which one hostile script after the other is put."""

    def __init__(self, road: Road, canaries: Canaries) -> None:
        self._canaries = canaries
        self._folder = road.home.folder / "config" / "plugins" / "lua"
        self._folder.mkdir(parents=True, mode=0o700)
        self._state = road.home.folder / "state"
        self.socket = f"{road.home.folder}/run/nexsockd.sock"
        self._visitor = Visitor(self.socket, limit_s=IN_TIME_S)
        self._command = ServicesRequest(project=ProjectRef(directory=str(road.folder), environ={}), services=("web",))

    def live_through(self, name: str, attack: Attack) -> str:
        """What is wrong afterwards, "" as a rule."""
        self._put(attack)
        told = ""
        try:
            self._visitor.call("start_service", self._command)
        except errors.NexsockError as error:
            told = str(error)
        (status,) = self._visitor.call("plugins", PluginsRequest())
        if touched := self._canaries.touched(told + repr(status) + self._logged()):
            return f"{name}: {', '.join(touched)}"
        return "" if is_told(status, attack) else f"{name}: nothing is told of it, but {status!r}"

    def close(self) -> None:
        self._visitor.close()

    def _put(self, attack: Attack) -> None:
        script = self._canaries.aimed_at(attack.script).replace("pre_start", "pre_command")
        text = script if script.startswith("\x1b") else MANIFEST + script
        unfinished, plugin = self._folder / "bad.unfinished", self._folder / "bad.lua"
        unfinished.write_text(text)
        unfinished.chmod(0o600)
        unfinished.replace(plugin)

    def _logged(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self._state.rglob("*.log"))


def is_told(status: PluginStatus, attack: Attack) -> bool:
    """Whether `plugin list` says what came of an attack, by the name of the plugin."""
    if status.name != "bad":
        return False
    return attack.comes.startswith("answered") or bool(status.last_fault or status.reason)


def measure(seed: int, full: bool) -> Measured:
    names = random.Random(seed).sample(sorted(ATTACKS), len(ATTACKS) if full else QUICK_ATTACKS)
    with scene.project(PROJECT) as road, tempfile.TemporaryDirectory(prefix="nx-") as folder:
        road.environ["NEXSOCK_CANARY"] = SECRET
        road.up()
        canaries = Canaries(Path(folder, "canaries"))
        attacked = Attacked(road, canaries)
        brain, pid = scene.brains(road.home), road.pid("web")
        with Pinging(attacked.socket, IN_TIME_S) as before:
            time.sleep(BASELINE_S)
        with Pinging(attacked.socket, IN_TIME_S) as during:
            wrong = [found for name in names if (found := attacked.live_through(name, ATTACKS[name]))]
        attacked.close()
        canaries.close()
        if (scene.brains(road.home), road.pid("web")) != (brain, pid):
            wrong.append("the brain or the service is another")
        if "Traceback" in road.home.log:
            wrong.append("the daemon stumbled")
    before_ms, p99_ms = p99_in_ms(before), p99_in_ms(during)
    return Measured(
        kept=not wrong and p99_ms <= max(P99_MS, before_ms * SHARED[full]),
        text=f"{len(names)} attacks: p99 {p99_ms:.1f} ms ({before_ms:.1f} before), " + ("; ".join(wrong) or "0 faults"),
        figures={
            "attacks": len(names),
            "pings": len(during),
            "p99_ms": round(p99_ms, 1),
            "p99_ms_before": round(before_ms, 1),
            "worst_ms": round(max(during) * 1000, 1),
            "wrong": "; ".join(wrong),
        },
    )


def broken(_seed: int) -> Measured:
    """A daemon that runs scripts where it serves."""
    took = asyncio.run(_pinged_beside_a_script())
    return Measured(kept=p99_in_ms(took) <= P99_MS, text=f"p99 {p99_in_ms(took):.1f} ms")


async def _pinged_beside_a_script() -> list[float]:
    async with beside_the_loop() as took:
        await asyncio.sleep(0.1)
        Sandbox(instructions=50_000_000).load(b"while true do end", "bad.lua", Given())
        await asyncio.sleep(0.1)
    return took


HARNESS = Harness(
    name="plugins",
    target=f"hostile plugins: commands answered, a client's p99 under {P99_MS:g} ms",
    measure=measure,
    broken=broken,
)
