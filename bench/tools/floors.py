"""The floors: the least that starting processes, and supervising them in Python, can cost."""

import json
import shlex
import signal
import sys
from pathlib import Path

from bench import machine
from bench.tools.adapter import Adapter

PROGRAMS = Path(__file__).parent.parent / "programs"
ISOLATED = (sys.executable, "-I", "-S")


class ShFloor(Adapter):
    """A shell that forks all services into the background: what fork and exec cost. Supervises nothing."""

    name = "sh-floor"
    program = "sh"
    restarts = reloads = False

    def write(self) -> None:
        starts = [f"{one.shell} >{shlex.quote(str(self.log_path(one.name)))} 2>&1 &" for one in self.services]
        (self.work / "up.sh").write_text("\n".join([*starts, "wait", ""]))

    def up(self) -> None:
        self.start(["/bin/sh", "up.sh"])

    def down(self) -> None:
        assert self.process
        for pid in machine.marked(self.run_id):
            if pid != self.process.pid:
                machine.send(pid, signal.SIGTERM)
        self.await_end()


class PyFloor(Adapter):
    """programs/floor_supervisor.py; its services write their logs themselves."""

    name = "py-floor"
    program = sys.executable
    mode = "direct"

    def write(self) -> None:
        (self.work / "services.json").write_text(json.dumps({one.name: list(one.argv) for one in self.services}))

    def up(self) -> None:
        (self.work / "floor.sock").unlink(missing_ok=True)
        supervisor = str(PROGRAMS / "floor_supervisor.py")
        self.start([*ISOLATED, supervisor, "services.json", str(self.logs), "floor.sock", self.mode])

    def status_argv(self) -> list[str]:
        return self._client("status")

    def reload(self) -> None:
        self.run(self._client("reload"))

    def _client(self, command: str) -> list[str]:
        return [*ISOLATED, str(PROGRAMS / "floor_client.py"), "floor.sock", command]


class PyFloorRead(PyFloor):
    """The same; logs come through a pipe of 1 MiB that it reads."""

    name = "py-floor-read"
    mode = "read"


class PyFloorSplice(PyFloor):
    """The same; the kernel moves logs from a pipe to the file."""

    name = "py-floor-splice"
    mode = "splice"
