"""One service run that the keeper keeps: its process, its streams and log, and how it ended."""

import os
import time

from nexsock.keeper import files, linux, spawn, wire
from nexsock.keeper.linux import signal
from nexsock.keeper.logfile import LogFile
from nexsock.keeper.pump import Stream


class Kept:
    """`facts` has the KEPT_FIELDS of it; `pidfd` is -1 for our own children, who cannot be recycled unseen.

    Raises:
        wire.Refusal: STREAMS, a FIFO cannot be made or opened; nothing is left open.
    """

    def __init__(self, facts: "wire.Message") -> None:
        self.facts = {name: facts.get(name) for name in wire.KEPT_FIELDS}
        self.pidfd = -1
        self.exit: wire.Message | None = facts.get("exit")
        self.acknowledged = bool(facts.get("acknowledged"))
        self.open = True
        self.streams: list[Stream] = []
        self.log = LogFile(facts["log_path"], facts["index_path"], facts["max_size"], facts["max_files"], facts["run"])
        for path, number in _fifos(facts):
            try:
                files.make_fifo(path)
                self.streams.append(Stream(path, number, self.log))
            except OSError as error:
                self.discard()
                raise wire.Refusal(wire.STREAMS, error.errno or 0, path) from error

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
        """Execute the program with the FIFOs as its output.

        Raises:
            wire.Refusal: it was not started.
        """
        stdin = -1
        outputs: list[int] = []
        try:
            stdin = _open(request["stdin"], os.O_RDONLY)
            outputs = [_open(path, os.O_RDWR) for path in (request["stdout_fifo"], request["stderr_fifo"])]
            pid = spawn.start(
                request["argv"],
                request["environment"],
                request["cwd"],
                [stdin, *outputs],
                limit,
                instance=self.instance,
                limited=request["limits"],
            )
        finally:
            for descriptor in (stdin, *outputs):
                if descriptor >= 0:
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
        """Move all that is in the FIFOs now and write the index; the size of the log file."""
        if self.open:
            for stream in self.streams:
                stream.drain()
            self.log.flush()
        return self.log.size

    def close(self) -> None:
        """Drain and close log and streams and remove the FIFOs."""
        self.drain()
        self.log.close()
        self.discard()

    def discard(self) -> None:
        """Remove the FIFOs of a run that never began, or is closed."""
        self.open = False
        for stream in self.streams:
            stream.close()

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
