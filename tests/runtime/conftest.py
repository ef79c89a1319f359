"""A real keeper in a folder of its own, with the test in the place of the brain.

The keeper starts as its daemon a process that only hands its two descriptors to the test. So a test can be one
brain after another: it lets go of the channel, the keeper ends that process and starts the next.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest

import nexsock
from nexsock.keeper import launch
from nexsock.runtime import identity
from nexsock.runtime.hands import Hands
from nexsock.runtime.kept import Ended, Files, Launch
from nexsock.runtime.line import SILENT_S

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(nexsock.__file__)))
LIMIT_S = 60.0
ENDING_S = 10.0
STAND_IN = """
import os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    socket.send_fds(line, [str(os.getpid()).encode()], [3, 4])
os.close(3), os.close(4)
signal.pause()
"""


class World:
    """One keeper, what it told, and launches for it. `project` marks every process that belongs to the test."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.project = f"test-{uuid4().hex}"
        self.ends: dict[str, list[Ended]] = {}
        self.lost = 0
        self.silent_s = SILENT_S
        self.grown: list[str] = []
        self.hands: Hands
        self._stand_in = 0
        self._runs = 0
        self.reopen()

    def reopen(self) -> None:
        """Be ready for stand-ins, also after `stop`."""
        (self.home / "s").unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.home / "s"))
        self._listener.listen()
        self._listener.settimeout(LIMIT_S)

    def _keeper_argv(self, descriptors: int = 0, *, heir: bool = False) -> list[str]:
        return launch.keeper_argv(
            sys.executable,
            ROOT,
            str(self.home),
            [sys.executable, "-I", "-S", "-c", STAND_IN, str(self.home / "s")],
            log_path=str(self.home / "keeper.log"),
            heir_of=self._stand_in if heir else 0,
            detach=not heir,
            descriptors=descriptors,
        )

    async def start(self) -> None:
        """Start the first keeper and be its first brain."""
        starting = await asyncio.create_subprocess_exec(*self._keeper_argv())
        assert await starting.wait() == 0
        await self.next_brain()

    async def next_brain(self) -> None:
        """Be the brain that the keeper starts now."""
        line, _ = await asyncio.to_thread(self._listener.accept)
        with line:
            text, (channel, lock), _, _ = await asyncio.to_thread(socket.recv_fds, line, 64, 2)
        self._stand_in = int(text)
        self.hands = Hands(
            channel,
            lock,
            lambda _pid, descriptors: self._keeper_argv(descriptors, heir=True),
            on_exit=lambda ended: self.ends.setdefault(ended.instance, []).append(ended),
            on_grew=self.grown.append,
            on_lost=self._note_loss,
            on_terminate=lambda: None,
            silent_s=self.silent_s,
        )
        self.kept = await self.hands.connect()

    def _note_loss(self) -> None:
        self.lost += 1

    async def kill_keeper(self) -> None:
        """SIGKILL the keeper and wait until the next one has taken over."""
        before, lost = self.hands.keeper_pid, self.lost
        os.kill(before, signal.SIGKILL)
        await self.until(lambda: self.lost > lost, "the loss of the keeper is noticed")
        await self.hands.kept()
        assert self.hands.keeper_pid != before

    def launch(self, *argv: str, env: dict[str, str] | None = None, **other: object) -> Launch:
        """A launch of a service of its own, all output in one log."""
        self._runs += 1
        instance = f"{self.project}.{self._runs}"
        marks = {
            identity.INSTANCE: instance,
            identity.PROJECT: self.project,
            identity.SERVICE: "web",
            "PATH": os.environ["PATH"],
        }
        usual = {
            "instance": instance,
            "project": self.project,
            "service": "web",
            "run": self._runs,
            "argv": argv,
            "cwd": str(self.home),
            "environment": {**marks, **(env or {})},
            "files": self.files(instance),
        }
        return Launch(**(usual | other))  # type: ignore[arg-type]

    def files(self, name: str, **other: int) -> Files:
        base = str(self.home / name)
        return Files(
            stdout_fifo=base + ".out",
            stderr_fifo=base + ".err",
            log_path=base + ".log",
            index_path=base + ".idx",
            **other,
        )

    def python(self, code: str, *arguments: str, **other: object) -> Launch:
        return self.launch(sys.executable, "-I", "-S", "-c", code, *arguments, **other)  # type: ignore[arg-type]

    async def until(self, true: Callable[[], object], what: str) -> None:
        """Wait for a condition of the real world; fail with `what` after LIMIT_S."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while not true():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            pytest.fail(f"not within {LIMIT_S:g} s: {what}")

    def log(self, launch: Launch) -> str:
        """The text of its log file, "" before it is made."""
        path = Path(launch.files.log_path)
        return path.read_text() if path.exists() else ""

    def there(self, path: str) -> bool:
        return os.path.exists(path)

    async def ended(self, instance: str) -> Ended:
        """How the run ended, once it has."""
        await self.until(lambda: instance in self.ends, f"the end of {instance} is told")
        return self.ends[instance][0]

    async def end(self, instance: str) -> Ended:
        """End a run by SIGKILL to its group."""
        await self.hands.signal(instance, signal.SIGKILL)
        return await self.ended(instance)

    async def run(self, launch: Launch) -> Ended:
        """Start it and wait for its end."""
        await self.hands.spawn(launch)
        return await self.ended(launch.instance)

    async def stop(self) -> None:
        keeper = os.pidfd_open(self.hands.keeper_pid)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(keeper, ended.set)
        await self.hands.stop()
        async with asyncio.timeout(LIMIT_S):
            await ended.wait()
        asyncio.get_running_loop().remove_reader(keeper)
        os.close(keeper)
        self._listener.close()
        with contextlib.suppress(ProcessLookupError):  # its keeper may have ended it
            os.kill(self._stand_in, signal.SIGKILL)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A keeper that serves the test; a process of the test that survives it is ended and fails it."""
    made = World(tmp_path)
    await made.start()
    yield made
    left = identity.scan(made.project)
    with contextlib.suppress(TimeoutError):  # what was told to end may be about to
        async with asyncio.timeout(ENDING_S):
            while left := identity.scan(made.project):
                await asyncio.sleep(0.01)
    for one in left:
        os.kill(one.pid, signal.SIGKILL)
    await made.stop()
    assert left == [], "processes of the test survive"
