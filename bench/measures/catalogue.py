"""All measures by name: what each does, whom it is for, and which of its figures is compared with whose."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.measures import (
    cold,
    commands,
    crash,
    hops,
    logs,
    plan,
    plugins,
    reconfig,
    restart,
    scale,
    tunnel,
    watch,
    web,
)
from bench.options import Options, Record
from bench.tools import floors, ours
from bench.tools.adapter import Adapter
from bench.tools.catalogue import TOOLS


@dataclass(frozen=True)
class Measure:
    """`leading` is the figure whose ratio to that of `floor` is shown, "" for none; `defaults` are of a plain run."""

    about: str
    run: Callable[[str, Options], Record]
    leading: str
    floor: str = "py-floor"
    counts: tuple[int, ...] = (10,)
    repetitions: int = 3
    defaults: dict[str, int | float] = field(default_factory=dict)
    suits: Callable[[type[Adapter]], bool] = lambda tool: tool.supervises and _is_a_tool(tool)
    extra: tuple[str, ...] = ()
    """what is measured beside the tools"""

    def tools(self) -> list[str]:
        """All that are installed and can do it."""
        return [*self.extra, *(name for name, tool in TOOLS.items() if self.suits(tool) and tool.installed())]


def _is_a_tool(tool: type[Adapter]) -> bool:
    """Not one of ours in another state, which matters to `up` only."""
    return tool not in (ours.NexsockAgain, ours.NexsockCold)


def _starts_services(tool: type[Adapter]) -> bool:
    """The floors that differ only in how they keep logs count once."""
    return tool.supervises and tool not in (floors.PyFloorRead, floors.PyFloorSplice)


def _is_ours(tool: type[Adapter]) -> bool:
    return tool.name == "nexsock"


MEASURES = {
    "scale": Measure(
        "up until the last exec, down, status, memory, idling",
        scale.measure,
        "up_s",
        counts=(1, 50, 200),
        suits=_starts_services,
    ),
    "commands": Measure(
        "ps, status, logs, stop, start, restart against python3 -c pass",
        commands.measure,
        "",
        counts=(200,),
        repetitions=1,
        suits=lambda tool: tool.has_commands and _is_a_tool(tool),
    ),
    "cold": Measure("what the start of the daemon adds", cold.measure, "", suits=_is_ours, repetitions=1),
    "hops": Measure(
        "ready to the exec of its dependent", hops.measure, "", suits=lambda tool: tool.orders and _is_a_tool(tool)
    ),
    "plan": Measure("the planner in process", plan.measure, "", suits=_is_ours, counts=(1000,)),
    "plugins": Measure(
        "what a plugin that does nothing adds to a start",
        plugins.measure,
        "",
        counts=(200,),
        repetitions=1,
        suits=_is_ours,
    ),
    "logs": Measure(
        "bytes from services to log files",
        logs.measure,
        "wall_s",
        floor="ref-cat",
        counts=(1,),
        extra=tuple(logs.REFERENCES),
    ),
    "crash": Measure("SIGKILL for the manager", crash.measure, "", repetitions=1),
    "restart": Measure(
        "SIGKILL for a service",
        restart.measure,
        "replaced_ms",
        repetitions=1,
        suits=lambda tool: tool.restarts and _is_a_tool(tool),
    ),
    "reconfig": Measure("one of N services edited", reconfig.measure, "edited_s", counts=(50,)),
    "tunnel": Measure(
        "bytes through a tunnel",
        tunnel.measure,
        "wall_s",
        floor=tunnel.SOCAT,
        counts=(1,),
        suits=_is_ours,
        extra=tunnel.REFERENCES,
    ),
    "watch": Measure(
        "a write to a watched file",
        watch.measure,
        "restarted_ms",
        floor="nodemon",
        repetitions=1,
        defaults={"calls": 8},
        suits=lambda tool: tool.watches and _is_a_tool(tool),
    ),
    "web": Measure(
        "the first page, an event until a page shows it, fifty idle pages",
        web.measure,
        "",
        counts=(20,),
        repetitions=1,
        suits=lambda tool: _is_ours(tool) and web.CHROMIUM is not None,
    ),
}
