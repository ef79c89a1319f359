"""An OpenSSH client that leads from a Unix socket in our folder to an address that it reaches from its host.

It ends with us, is started again when it ends, and never asks anybody anything.
Source: ssh(1), ssh_config(5).
"""

import errno
import os
import time

from nexsock.keeper import linux
from nexsock.keeper.linux import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nexsock.keeper.wire import Message
    from nexsock.relay.loop import Loop, Timer

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STEADY_S = 10.0
"""One that has lived this long was connected: the next begins with the first delay again."""
SAID_BYTES = 2000
"""Of its standard error, the end is kept."""

OPTIONS = (
    "BatchMode=yes",  # no question is ever asked
    "ExitOnForwardFailure=yes",
    "ConnectTimeout=10",
    "ServerAliveInterval=15",  # a connection that is dead is noticed within 45 s
    "ServerAliveCountMax=3",
    "StreamLocalBindMask=0177",
    "StreamLocalBindUnlink=yes",
    "ControlMaster=no",  # a connection of our own, that ends when we end it
    "ControlPath=none",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
)


def argv(host: str, path: str, to_host: str, to_port: int) -> list[str]:
    """The command: from the Unix socket at `path` to an address as `host` sees it."""
    options = [word for option in OPTIONS for word in ("-o", option)]
    address = f"[{to_host}]" if ":" in to_host else to_host
    return ["ssh", "-N", "-T", *options, "-L", f"{path}:{address}:{to_port}", "--", host]


def reconnect_delay(lived_s: float, in_vain: int) -> float:
    """Seconds until the next start, after one that lived so long and so many before it that did not connect."""
    if lived_s >= STEADY_S:
        return FIRST_DELAY_S
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(in_vain, 10))


class Ssh:
    """Runs for one tunnel until `close`. `ended` is called with what it said last, each time that one has ended."""

    def __init__(self, loop: "Loop", route: "Message", ended: "Callable[[str], None]") -> None:
        host, port = route["targets"][-1]
        self.path = f"./ssh.{route['listen']}.sock"
        """Where it listens; below the folder in which we are, because a socket's path must be short."""
        self.through = (route["ssh"], host, port)
        self._argv = argv(route["ssh"], self.path, host, port)
        self._environment = dict(route["environment"])
        self._loop = loop
        self._ended = ended
        self._in_vain = 0
        self._pid = 0
        self._pidfd = self._stderr = -1
        self._began = 0.0
        self._said = b""
        self._timer: Timer | None = None
        self._start()

    def close(self) -> None:
        """End it, if it runs."""
        if self._timer is not None:
            self._timer.cancel()
        if self._pid:
            self._loop.watch(self._pidfd, self._reap)
            try:
                signal.pidfd_send_signal(self._pidfd, signal.SIGTERM)
            except ProcessLookupError:
                pass
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            return

    def _start(self) -> None:
        self._timer = None
        self._said = b""
        self._began = time.monotonic()
        self._stderr, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._pid = _spawn(self._argv, self._environment, writing)
        os.close(writing)
        self._pidfd = os.pidfd_open(self._pid)
        self._loop.watch(self._stderr, self._hear)
        self._loop.watch(self._pidfd, self._over)

    def _hear(self) -> None:
        try:
            data = os.read(self._stderr, 4096)
        except BlockingIOError:
            return
        if not data:
            self._loop.forget(self._stderr)
        self._said = (self._said + data)[-SAID_BYTES:]

    def _over(self) -> None:
        """It has ended: say why, and start the next one a little later."""
        self._hear()
        self._reap()
        lines = [line.strip() for line in self._said.decode(errors="replace").splitlines() if line.strip()]
        lived_s = time.monotonic() - self._began
        delay_s = reconnect_delay(lived_s, self._in_vain)
        self._in_vain = 0 if lived_s >= STEADY_S else self._in_vain + 1
        self._timer = self._loop.after(delay_s, self._start)
        self._ended(lines[-1] if lines else "ssh ended without a word")

    def _reap(self) -> None:
        self._loop.forget(self._pidfd)
        self._loop.forget(self._stderr)
        os.close(self._pidfd)
        os.close(self._stderr)
        os.waitpid(self._pid, 0)
        self._pid = 0


def _spawn(command: list[str], environment: dict[str, str], stderr: int) -> int:
    """Start a program that ends with this process; its pid. `posix_spawn` could not ask for that."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        linux.end_with_parent(parent)
        nothing = os.open(os.devnull, os.O_RDWR)
        for target, descriptor in enumerate((nothing, nothing, stderr)):
            os.dup2(descriptor, target)
        os.execvpe(command[0], command, environment)  # noqa: S606 argv, as it was checked when the file was read
    except OSError as error:
        missing = error.errno == errno.ENOENT
        os.write(2, f"{'there is no ssh on PATH' if missing else error.strerror}\n".encode())
    finally:
        os._exit(127)
    return 0
