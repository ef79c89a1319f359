"""Supervisors with a process of their own for each service, below one that scans a folder: runit, s6."""

import shlex
import signal
from pathlib import Path

from bench.tools.adapter import Adapter, binary


class Runit(Adapter):
    """Changes of a service take effect when the user restarts it by name."""

    name = "runit"
    program = "runsvdir"
    logger = "exec svlogd {folder}"

    def write(self) -> None:
        for one in self.services:
            folder = self._folder(one.name)
            _script(folder / "run", f"exec 2>&1\nexec {one.shell}")
            if self.keep_logs:
                kept = self.logs / one.name
                kept.mkdir(exist_ok=True)
                (kept / "config").write_text("s0\n")  # svlogd: never rotate
                _script(folder / "log" / "run", self.logger.format(folder=shlex.quote(str(kept))))

    def up(self) -> None:
        self.start([binary("runsvdir"), "-P", "svc"])

    def down(self) -> None:
        self.end(signal.SIGHUP)

    def status_argv(self) -> list[str]:
        return ["/bin/sh", "-c", f"{binary('sv')} status {self.work}/svc/*"]

    def reload(self) -> None:
        for name in self.changed:
            self.run([binary("sv"), "restart", str(self._folder(name))])

    def log_path(self, name: str) -> Path:
        return self.logs / name / "current"

    def _folder(self, name: str) -> Path:
        return self.work / "svc" / name


class S6(Runit):
    name = "s6"
    program = "s6-svscan"
    logger = "exec s6-log -b n3 s268435455 {folder}"

    def up(self) -> None:
        self.start([binary("s6-svscan"), "-c", "4000", "svc"])

    def down(self) -> None:
        self.run([binary("s6-svscanctl"), "-t", "svc"])
        self.await_end()

    def status_argv(self) -> list[str]:
        return ["/bin/sh", "-c", f"for one in {self.work}/svc/*/; do {binary('s6-svstat')} $one; done"]

    def reload(self) -> None:
        for name in self.changed:
            self.run([binary("s6-svc"), "-r", str(self._folder(name))])


def _script(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"#!/bin/sh\n{body}\n"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        path.chmod(0o755)
