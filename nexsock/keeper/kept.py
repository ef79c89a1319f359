"""One service run that the keeper keeps: its process, its streams and log, and how it ended."""

import errno
import os
import time

from nexsock.keeper import files, linux, spawn, wire
from nexsock.keeper.linux import signal
from nexsock.keeper.logfile import LogFile
from nexsock.keeper.pump import Stream
from nexsock.keeper.terminal import Terminal


class Kept:
    """`facts` has the KEPT_FIELDS of it; `pidfd` is -1 for our own children, who cannot be recycled unseen.

    `master` is that of its terminal; None: it has none, or it was lost.

    Raises:
        wire.Refusal: STREAMS, a FIFO or the terminal cannot be made or opened; nothing is left open.
    """

    def __init__(self, facts: "wire.Message", master: int | None) -> None:
        self.facts = {name: facts.get(name) for name in wire.KEPT_FIELDS}
        self.pidfd = -1
        self.exit: wire.Message | None = facts.get("exit")
        self.acknowledged = bool(facts.get("acknowledged"))
        self.open = True
        self.streams: list[Stream] = []
        self.terminal: Terminal | None = None
        self.log = LogFile(facts["log_path"], facts["index_path"], facts["max_size"], facts["max_files"], facts["run"])
        path = ""
        try:
            for path, number in _fifos(facts):
                files.make_fifo(path)
                self.streams.append(Stream(path, number, self.log))
            path = facts["terminal"]
            if master is not None:
                self.terminal = Terminal(master, self.streams[0])
        except OSError as error:
            self.discard()
            raise wire.Refusal(wire.STREAMS, error.errno or 0, path) from error

    @property
    def sources(self) -> "list[Stream | Terminal]":
        """What its bytes come from; each has a descriptor to watch."""
        return [*self.streams, self.terminal] if self.terminal else [*self.streams]

    @property
    def instance(self) -> str:
        return str(self.facts["instance"])

    @property
    def pid(self) -> int:
        return int(self.facts["pid"] or 0)

    @property
    def start_ticks(self) -> int:
        return int(self.facts["start_ticks"] or 0)

    def start(self, request: "wire.Message", limit: spawn.Descriptors) -> None:
        """Execute the program on its terminal, or with the FIFOs as its output.

        Raises:
            wire.Refusal: it was not started.
        """
        if self.facts["terminal"] and not self.terminal:
            raise wire.Refusal(wire.STREAMS, errno.ENOENT, str(self.facts["terminal"]))
        opened: list[int] = []
        try:
            if not self.terminal:
                opened.append(_open(request["stdin"], os.O_RDONLY))
                opened += [_open(path, os.O_RDWR) for path in (request["stdout_fifo"], request["stderr_fifo"])]
            pid = spawn.start(
                request["argv"],
                request["environment"],
                request["cwd"],
                opened,
                limit,
                instance=self.instance,
                limited=request["limits"],
                terminal=self.terminal.path if self.terminal else "",
            )
        finally:
            for descriptor in opened:
                os.close(descriptor)
        self.log.begin_run()
        self.facts["pid"] = pid
        self.facts["start_ticks"] = linux.start_ticks(pid)

    def hold(self, pidfd: int | None) -> bool:
        """Hold on to a process that is not our child, by the given pidfd or a new one; whether it can be."""
        found = linux.pidfd_of(self.pid, self.start_ticks) if pidfd is None else pidfd
        self.pidfd = -1 if found is None else found
        return found is not None

    def signal(self, number: int, group: bool) -> bool:
        """Signal the main process, or its whole group; False if it has ended.

        Safe against recycled pids: our own child is a zombie until we reap it, a stranger is asked through its pidfd.
        """
        if self.exit is not None or self.pid <= 1:
            return False
        try:
            if self.pidfd >= 0:
                signal.pidfd_send_signal(self.pidfd, 0 if group else number)
                if not group:
                    return True
            (os.killpg if group else os.kill)(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def ended(self, status: int | None) -> "wire.Message":
        """Note the end of the main process, after all that it had written; the EXIT_FIELDS."""
        wall, monotonic = time.time(), time.monotonic()
        self.drain()
        self.exit = {
            "instance": self.instance, "pid": self.pid, "status": status, "wall": wall, "monotonic": monotonic
        }  # fmt: skip
        return self.exit

    def retain(self, max_size: int, max_files: int) -> None:
        """Keep so much of its log from now on."""
        self.facts["max_size"], self.facts["max_files"] = max_size, max_files
        self.log.retain(max_size, max_files)

    def drain(self) -> int:
        """Move all that is in terminal and FIFOs now and write the index; the size of the log file."""
        if self.open:
            for source in self.sources:
                source.drain()
            self.log.flush()
        return self.log.size

    def close(self) -> None:
        """Drain and close log and streams and remove the FIFOs."""
        self.drain()
        self.log.close()
        self.discard()

    def discard(self) -> None:
        """Let go of the terminal and remove the FIFOs of a run that never began, or is closed."""
        self.open = False
        for source in reversed(self.sources):
            source.close()

    def row(self) -> "wire.Message":
        """The KEPT_FIELDS."""
        return {**self.facts, "exit": self.exit, "acknowledged": self.acknowledged}


def _fifos(facts: "wire.Message") -> list[tuple[str, int]]:
    out, err = facts["stdout_fifo"], facts["stderr_fifo"]
    return [(out, wire.STREAM_OUT)] if out == err else [(out, wire.STREAM_OUT), (err, wire.STREAM_ERR)]


def _open(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_CLOEXEC)
    except OSError as error:
        raise wire.Refusal(wire.STREAMS, error.errno or 0, path) from error
