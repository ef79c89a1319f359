"""The whole road: the real command line, a real daemon and real processes, in a home of the tests' own.

A test states one obligation and looks at what is true in the world: processes, files, ports. It never sleeps to be
right; it waits for a condition. One daemon serves the tests of a module; a module that kills daemons overrides `home`
with `fresh_home`.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import pexpect
import pytest

from nexsock import errors
from nexsock.client import locate
from nexsock.model import names
from nexsock.model.project import ProjectRef
from nexsock.places import from_environ
from nexsock.protocol.api import DownRequest
from tests import processes

NEXSOCK = Path(sys.executable).parent / "nexsock"
ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "roads"
LIMIT_S = 120.0
"""How long anything may take on a busy machine before a test gives up on it."""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


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
    def lines(self) -> list[str]:
        return self._said.read_text(errors="replace").splitlines()

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


class Road:
    """A project in a folder of its own, and the commands that a person gives there."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home = home
        self.folder = folder
        self.environ: dict[str, str] = {}
        """what is added to the environment of every command"""
        self._log_begins = len(home.log)
        self._begun: list[Running] = []

    # -- commands

    def begin(self, *arguments: str, cwd: Path | None = None) -> Running:
        self._begun.append(self.home.begin(*arguments, cwd=cwd or self.folder, environ=self.environ))
        return self._begun[-1]

    def run(self, *arguments: str, cwd: Path | None = None) -> Ran:
        """Give a command and wait for its end."""
        return self.begin(*arguments, cwd=cwd).end()

    def done(self, *arguments: str) -> str:
        """Give a command that has to succeed; what it says."""
        ended = self.run(*arguments)
        assert ended.exit == 0, f"nexsock {' '.join(arguments)} ended with {ended.exit}:\n{ended.out}{ended.err}"
        return ended.out

    def json(self, *arguments: str) -> dict[str, Any]:
        """The document that a command answers, whether it succeeds or not."""
        ended = self.run("--json", *arguments)
        try:
            return json.loads(ended.out)
        except ValueError:
            pytest.fail(f"nexsock --json {' '.join(arguments)} ended with {ended.exit}:\n{ended.out}{ended.err}")

    def up(self, *arguments: str) -> str:
        return self.done("up", "-d", *arguments)

    # -- what nexsock says

    def services(self) -> dict[str, dict[str, Any]]:
        """The lines of `ps -a` by the name of the service."""
        return {found["name"]: found for found in self.json("ps", "-a")["services"]}

    def service(self, name: str) -> dict[str, Any]:
        return self.services()[name]

    def phase(self, name: str) -> str:
        return self.service(name)["phase"]

    def phases(self) -> dict[str, str]:
        return {name: found["phase"] for name, found in self.services().items()}

    def pid(self, name: str) -> int:
        """The pid of a service that runs."""
        return self.service(name)["pid"]

    def pids(self) -> dict[str, int | None]:
        return {name: found.get("pid") for name, found in self.services().items()}

    def history(self, name: str) -> list[dict[str, Any]]:
        """The runs of a service, newest first."""
        return self.json("history", name)["runs"]

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """The events of the project so far, of these kinds or of all."""
        told = [json.loads(line) for line in self.done("--json", "events").splitlines()]
        return [event for event in told if not kinds or event["kind"] in kinds]

    # -- what the machine shows

    def processes(self, name: str | None = None) -> list[int]:
        """The live processes that carry the marks of this project, or of one service of it."""
        marks = {f"NEXSOCK_PROJECT={self.id}"} | ({f"NEXSOCK_SERVICE={name}"} if name else set())
        return [pid for pid in processes.pids() if marks <= processes.environment(pid)]

    @property
    def id(self) -> str:
        return names.project_id(os.path.realpath(self.folder))

    @property
    def state(self) -> Path:
        """The folder of what the daemon remembers of the project."""
        return self.home.folder / "state" / "projects" / self.id

    def log(self, name: str) -> bytes:
        """What a service wrote, as it is on disk."""
        path = self.state / "logs" / f"{name}.log"
        return path.read_bytes() if path.exists() else b""

    def words(self, file: str = "trace") -> list[str]:
        """The words that services wrote to a file in the project's folder; none while it is missing."""
        path = self.folder / file
        return path.read_text().split() if path.exists() else []

    # -- the world around

    def edit(self, text: str, file: str = "nexsock.yaml") -> None:
        """Replace a file of the project, at once: who watches never finds half of it."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder.parent / f"{self.folder.name}.unfinished"
        unfinished.write_text(dedent(text).lstrip("\n"))
        unfinished.replace(path)

    def touch(self, file: str) -> None:
        (self.folder / file).touch()

    def wait_until(self, true: Callable[[], object], what: str, limit_s: float = LIMIT_S) -> None:
        wait_until(true, what, limit_s)

    # -- the end

    def clear(self) -> None:
        """End everything; fail when `down` would leave something, or when the daemon has stumbled."""
        for begun in self._begun:
            begun.give_up()
        complaint = self._down() if (self.home.folder / "state").exists() else ""
        stumbled = self.home.log[self._log_begins :]
        assert "Traceback" not in stumbled, f"the daemon stumbled:\n{stumbled}"
        assert not complaint, complaint

    def _down(self) -> str:
        """What `down` could not do; asked of the daemon itself, which takes a tenth of the time of a command."""
        places = from_environ(self.home.environ, os.getuid())
        project = ProjectRef(directory=str(self.folder), environ={})
        try:
            with locate.connect(start=False, places=places) as daemon:
                *_, last = daemon.stream("down", DownRequest(project=project, timeout_s=0))
                return "" if last.outcome.ok else str(last.outcome.failed)
        except errors.NotRunning:
            ended = self.run("down", "-t", "0")
            return "" if ended.exit in (0, 2) else f"down ended with {ended.exit}:\n{ended.out}{ended.err}"
        except errors.ConfigError:  # it was never up
            return ""

    def keep(self, folder: Path) -> None:
        """Copy what helps to understand a failure."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder / "project", ignore=_special_files)
        shutil.copytree(self.home.folder / "state", folder / "state", ignore=_special_files)
        for command in (("ps", "-a"), ("events",)):
            (folder / f"{command[0]}.txt").write_text("\n".join(map(str, self.run(*command))))


class Terminal:
    """A person's terminal in which a command of nexsock runs."""

    def __init__(self, road: Road, *arguments: str, rows: int = 24, columns: int = 100) -> None:
        environ = {**road.home.environ, **road.environ, "TERM": "xterm-256color", "NO_COLOR": ""}
        self.child = pexpect.spawn(
            str(NEXSOCK),
            list(arguments),
            cwd=str(road.folder),
            env=environ,
            timeout=LIMIT_S,
            dimensions=(rows, columns),
        )

    def until(self, text: str) -> None:
        self.child.expect_exact(text.encode())

    def until_all(self, *texts: str) -> None:
        """Wait until each of these has come, in any order."""
        missing = [text.encode() for text in texts]
        while missing:
            del missing[self.child.expect_exact(missing)]

    def type(self, keys: str) -> None:
        self.child.send(keys)

    def interrupt(self) -> None:
        self.child.sendintr()

    @property
    def modes(self) -> list[Any]:
        """How the terminal treats what is typed."""
        return termios.tcgetattr(self.child.child_fd)

    def rest(self) -> str:
        """What it says until its end, as plain text."""
        self.child.expect(pexpect.EOF)
        return ESCAPES.sub("", self.child.before.decode())

    def end(self) -> int:
        """Its exit status, when it has ended."""
        self.child.expect(pexpect.EOF)
        return self.child.wait()

    def close(self) -> None:
        """Close the window. pexpect gives what runs in it a tenth of a second to end, and then complains."""
        if self.child.isalive():
            self.child.kill(signal.SIGKILL)
            self.child.wait()
        self.child.close()


@contextmanager
def _a_home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="nx-", dir="/tmp"))
    home = Home(folder)
    try:
        yield home
        home.end()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """The home that the tests of a module share; its daemon ends with the module."""
    with _a_home() as made:
        yield made


@pytest.fixture
def fresh_home() -> Iterator[Home]:
    """A home for one test that does things to its daemon."""
    with _a_home() as made:
        yield made


@pytest.fixture
def project(request: pytest.FixtureRequest, home: Home, tmp_path: Path) -> Iterator[Callable[..., Road]]:
    """`project(text, name=...)`: a road that begins with this nexsock.yaml. Everything of it ends with the test."""
    with ExitStack() as ending:

        def make(text: str, name: str = "shop") -> Road:
            folder = tmp_path / name
            folder.mkdir()
            road = Road(home, folder)
            road.edit(text)
            ending.callback(_finish, request.node, road)
            return road

        yield make


def _finish(test: pytest.Item, road: Road) -> None:
    if test.stash.get(FAILED, False):
        road.keep(ARTIFACTS / test.name.replace("/", "-") / road.folder.name)
    road.clear()


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Callable[..., Following]]:
    """`following(road, "logs", "-f")`: a command that goes on until the test ends."""
    begun: list[Following] = []

    def follow(road: Road, *arguments: str) -> Following:
        said = tmp_path / f"said.{len(begun)}"
        with said.open("wb") as file:
            process = subprocess.Popen(
                [str(NEXSOCK), *arguments],
                cwd=road.folder,
                env={**road.home.environ, **road.environ},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        begun.append(Following(process, said))
        return begun[-1]

    yield follow
    for one in begun:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """`terminal(road, "up")`: the command in a terminal that is closed at the end."""
    opened: list[Terminal] = []

    def open_one(road: Road, *arguments: str, **size: int) -> Terminal:
        opened.append(Terminal(road, *arguments, **size))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def nexsock_program() -> str:
    """The installed program."""
    return str(NEXSOCK)


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


@pytest.fixture
def lives() -> Callable[[int], bool]:
    """Whether a process runs; a zombie does not, once its other threads have ended: till then they hold its files."""
    return processes.lives


@pytest.fixture
def end() -> Callable[..., None]:
    """`end(pid, signal)`: SIGKILL, or another signal, to one process."""
    return processes.kill


def _is_ours(name: str) -> bool:
    """Variables that commands are given: none of nexsock but the mark of this test run."""
    return not name.startswith("NEXSOCK_") or name == "NEXSOCK_TEST_RUN"


def _special_files(folder: str, names: list[str]) -> list[str]:
    """FIFOs and sockets cannot be copied; links need not."""
    return [name for name in names if not os.path.isdir(path := f"{folder}/{name}") and not os.path.isfile(path)]
