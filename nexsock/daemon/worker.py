"""The loading worker as a process, started with nothing but the standard library.

So it can be started before the brain has its own libraries, and the two load side by side: each takes a tenth of a
second, and who has just started a daemon waits for both. The conversation with it is the loader's.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

import nexsock

WORKER = (sys.executable, "-P", "-m", "nexsock.config.worker")


class Worker:
    """A running worker, and the socket to its standard input and output. End it, or it is an orphan of the brain's."""

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=theirs.fileno(), env=_environment(os.environ), cwd="/"
            )
        self.pid = self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Kill it and wait until it is gone, which takes a moment: not for an event loop."""
        self._process.kill()
        self._process.wait()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Our own environment; the worker runs the same nexsock as we do, wherever it was imported from."""
    return {**ours, "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(nexsock.__file__)))}
