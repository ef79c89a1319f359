"""What a plugin that does nothing adds to a start: from the order to the engine's turn, in process, with real plugins.

No plugin, a native one and one in Lua take turns. `alone` is one start at a time, `burst` each of N that are ordered at
once. Milliseconds; what is started is nothing, so that only the asking is measured.
"""

import asyncio
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from bench import machine
from bench.options import Options, Record
from bench.trial import median, rounded
from nexsock.engines.asking import Asking
from nexsock.engines.base import EndOrder, LaunchOrder
from nexsock.hooks import Hooks
from nexsock.model.project import Project
from nexsock.model.report import Report
from nexsock.model.service import Launch, Service
from nexsock.model.state import Cause, Run
from nexsock.plugins.host import PluginHost

PLUGINS = {
    "none": ("none", ""),
    "native": (
        "native/noop.py",
        'NEXSOCK_PLUGIN = {"name": "noop", "abi": "1.0"}\n\n\ndef pre_start():\n    return None\n',
    ),
    "lua": ("lua/noop.lua", 'NEXSOCK_PLUGIN = { name = "noop", abi = "1.0" }\nfunction pre_start() end\n'),
}
VARIABLES = {f"VARIABLE_{number}": "value" * 8 for number in range(50)}


def measure(_tool: str, options: Options) -> Record:
    """The median of each kind, and the worst of those alone, over `options.calls` rounds of N starts."""
    return asyncio.run(_measured(options))


async def _measured(options: Options) -> Record:
    with tempfile.TemporaryDirectory() as folder:
        hosts = {kind: _host(Path(folder, kind), *plugin) for kind, plugin in PLUGINS.items()}
        try:
            alone, burst = await _rounds(hosts, options)
        finally:
            await asyncio.gather(*(host.close() for host in hosts.values()))
    return {
        **{f"{kind}_alone_ms": rounded(median(times), 3) for kind, times in alone.items()},
        **{f"{kind}_alone_worst_ms": rounded(max(times), 3) for kind, times in alone.items()},
        **{f"{kind}_burst_ms": rounded(median(times), 3) for kind, times in burst.items()},
    }


async def _rounds(
    hosts: Mapping[str, Hooks], options: Options
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    alone: dict[str, list[float]] = {kind: [] for kind in hosts}
    burst: dict[str, list[float]] = {kind: [] for kind in hosts}
    for hooks in hosts.values():
        await _start(hooks, 1)  # loads the plugin
    for _ in range(options.calls):
        for kind, hooks in hosts.items():
            alone[kind] += [await _start(hooks, 1) for _ in range(options.count)]
            burst[kind].append(await _start(hooks, options.count) / options.count)
    return alone, burst


async def _start(hooks: Hooks, count: int) -> float:
    """Milliseconds until the last of so many starts has come through."""
    behind = _Behind(count)
    project = Project(id="bench", name="bench", directory="/bench")
    engine = Asking(behind, hooks, project=lambda: project, report=behind.refused, learn=_learned)
    orders = [_order(number) for number in range(count)]
    began = machine.now()
    for order in orders:
        engine.launch(order)
    await behind.done.wait()
    return (machine.now() - began) * 1000


class _Behind:
    """The engine that starts nothing, and knows when all has come."""

    def __init__(self, count: int) -> None:
        self.done = asyncio.Event()
        self._left = count

    def launch(self, _order: LaunchOrder) -> None:
        self._left -= 1
        if not self._left:
            self.done.set()

    def refused(self, report: Report) -> None:
        raise RuntimeError(str(report))

    def end(self, _order: EndOrder) -> None: ...
    def kill(self, _service: str, _instance: str) -> None: ...
    def signal(self, _service: str, _instance: str, _number: int) -> None: ...
    def update(self, _service: Service, _run: Run) -> None: ...
    def forget(self, _service: str) -> None: ...


def _order(number: int) -> LaunchOrder:
    name = f"svc{number:04d}"
    service = Service(name=name, launch=Launch(command=("sleep", "1000"), working_dir="/bench"))
    run = Run(number=1, instance=name, cause=Cause(kind="user", text="it was wanted"), fingerprint="")
    return LaunchOrder(service=service, run=run, environment=VARIABLES)


def _learned(_values: Iterable[str]) -> None:
    """None of the variables is secret."""


def _host(folder: Path, path: str, text: str) -> PluginHost:
    """A host with this plugin alone, or without any."""
    (folder / path).parent.mkdir(mode=0o700, parents=True)
    if text:
        (folder / path).write_text(text)
        (folder / path).chmod(0o600)
    return PluginHost(str(folder), str(folder / "state"), search_path=())
