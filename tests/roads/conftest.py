"""The whole road: the real command line, a real daemon and real processes, in a home of the tests' own.

A test states one obligation and looks at what is true in the world: processes, files, ports. It never sleeps to be
right; it waits for a condition. One daemon serves the tests of a module; a module that kills daemons overrides `home`
with `fresh_home`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import artifacts, processes
from tests.roads.home import NEXSOCK, Following, Home, a_home
from tests.roads.road import Road, roads
from tests.roads.terminal import Terminal


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """The home that the tests of a module share; its daemon ends with the module."""
    with a_home() as made:
        yield made


@pytest.fixture
def fresh_home() -> Iterator[Home]:
    """A home for one test that does things to its daemon."""
    with a_home() as made:
        yield made


@pytest.fixture
def project(request: pytest.FixtureRequest, home: Home, tmp_path: Path) -> Iterator[Callable[..., Road]]:
    """`project(text, name=...)`: a road that begins with this nexsock.yaml. Everything of it ends with the test."""
    with roads(home, tmp_path, request.node, artifacts.FOLDER / "roads") as make:
        yield make


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Callable[..., Following]]:
    """`following(road, "logs", "-f")`: a command that goes on until the test ends."""
    begun: list[Following] = []

    def follow(road: Road, *arguments: str) -> Following:
        said = tmp_path / f"said.{len(begun)}"
        begun.append(road.home.follow(said, *arguments, cwd=road.folder, environ=road.environ))
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


@pytest.fixture
def lives() -> Callable[[int], bool]:
    """Whether a process runs; a zombie does not, once its other threads have ended: till then they hold its files."""
    return processes.lives


@pytest.fixture
def end() -> Callable[..., None]:
    """`end(pid, signal)`: SIGKILL, or another signal, to one process."""
    return processes.kill
