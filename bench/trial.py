"""One tool in one folder of its own, from its configuration to the end of its last process."""

import os
import random
import shutil
import statistics
import time
import uuid
from collections.abc import Iterable, Sequence
from types import TracebackType

from bench import machine
from bench.events import ServiceEvents
from bench.options import Options
from bench.tools.adapter import Service
from bench.tools.catalogue import TOOLS

SLEEP_S = 200_000


class Trial:
    """Use it as a context: in the end its processes are gone, and its folder, too."""

    def __init__(self, tool: str, options: Options, programs: Sequence[str] = ("sleep",)) -> None:
        """`programs` are the names under which its services are executed."""
        self.options = options
        self.token = f"{random.randrange(10**8, 10**9)}1"
        run_id = uuid.uuid4().hex[:10]
        self.folder = options.work / f"{tool}-{run_id}"
        self.folder.mkdir(parents=True)
        self.tool = TOOLS[tool](self.folder, run_id)
        self.events = ServiceEvents(self.token, programs)

    def __enter__(self) -> "Trial":
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        try:
            self.tool.clean_up()
        finally:
            self.events.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def sleepers(self, count: int) -> list[Service]:
        """Services that do nothing, recognisable by the token in their arguments."""
        return [Service(f"svc{index:04d}", ("sleep", f"{SLEEP_S}.{self.token}")) for index in range(count)]

    def begin(self, services: Sequence[Service]) -> None:
        """Configure and start all of them, and wait until they run and the tool has come to rest.

        Raises:
            TimeoutError: some do not run.
        """
        self.tool.configure(services)
        self.tool.prepare()
        self.tool.up()
        if self.events.wait_live(len(services), self.options.limit_s) is None:
            raise TimeoutError(f"only {len(self.events.live())} of {len(services)} services run")
        time.sleep(self.options.settle_s)

    def manager_pids(self) -> list[int]:
        """What the tool itself runs: everything marked that is no service and no program below one."""
        return [pid for pid in machine.marked(self.tool.run_id) if not self._is_service(pid)]

    def _is_service(self, pid: int) -> bool:
        argv = machine.command_line(pid)
        name = os.path.basename(argv[0]) if argv else b""
        shells_and_services = (b"sh", b"dash", b"bash", b"sleep", b"cat", b"grep")
        return name in shells_and_services and any(self.token.encode() in word for word in argv)


def median(values: Iterable[float | None]) -> float | None:
    """The median of those that are known; None when none is."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
