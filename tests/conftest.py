"""What every test has: a home of its own for nexsock, and the promise that it leaves no service behind."""

import itertools
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import artifacts, left, processes

RUN_MARK = left.mark_ourselves()
"""In the environment of everything that this test process starts, so that two test runs at once do not disturb
each other. Services that inherit nothing are found by their folder."""
ENDING_LIMIT_S = 60.0
"""How long a process that was told to end may take after its test."""

DAEMON_LIMIT_S = 60.0
"""The same for a killed daemon; a busy machine needs a while."""

PORTS_PER_PROCESS = 500
_own_range = 11_000 + PORTS_PER_PROCESS * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = itertools.cycle(range(_own_range, _own_range + PORTS_PER_PROCESS))
"""Below the ports of connections (32768 and up) and those that nexsock chooses (20000 and up)."""

settings.register_profile("alike", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("alike")
"""Every run takes the same examples, however slow the machine is: a failure is a change of ours."""

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell is begun with it ignored
signal.signal(signal.SIGTERM, signal.default_int_handler)  # who ends a run with this wants nothing left of it, either
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a job of nohup is begun with it ignored


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[artifacts.FAILED] = True
    return report


@pytest.fixture(scope="session", autouse=True)
def no_process_survives() -> Iterator[None]:
    """Fail the run when something that it started is left after all tests, and end that.

    Of test processes side by side each sees its own.
    """
    yield
    remaining = left.found(RUN_MARK)
    left.end(RUN_MARK)
    assert not remaining, f"these processes survive the tests: {remaining}"


@pytest.fixture(autouse=True)
def no_service_survives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail the test when a process of a service is left after it, and end that process."""
    before = set(processes.pids())
    yield
    folder = str(tmp_path_factory.getbasetemp())
    deadline = time.monotonic() + ENDING_LIMIT_S
    while (remaining := _services(before, folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in remaining:
        processes.kill(pid)
    assert not remaining, f"these processes of services survive their test: {remaining}"


@pytest.fixture
def nexsock_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A private NEXSOCK_HOME, short enough for a socket's address; its daemon ends with the test.

    What is in it is kept below artifacts/ when the test fails.
    """
    for name in [name for name in os.environ if name.startswith("NEXSOCK_") and name not in RUN_MARK]:
        monkeypatch.delenv(name)
    home = Path(tempfile.mkdtemp(prefix="nx-", dir="/tmp"))
    monkeypatch.setenv("NEXSOCK_HOME", str(home))
    yield home
    _end_daemon(home)
    if artifacts.has_failed(request.node):
        artifacts.keep(home, artifacts.FOLDER / artifacts.name_of(request.node))
    shutil.rmtree(home)


@pytest.fixture
def new_port() -> Callable[[], int]:
    """`new_port()`: another port that nobody listens on, of those that the kernel never gives to a connection.

    Test processes side by side take theirs from different ranges.
    """

    def find() -> int:
        while True:
            port = next(PORTS)
            with socket.socket() as probing:
                try:
                    probing.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port

    return find


@pytest.fixture
def free_port(new_port: Callable[[], int]) -> int:
    """A port that nobody listens on."""
    return new_port()


@pytest.fixture
def until() -> Callable[..., None]:
    """`until(true, what, limit_s=60)`: wait for a condition of the real world, or fail the test and say `what`."""

    def wait(true: Callable[[], object], what: str, limit_s: float = 60.0) -> None:
        deadline = time.monotonic() + limit_s
        while not true():
            if time.monotonic() > deadline:
                pytest.fail(f"not within {limit_s:g} s: {what}")
            time.sleep(0.01)

    return wait


def _services(known: set[int], folder: str) -> dict[int, str]:
    """The command of each process of a service that is not known and belongs to this test process, by pid."""
    found = {}
    for pid in processes.pids():
        if pid in known:
            continue
        environment = processes.environment(pid)
        if processes.is_service(environment) and (
            RUN_MARK in environment or processes.working_dir(pid).startswith(folder)
        ):
            found[pid] = processes.command(pid)
    return found


def _end_daemon(home: Path) -> None:
    """End the daemon of a home. Keeper and brain would start each other anew, so both are stopped first."""
    deadline = time.monotonic() + DAEMON_LIMIT_S
    while remaining := _daemons(home):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in remaining:
                processes.kill(pid, number)
        assert time.monotonic() < deadline, f"these processes of the daemon do not end: {remaining}"
        time.sleep(0.01)


def _daemons(home: Path) -> list[int]:
    """The daemon's processes that serve this home: keeper, brain and what loads files for it."""
    return [
        pid
        for pid in processes.pids()
        if f"NEXSOCK_HOME={home}" in (environment := processes.environment(pid))
        and not processes.is_service(environment)
        and pid != os.getpid()
    ]
