"""Tools that run a list of commands in one terminal and print what they say: honcho, concurrently, mprocs."""

import fcntl
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import termios
import threading
from pathlib import Path

from bench.tools.adapter import Adapter, binary


class Honcho(Adapter):
    """Stops everything when one service ends."""

    name = program = "honcho"
    restarts = reloads = one_log_each = False

    def write(self) -> None:
        (self.work / "Procfile").write_text("".join(f"{one.name}: {one.shell}\n" for one in self.services))

    def up(self) -> None:
        self.start([binary("honcho"), "start", "-f", "Procfile"], output="out.log")

    def log_path(self, _name: str) -> Path:
        return self.work / "out.log"


class Concurrently(Adapter):
    name = program = "concurrently"
    reloads = one_log_each = False

    def write(self) -> None:
        """All of its configuration is its command line."""

    def up(self) -> None:
        names = ",".join(one.name for one in self.services)
        argv = [binary("concurrently"), "--restart-tries", "-1", "--names", names]
        self.start([*argv, *(one.shell for one in self.services)], output="out.log")

    def down(self) -> None:
        self.end(signal.SIGINT)

    def log_path(self, _name: str) -> Path:
        return self.work / "out.log"


class Mprocs(Adapter):
    """Draws on a terminal, so it gets one, and somebody who reads what it draws."""

    name = program = "mprocs"
    reloads = False

    def write(self) -> None:
        self.address = f"127.0.0.1:{_free_port()}"
        processes = {one.name: {"cmd": list(one.argv), "autorestart": True} for one in self.services}
        (self.work / "mprocs.json").write_text(json.dumps({"server": self.address, "procs": processes}))

    def up(self) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))  # it crashes on a terminal of 0x0
        self.process = subprocess.Popen(
            [binary("mprocs"), "-c", "mprocs.json", "--log-dir", str(self.logs)],
            env={**self.environment, "TERM": "xterm-256color"},
            cwd=self.work,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        threading.Thread(target=_drain, args=(ours,), daemon=True).start()

    def down(self) -> None:
        self.run([binary("mprocs"), "--server", self.address, "--ctl", "{c: quit}"])
        self.await_end()


def _drain(terminal: int) -> None:
    while True:
        try:
            if not os.read(terminal, 1 << 16):
                break
        except OSError:  # EIO: its last user closed the terminal
            break
    os.close(terminal)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
