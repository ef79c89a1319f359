"""What a benchmark needs of a supervisor, and what most of them have in common."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from bench import machine

COMMAND_LIMIT_S = 120.0


@dataclass(frozen=True)
class Service:
    """One service of a trial, in no tool's words.

    `watch` is a folder whose change must restart it. `ready` is "tcp:PORT" or "log", "" for none; `needs` names a
    service that must be ready first. Only tools that have dependencies heed the two.
    """

    name: str
    argv: Sequence[str]
    watch: str = ""
    ready: str = ""
    needs: str = ""

    @property
    def shell(self) -> str:
        return shlex.join(self.argv)

    def running(self, *argv: str) -> "Service":
        """The same service with another command."""
        return replace(self, argv=argv)


class Adapter:
    """One tool in one trial. Its processes run in `work` and carry the trial's mark."""

    name: ClassVar[str]
    program: ClassVar[str]
    restarts: ClassVar[bool] = True
    """whether it starts a killed service again; without that, crashes and restarts are not measured"""
    reloads: ClassVar[bool] = True
    """whether it can apply a changed configuration; otherwise all is stopped and started"""
    watches: ClassVar[bool] = False
    orders: ClassVar[bool] = False
    """whether it starts one service when another is ready"""
    has_commands: ClassVar[bool] = False
    supervises: ClassVar[bool] = True
    """False for what only watches files"""
    one_log_each: ClassVar[bool] = True

    def __init__(self, work: Path, run_id: str) -> None:
        """`work` is an existing folder of our own."""
        self.work = work
        self.logs = work / "logs"
        self.logs.mkdir()
        self.run_id = run_id
        self.environment = {**os.environ, machine.MARK: run_id}
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)  # with it, programs may compile themselves at each start
        self.services: list[Service] = []
        self.changed: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.keep_logs = False

    @classmethod
    def installed(cls) -> bool:
        return shutil.which(binary(cls.program)) is not None

    def configure(self, services: Sequence[Service]) -> None:
        """Write the configuration; again later, when services changed."""
        self.changed = [one.name for one in services if one not in self.services]
        self.services = list(services)
        self.write()

    def write(self) -> None:
        raise NotImplementedError

    def prepare(self) -> None:
        """Do what the user has done before, such as starting a daemon. Not measured."""

    def up(self) -> None:
        """Have all services started. Tools without a daemon go on in the background."""
        raise NotImplementedError

    def down(self) -> None:
        """End all services and the tool's own processes, as its users do."""
        self.end(signal.SIGTERM)

    def status_argv(self) -> list[str]:
        """The command that shows the state of all services; empty when there is none."""
        return []

    def commands(self, name: str) -> Mapping[str, list[str]]:
        """Commands that people use all day, by what they do; `name` is a service that they may touch."""
        raise NotImplementedError

    def reload(self) -> None:
        """Apply the configuration as written last. Tools that must be told what differs find it in `changed`."""
        raise NotImplementedError

    def change_source(self, number: int) -> None:
        """Change something in the folder that the first service watches; `number` makes the text a new one."""
        (Path(self.services[0].watch) / f"file{number % 100}.py").write_text(f"x = {number}\n")

    def log_path(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def victims(self) -> Mapping[str, list[int]]:
        """The processes whose sudden end is worth a look, by what they are called."""
        assert self.process
        return {"manager": [self.process.pid]}

    def start(self, argv: Sequence[str], output: str = "manager.out") -> None:
        """Start the tool itself in the background; what it prints goes to a file in `work`."""
        with (self.work / output).open("ab") as printed:
            self.process = subprocess.Popen(
                argv,
                env=self.environment,
                cwd=self.work,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, argv: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
        """Run a command of the tool to its end. What it prints is kept: a measure may want to see it."""
        return subprocess.run(
            argv,
            env=self.environment,
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_LIMIT_S,
            check=False,
        )

    def must(self, argv: Sequence[str]) -> bytes:
        """Run a command that has to succeed; return what it prints.

        Raises:
            RuntimeError: it ended with another status than 0; the text has the end of what it printed.
        """
        done = self.run(argv)
        if done.returncode != 0:
            words = " ".join(argv[:3])
            raise RuntimeError(
                f"{words} ended with {done.returncode}: ...{done.stdout.decode(errors='replace')[-200:]}"
            )
        return done.stdout

    def end(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)
        self.await_end()

    def await_end(self, limit_s: float = 30.0) -> None:
        """Wait for the tool's own process. One that hangs shows in the record: its services are still there."""
        assert self.process
        try:
            self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return

    def clean_up(self) -> None:
        """End every process of the trial and remove what lies outside `work`."""
        machine.end_marked(self.run_id)
        if self.process:
            self.process.wait(5)


def binary(name: str) -> str:
    """The path of a program: NXB_BIN_<NAME> if that is set, else beside this interpreter or as PATH has it."""
    variable = "NXB_BIN_" + name.upper().replace("-", "_")
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", os.defpath)
    return os.environ.get(variable) or shutil.which(name, path=path) or name
