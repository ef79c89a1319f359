"""A home of nexsock for tests: its one daemon, and the real commands that are begun there."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import left, processes

NEXSOCK = Path(sys.executable).parent / "nexsock"
LIMIT_S = 120.0
"""How long anything may take on a busy machine before a test gives up on it."""


class Ran(NamedTuple):
    """How a command ended and what it said."""

    exit: int
    out: str
    err: str


class Running:
    """A command that was begun."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._ended: Ran | None = None

    def end(self) -> Ran:
        """Wait for its end."""
        if self._ended is None:
            out, err = self.process.communicate(timeout=LIMIT_S)
            self._ended = Ran(self.process.returncode, out, err)
        return self._ended

    def give_up(self) -> None:
        """End it where nobody waited for its end."""
        if self._ended is None:
            self.process.kill()
            self.process.communicate()


class Following:
    """A command that goes on, and what it has said so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: Path) -> None:
        self.process = process
        self._said = said

    @property
    def said(self) -> str:
        return self._said.read_text(errors="replace")

    @property
    def lines(self) -> list[str]:
        return self.said.splitlines()

    def until(self, text: str, count: int = 1, *, anywhere: bool = False) -> None:
        """Wait until this line, or with `anywhere` a line with this in it, has come so often."""
        wait_until(
            lambda: sum(text in line if anywhere else text.strip() == line.strip() for line in self.lines) >= count,
            f"it says {text!r} {count} times, not only:\n" + "\n".join(self.lines[-20:]),
        )


class Home:
    """Where one daemon lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if _is_ours(name)}
        self.environ = {**kept, "NEXSOCK_HOME": str(folder)}
        self.mark = f"NEXSOCK_HOME={folder}"

    @property
    def log(self) -> str:
        """What the daemon wrote."""
        path = self.folder / "state" / "nexsockd.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def daemons(self) -> list[int]:
        """The daemon's processes, the keeper first."""
        return [
            pid
            for pid in processes.pids()
            if self.mark in (found := processes.environment(pid)) and not processes.is_service(found)
        ]

    def begin(self, *arguments: str, cwd: Path, environ: dict[str, str] | None = None) -> Running:
        """Begin a command of nexsock in a folder."""
        process = subprocess.Popen(
            [str(NEXSOCK), *arguments],
            cwd=cwd,
            env={**self.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        return Running(process)

    def follow(self, said: Path, *arguments: str, cwd: Path, environ: dict[str, str] | None = None) -> Following:
        """Begin a command that goes on; what it says is written to a file."""
        with said.open("wb") as file:
            process = subprocess.Popen(
                [str(NEXSOCK), *arguments],
                cwd=cwd,
                env={**self.environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        return Following(process, said)

    def end(self) -> None:
        """End the daemon; fail when it would not."""
        try:
            if self.daemons():
                self.begin("daemon", "stop", cwd=self.folder).end()
            wait_until(lambda: not self.daemons(), "the daemon ends when it is told to")
        finally:
            while left := self.daemons():
                for number in (signal.SIGSTOP, signal.SIGKILL):  # a keeper and a brain that run start each other anew
                    for pid in left:
                        processes.kill(pid, number)


@contextmanager
def a_home() -> Iterator[Home]:
    """One that is made for what is done in it; its daemon ends with that."""
    folder = Path(tempfile.mkdtemp(prefix="nx-", dir="/tmp"))
    home = Home(folder)
    try:
        yield home
        home.end()
    finally:
        shutil.rmtree(folder)


def wait_until(true: Callable[[], object], what: str, limit_s: float = LIMIT_S) -> None:
    """Return when the condition holds; fail the test with `what` when it does not in time.

    A condition that costs something is looked at less often, so that looking does not slow what is waited for.
    """
    deadline = time.monotonic() + limit_s
    while True:
        began = time.monotonic()
        if true():
            return
        if began > deadline:
            pytest.fail(f"not within {limit_s:g} s: {what}")
        time.sleep(max(0.01, time.monotonic() - began))


def _is_ours(name: str) -> bool:
    """Variables that commands are given: none of nexsock but the mark of this test run."""
    return not name.startswith("NEXSOCK_") or name == left.NAME
