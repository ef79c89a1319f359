"""A project in a home, the commands that a person gives there, and what is true of it in the world."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from nexsock import errors
from nexsock.client import locate
from nexsock.model import names
from nexsock.model.project import ProjectRef
from nexsock.places import from_environ
from nexsock.protocol.api import DownRequest
from tests import artifacts, processes
from tests.roads.home import LIMIT_S, Home, Ran, Running, wait_until


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
        artifacts.keep(self.folder, folder / "project")
        artifacts.keep(self.home.folder / "state", folder / "state")
        for command in (("ps", "-a"), ("events",)):
            (folder / f"{command[0]}.txt").write_text("\n".join(map(str, self.run(*command))))


@contextmanager
def roads(home: Home, folder: Path, test: pytest.Item, kept: Path) -> Iterator[Callable[..., Road]]:
    """Makes projects with a nexsock.yaml below a folder: `make(text, name="shop")`.

    In the end all of it is ended. What may help to understand a failure of the test is copied to `kept`.
    """
    with ExitStack() as ending:

        def make(text: str, name: str = "shop") -> Road:
            road = Road(home, folder / name)
            road.folder.mkdir()
            road.edit(text)
            ending.callback(finish, road)
            return road

        def finish(road: Road) -> None:
            if artifacts.has_failed(test):
                road.keep(kept / artifacts.name_of(test) / road.folder.name)
            road.clear()

        yield make
