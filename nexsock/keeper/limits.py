"""Start a program under limits of its own: a fork that sets them, one by one, and then executes it.

`posix_spawn` sets no limits, and what is set from outside comes too late: Go and Node have read theirs, and raised the
soft one to the hard one, within a millisecond. A shell around the program would hide why it cannot be executed, and
`dash` drops variables with a dot in their name. A fork of the keeper takes three quarters of a
millisecond more than a spawn, so only who declares limits is started in this way.
"""

import errno
import os
import resource

from nexsock.keeper import linux, wire
from nexsock.keeper.linux import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

ORDER = ("nice", "nofile", "memory")
"""Memory last: we need some ourselves."""
_REQUEST = "request"


def start(
    program: str,
    argv: list[str],
    environment: dict[str, str],
    actions: "Sequence[tuple[Any, ...]]",
    limits: dict[str, int],
) -> int:
    """As `os.posix_spawn` in a new session with default signals; `actions` are of its kinds OPEN and DUP2.

    Args:
        limits: any of `nice` (-20 to 19), `nofile` and `memory` (bytes of private writable memory).
    Raises:
        wire.Refusal: LIMITS, one of them cannot be set.
        OSError, ValueError: as posix_spawn.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _become(program, argv, environment, actions, limits, writing)
    os.close(writing)
    complaint = os.read(reading, 1024).decode()  # ends when the program is executed
    os.close(reading)
    if complaint:
        os.waitpid(pid, 0)
        _complain(complaint, limits)
    return pid


def _complain(complaint: str, limits: dict[str, int]) -> None:
    number, _, what = complaint.partition(" ")
    if what in limits:
        raise wire.Refusal(wire.LIMITS, int(number), f"{what} {limits[what]}")
    if what == _REQUEST:
        raise ValueError("an argument or a variable cannot be given to a program")
    raise OSError(int(number), os.strerror(int(number)))


def _become(
    program: str,
    argv: list[str],
    environment: dict[str, str],
    actions: "Sequence[tuple[Any, ...]]",
    limits: dict[str, int],
    writing: int,
) -> None:
    """Be the program, in the child; or say why not, and end: it must not go on as a second keeper."""
    doing = ""
    try:
        _forget_signals()
        os.setsid()
        for action in actions:
            _perform(*action)
        for name in ORDER:
            if name in limits:
                doing = name
                _SETTERS[name](limits[name])
        doing = ""
        os.execve(program, argv, environment)  # noqa: S606 no shell, as in spawn
    except OSError as error:
        _say(writing, error.errno or 0, doing)
    except MemoryError:
        _say(writing, errno.ENOMEM, "memory")
    except ValueError:  # how `resource` says EPERM, and `execve` that of a text with NUL
        _say(writing, errno.EPERM if doing else errno.EINVAL, doing or _REQUEST)
    finally:
        os._exit(127)


def _say(writing: int, number: int, what: str) -> None:
    os.write(writing, f"{number} {what}".encode())


def _forget_signals() -> None:
    """None is blocked, each has its default action; what comes now is no business of the keeper's."""
    signal.set_wakeup_fd(-1)
    for number in linux.ALL_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _perform(kind: int, target: int, *rest: "Any") -> None:
    if kind == os.POSIX_SPAWN_DUP2:
        os.dup2(target, *rest)
        return
    opened = os.open(*rest)
    os.dup2(opened, target)
    os.close(opened)


def _set_nice(number: int) -> None:
    """For the scheduler, the sessions that a machine runs side by side are one each (sched(7), "autogroup"): within
    its own a service has nobody to give way to. Where a session has no number of its own, or may not be told one
    so soon after another (the kernel's limit is ten in a second), that of the process must do."""
    os.setpriority(os.PRIO_PROCESS, 0, number)
    try:
        session = os.open("/proc/self/autogroup", os.O_WRONLY | os.O_CLOEXEC)
        os.write(session, str(number).encode())
    except OSError:
        return


def _set_files(number: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


def _set_memory(number: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (number, number))


_SETTERS = {"nice": _set_nice, "nofile": _set_files, "memory": _set_memory}
