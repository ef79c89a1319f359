"""A person's terminal, in which a command of nexsock runs."""

import re
import signal
import termios
from typing import Any

import pexpect

from tests.roads.home import LIMIT_S, NEXSOCK
from tests.roads.road import Road

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


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
