"""All adapters by the name that the command line knows."""

from bench.tools import daemons, floors, ours, procfile, trees, watchers
from bench.tools.adapter import Adapter

TOOLS: dict[str, type[Adapter]] = {
    tool.name: tool
    for tool in (
        floors.ShFloor,
        floors.PyFloor,
        floors.PyFloorRead,
        floors.PyFloorSplice,
        ours.Nexsock,
        ours.NexsockAgain,
        ours.NexsockCold,
        trees.S6,
        trees.Runit,
        daemons.Supervisor,
        daemons.Circus,
        daemons.Pm2,
        procfile.Honcho,
        procfile.Concurrently,
        procfile.Mprocs,
        watchers.Watchfiles,
        watchers.Nodemon,
        watchers.Entr,
    )
}


def installed() -> list[str]:
    return [name for name, tool in TOOLS.items() if tool.installed()]
