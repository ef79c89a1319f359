"""Start the user's daemon: once, whoever else is doing the same, and know when it serves.

One lock beside the socket decides who of many commands starts it; the others wait for the lock and find the daemon
there. The starter waits on a socket of its own that the daemon tells when it serves, so nothing is polled.

The first command of a day waits for this, so of the standard library it loads what costs nothing: `_signal` and
`_socket` stand in for `signal` and `socket`, whose enums take 15 ms.
"""

import _socket
import fcntl
import os
import sys
import time

import nexsock
from nexsock import places as folders
from nexsock.errors import Unreachable
from nexsock.keeper import launch
from nexsock.places import Places

TYPE_CHECKING = False  # see places
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    Client = TypeVar("Client")
else:
    import _signal as signal

LOG_LINES = 5
"""Lines of the daemon's log that an error shows."""
ALREADY_RUNNING = "nexsock: already running"
"""What a keeper says that finds the lock taken (keeper.main)."""
WITHOUT_WORD_S = 0.05
"""How often to look for the socket of a daemon that somebody else started and that will not tell us."""
NOT_INHERITED = (
    "NEXSOCK_PROJECT", "NEXSOCK_SERVICE", "NEXSOCK_INSTANCE", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
    "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
)  # fmt: skip
"""Variables that belong to the process we happen to run in: with its marks the daemon would be taken for a service."""


def daemon_argv(places: Places, brain_options: tuple[str, ...] = (), *, detach: bool = True) -> list[str]:
    """The command that starts keeper and brain; it does nothing where they run already."""
    return launch.keeper_argv(
        sys.executable,
        _root(),
        os.path.dirname(places.lock),
        brain_argv(brain_options),
        log_path=places.daemon_log if detach else "",
        detach=detach,
    )


def heir_argv(places: Places, brain_options: tuple[str, ...], brain: int, descriptors: int) -> list[str]:
    """The command by which the brain with pid `brain` replaces a keeper that it has lost."""
    return launch.keeper_argv(
        sys.executable,
        _root(),
        os.path.dirname(places.lock),
        brain_argv(brain_options),
        heir_of=brain,
        descriptors=descriptors,
    )


def _root() -> str:
    """The folder that holds the package."""
    return os.path.dirname(os.path.dirname(os.path.abspath(nexsock.__file__)))


def brain_argv(options: tuple[str, ...] = ()) -> list[str]:
    """The command of the brain. -P: a folder that a command happens to be run in must not lend it modules."""
    return [sys.executable, "-P", "-m", "nexsock.nexsockd", *options, "--brain"]


def once(places: Places, argv: list[str] | None, limit_s: float, attempt: "Callable[[], Client | None]") -> "Client":
    """What `attempt` gives once a daemon serves: another command's, or one that is started here. See `start`.

    Args:
        argv: the command that starts a daemon; None: the installed one.
    Raises:
        OSError: there is no private folder for it.
    """
    deadline = time.monotonic() + limit_s
    folders.make_private(places.runtime_dir, os.getuid())
    folders.make_private(places.state_dir, os.getuid())
    with OnlyStarter(places):
        return attempt() or start(places, argv or daemon_argv(places), deadline, attempt)


class OnlyStarter:
    """A context in which no other command of this user starts a daemon. Who is in it has a deadline to keep."""

    def __init__(self, places: Places) -> None:
        self._path = places.runtime_dir + "/start.lock"
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except BaseException:
            os.close(self._descriptor)
            raise

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def start(places: Places, argv: list[str], deadline: float, attempt: "Callable[[], Client | None]") -> "Client":
    """What `attempt` gives once a daemon serves. The caller is the only starter.

    Args:
        deadline: on time.monotonic.
        attempt: connects; None while nobody listens.
    Raises:
        Unreachable: it did not come up; the text has its own words why, or shows the end of its log.
    """
    logged = _size(places.daemon_log)
    path = places.runtime_dir + "/start.sock"
    cause = ""
    with _Told(path) as told:
        nameless = _nameless_daemon(places.lock)
        complaint = ALREADY_RUNNING if nameless else _spawn(argv, {**_environment(os.environ), "NOTIFY_SOCKET": path})
        if complaint == ALREADY_RUNNING:
            _ask_for_socket(nameless or _holder(places.lock))
        elif complaint:
            raise Unreachable(f"nexsockd could not be started: {complaint}")
        while (left := deadline - time.monotonic()) > 0:
            if (word := told.word(min(left, WITHOUT_WORD_S) if complaint else left)).startswith("ERRNO="):
                _, _, cause = word.partition("STATUS=")
                break
            if client := attempt():
                return client
    raise Unreachable(
        f"nexsockd did not come up{f': {cause}' if cause else _log_end(places.daemon_log, logged)}",
        hint=f"the whole log is {places.daemon_log}",
    )


class _Told:
    """A context with a socket on which a starting daemon says that it serves."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._address, self._folder = folders.socket_address(path)
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)

    def __enter__(self) -> "_Told":
        try:
            _unlink(self._path)
            self._socket.bind(self._address)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        _unlink(self._path)
        self._socket.close()
        if self._folder is not None:
            os.close(self._folder)

    def word(self, limit_s: float) -> str:
        """What it says within the limit; "" when that is nothing."""
        self._socket.settimeout(limit_s)
        try:
            return self._socket.recv(4096).decode(errors="replace")
        except TimeoutError:
            return ""


def _spawn(argv: list[str], environment: "Mapping[str, str]") -> str:
    """Run a keeper that detaches itself; returns what it had to say before it did."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    with open(reading, "rb") as said:
        try:
            pid = os.posix_spawn(
                argv[0],
                argv,
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, writing, 1),
                    (os.POSIX_SPAWN_DUP2, writing, 2),
                ],
                setsigmask=(),
                setsigdef=[signal.SIGINT, signal.SIGPIPE, signal.SIGTERM],
            )
        finally:
            os.close(writing)
        text = said.read().decode(errors="replace")
    os.waitpid(pid, 0)
    return text.strip()


def _environment(environ: "Mapping[str, str]") -> dict[str, str]:
    """The variables of the daemon: the starter's, without what marks the starter itself."""
    return {name: value for name, value in environ.items() if name not in NOT_INHERITED}


def _holder(lock: str) -> int:
    """The pid in the lock file, 0 where there is none."""
    try:
        with open(lock, encoding="ascii") as file:
            return int(file.read(20) or 0)
    except (OSError, ValueError):
        return 0


def _nameless_daemon(lock: str) -> int:
    """The pid of a daemon whose lock file was removed under it, 0 where there is none: a second one must not begin."""
    if os.path.exists(lock):
        return 0
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return next((pid for pid in pids if _is_daemon(pid) and _holds(pid, f"{os.path.realpath(lock)} (deleted)")), 0)


def _is_daemon(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return False
    return b"nexsock.nexsockd" in words and b"--" not in words  # "--" is in the keeper's, which names its brain


def _holds(pid: int, link: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        return any(os.readlink(f"{folder}/{name}") == link for name in os.listdir(folder))
    except OSError:  # another user's, or just ended
        return False


def _ask_for_socket(pid: int) -> None:
    """A daemon runs but its socket's file is gone: have it make a new one; only a nexsockd gets the signal."""
    try:
        process = os.pidfd_open(pid) if pid > 1 else -1
    except OSError:
        return
    if process < 0:
        return
    try:
        if _is_daemon(pid):
            signal.pidfd_send_signal(process, signal.SIGHUP)
    except OSError:
        return
    finally:
        os.close(process)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _log_end(path: str, start: int) -> str:
    """The last lines that were written to a log since it had `start` bytes, as the end of a sentence."""
    try:
        with open(path, "rb") as file:
            file.seek(max(start, os.fstat(file.fileno()).st_size - 16384))
            lines = file.read().decode(errors="replace").splitlines()[-LOG_LINES:]
    except OSError:
        return ""
    return "; its last words:\n" + "\n".join(f"    {line}" for line in lines) + "\n" if lines else ""


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
