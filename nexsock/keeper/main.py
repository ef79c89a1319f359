"""The keeper's process: takes the lock, detaches, and serves. Its command line is made by launch."""

import fcntl
import gc
import os
import sys

from nexsock.keeper import files, linux
from nexsock.keeper.brain import say
from nexsock.keeper.keeper import Keeper
from nexsock.keeper.linux import signal

SOCKET_OF_HEIR = 3
LOCK_OF_HEIR = 4


def run(arguments: list[str]) -> None:
    """Be the keeper until it is over: `lock=PATH [log=PATH] [detach=1] [heir-of=PID descriptors=N] -- BRAIN ARGV...`.

    Who finds the lock taken says "already running" on standard error and leaves everything alone. With `heir-of` a
    brain has lost its keeper and starts this one: descriptor 3 is the channel to it, 4 the lock that it holds;
    `descriptors` is the soft limit that services get.
    """
    middle = arguments.index("--")
    options = dict(word.split("=", 1) for word in arguments[:middle])
    heir_of = int(options.get("heir-of", 0))
    socket = files.above_standard(SOCKET_OF_HEIR) if heir_of else -1
    try:
        lock = files.above_standard(LOCK_OF_HEIR) if heir_of else take_lock(options["lock"])
    except OSError as error:
        sys.exit(f"{error.filename} cannot be locked: {error.strerror}")
    if lock < 0:
        os.write(2, b"nexsock: already running\n")
        return
    if "detach" in options and os.fork():
        os._exit(0)
    _settle_down(options)
    ending = (signal.SIGTERM,) if "detach" in options or heir_of else (signal.SIGTERM, signal.SIGINT)
    folder = os.path.dirname(options["lock"])
    keeper = Keeper(arguments[middle + 1 :], lock, ending, int(options.get("descriptors", 0)), folder)
    gc.freeze()
    try:
        keeper.brain.take_over(heir_of, socket) if heir_of else keeper.brain.start()
    except ProcessLookupError:
        os.close(socket)
        keeper.brain.start()
    keeper.run()
    say("ended; services go on")


def take_lock(path: str) -> int:
    """A descriptor that holds the lock at `path` as long as it or an inherited copy is open; -1: somebody else does."""
    descriptor = files.above_standard(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return -1
    return descriptor


def _settle_down(options: dict[str, str]) -> None:
    """Leave the terminal's and the caller's session, folder and signals."""
    if "detach" in options:
        os.setsid()
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    if log := options.get("log"):
        written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.dup2(written, 1)
        os.dup2(written, 2)
        os.close(written)
    if nothing > 2:
        os.close(nothing)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    linux.become_subreaper()


if __name__ == "__main__":
    run(sys.argv[1:])
