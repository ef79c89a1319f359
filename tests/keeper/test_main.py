"""The keeper as a process: its lock, its daemon, its end, its size."""

import os
import signal
import subprocess
import sys
import time

import pytest

import nexsock
from nexsock.keeper import launch, linux
from nexsock.keeper.brain import HOPELESS

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(nexsock.__file__)))
LIMIT_S = 60.0
STARTS = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()} {time.monotonic()}\\n'); "
STAYS = STARTS + "os.read(3, 1)"
TOLD = f"""
import signal, sys
sys.path.insert(0, {ROOT!r})
from nexsock.keeper.channel import Channel
channel = Channel(3)
channel.send({{"verb": "hello", "id": 1}})
import select
select.select([channel], [], [])
seen = [channel.receive()[0]]
{STARTS}
while not (seen and seen[-1].get("event") == "terminate"):
    select.select([channel], [], [])
    seen.append(channel.receive()[0])
open(sys.argv[1], "a").write("terminate told\\n")
channel.send({{"verb": "stop", "id": 2}})
"""


def wait_until(true, what):
    deadline = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < deadline, f"not within {LIMIT_S:g} s: {what}"
        time.sleep(0.005)


def ended(pid):
    """Init may collect it much later."""
    try:
        return linux.stat_fields(pid)[0] == "Z"
    except ProcessLookupError:
        return True


class Home:
    """A folder with a keeper whose daemon is a line of Python that notes its starts."""

    def __init__(self, folder):
        self.folder = folder
        self.keepers = []

    def argv(self, daemon, *, detach=False):
        brain = [sys.executable, "-I", "-S", "-c", daemon, str(self.folder / "starts")]
        return launch.keeper_argv(
            sys.executable, ROOT, str(self.folder), brain, log_path=str(self.folder / "log"), detach=detach
        )

    def keeper(self, daemon):
        """A keeper in the foreground."""
        self.keepers.append(subprocess.Popen(self.argv(daemon)))
        return self.keepers[-1]

    def lines(self):
        path = self.folder / "starts"
        return path.read_text().splitlines() if path.exists() else []

    def log(self):
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def starts(self):
        """(pid, time) of each daemon so far."""
        pairs = (line.split() for line in self.lines())
        return [(int(pid), float(at)) for pid, at in pairs if pid != "terminate"]

    def started(self, count):
        wait_until(lambda: len(self.starts()) >= count, f"{count} daemons have started")
        return self.starts()


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path)
    yield made
    for keeper in made.keepers:
        keeper.kill()
        keeper.wait()
    for pid, _ in made.starts():
        wait_until(lambda pid=pid: ended(pid), "the daemon ends with its keeper's channel")


def test_the_daemon_is_started_with_the_channel_and_the_lock(home):
    home.keeper(STARTS + "print(*sys.argv[2:], os.readlink('/proc/self/fd/4'), flush=True); os.read(3, 1)")
    wait_until(lambda: "daemon.lock" in home.log(), "the daemon says what it has")
    assert home.log() == f"3 4 {home.folder}/daemon.lock\n"


def test_who_finds_the_lock_taken_leaves_everything_alone(home):
    home.keeper(STAYS)
    home.started(1)
    loser = subprocess.run(home.argv(STAYS), capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert (loser.returncode, loser.stderr) == (0, "nexsock: already running\n")
    assert len(home.starts()) == 1


def test_a_lock_that_cannot_be_taken_is_one_sentence(home):
    (home.folder / "daemon.lock").mkdir()
    refused = subprocess.run(home.argv(STAYS), capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert refused.stderr == f"{home.folder}/daemon.lock cannot be locked: Is a directory\n"
    assert refused.returncode == 1


def test_a_keeper_without_services_ends_when_no_daemon_comes_up(home):
    keeper = home.keeper(STARTS)
    assert keeper.wait(LIMIT_S) == 0
    assert len(home.starts()) == HOPELESS


def test_the_daemon_holds_the_lock_when_its_keeper_is_killed(home):
    keeper = home.keeper(STARTS + "signal = __import__('signal'); signal.pause()")
    ((daemon, _),) = home.started(1)
    keeper.kill()
    keeper.wait()
    loser = subprocess.run(home.argv(STAYS), capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert loser.stderr == "nexsock: already running\n"
    os.kill(daemon, signal.SIGKILL)


def test_a_killed_daemon_is_replaced(home):
    home.keeper(STAYS)
    ((first, _),) = home.started(1)
    os.kill(first, signal.SIGKILL)
    (_, (second, _)) = home.started(2)
    assert second != first


def test_a_daemon_that_lets_go_of_its_channel_is_replaced(home):
    parent = "open(f'/proc/{os.getppid()}/cmdline', 'rb').read()"
    home.keeper(STARTS + f"os.close(3)\nwhile b'nexsock.keeper' in {parent}: time.sleep(0.01)")
    first, *_ = home.started(2)
    wait_until(lambda: ended(first[0]), "the first is ended")


def test_a_daemon_that_ends_at_once_is_not_started_in_a_storm(home):
    home.keeper(STARTS)
    times = [at for _, at in home.started(4)]
    assert times[3] - times[0] > 0.1 + 0.2 + 0.4


def test_a_daemon_that_cannot_be_executed_is_tried_again_and_told(home):
    argv = launch.keeper_argv(
        sys.executable, ROOT, str(home.folder), ["/no/such/daemon"], log_path=str(home.folder / "log")
    )
    home.keepers.append(subprocess.Popen(argv))
    wait_until(lambda: home.log().count("/no/such/daemon") >= 2, "two tries are in the log")


def test_a_detached_keeper_goes_on_in_a_session_of_its_own(home):
    started = subprocess.run(home.argv(STAYS, detach=True), timeout=LIMIT_S, check=True)
    ((daemon, _),) = home.started(1)
    with open(f"/proc/{daemon}/stat") as stat:
        keeper = int(stat.read().rpartition(")")[2].split()[1])
    assert started.returncode == 0
    assert os.getsid(keeper) == keeper
    os.kill(keeper, signal.SIGKILL)


def test_a_terminated_keeper_asks_its_daemon_and_ends_when_told(home):
    keeper = home.keeper(TOLD)
    home.started(1)
    wait_until(lambda: _sleeps(keeper.pid), "the keeper serves")
    keeper.send_signal(signal.SIGTERM)
    assert keeper.wait(LIMIT_S) == 0
    assert home.lines()[-1] == "terminate told"


def test_a_terminated_keeper_whose_daemon_never_said_hello_ends(home):
    keeper = home.keeper(STAYS)
    home.started(1)
    keeper.send_signal(signal.SIGTERM)
    assert keeper.wait(LIMIT_S) == 0


def _sleeps(pid):
    """Where the kernel does not tell what a process waits for (proc(5): 0), that it sleeps has to do."""
    with open(f"/proc/{pid}/wchan") as source:
        waits_for = source.read()
    return "epoll" in waits_for or (waits_for in ("", "0") and linux.stat_fields(pid)[0] == "S")


def test_the_keeper_loads_no_module_that_it_can_do_without():
    code = f"import sys; sys.path.insert(0, {ROOT!r}); from nexsock.keeper import main; print(*sys.modules)"
    argv = [sys.executable, "-I", "-S", "-c", code]
    loaded = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    heavy = {"asyncio", "collections", "contextlib", "ctypes", "dataclasses", "enum", "functools", "json", "logging"}
    heavy |= {"pathlib", "re", "selectors", "signal", "socket", "subprocess", "threading", "typing"}
    assert heavy & set(loaded) == set()
    assert [name for name in loaded if name.startswith("nexsock.") and not name.startswith("nexsock.keeper")] == []
