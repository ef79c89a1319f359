"""What goes to the keeper and comes back from it, as values: a launch, a kept run, its end, a refusal in words."""

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from nexsock.errors import LaunchError
from nexsock.keeper import wire
from nexsock.runtime.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where the output of one run goes. The FIFOs are the run's own; log and index are kept over runs."""

    stdout_fifo: str
    stderr_fifo: str
    log_path: str
    index_path: str
    terminal: str = ""
    """the name under which the master of its terminal is stored; all output is one stream then"""
    max_size: int = 10 * 1024 * 1024
    max_files: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One start. `instance` is unique for ever; `environment` is the whole of it; `note` is for the caller's use."""

    instance: str
    project: str
    service: str
    run: int
    argv: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str]
    files: Files
    note: str = ""
    stdin: str = os.devnull
    limits: Mapping[str, int] = field(default_factory=dict)
    """those that it has of its own: nice, nofile, memory (bytes)"""


@dataclass(frozen=True, slots=True)
class Started:
    """`repeated`: this instance had been started before; it was not started again."""

    pid: int
    start_ticks: int
    boot_id: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: `status` is the exit code, or minus the signal, or None where nobody could know."""

    instance: str
    pid: int
    status: int | None
    wall: float
    monotonic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A run that the keeper keeps, or shall adopt. `end` is None while its main process lives."""

    instance: str
    project: str
    service: str
    run: int
    pid: int
    start_ticks: int
    files: Files
    note: str = ""
    end: Ended | None = None
    acknowledged: bool = False

    def identity(self, boot_id: str) -> Identity:
        return Identity(self.pid, self.start_ticks, boot_id, self.instance)


_FILES = tuple(field.name for field in fields(Files))
_ENDED = tuple(field.name for field in fields(Ended))


def spawn_fields(launch: Launch) -> wire.Message:
    """The SPAWN_FIELDS of a launch."""
    own = ("instance", "project", "service", "run", "cwd", "note", "stdin")
    return {
        **{name: getattr(launch, name) for name in own},
        **{name: getattr(launch.files, name) for name in _FILES},
        "argv": list(launch.argv),
        "environment": dict(launch.environment),
        "limits": dict(launch.limits),
    }


def kept_fields(kept: Kept) -> wire.Message:
    """The KEPT_FIELDS of a kept run."""
    own = ("instance", "project", "service", "run", "pid", "start_ticks", "note", "acknowledged")
    return {
        **{name: getattr(kept, name) for name in own},
        **{name: getattr(kept.files, name) for name in _FILES},
        "exit": {name: getattr(kept.end, name) for name in _ENDED} if kept.end else None,
    }


def kept_of(row: wire.Message) -> Kept:
    """The kept run that a row of `list` describes."""
    own = ("instance", "project", "service", "run", "pid", "start_ticks", "note", "acknowledged")
    return Kept(
        **{name: row[name] for name in own},
        files=Files(**{name: row[name] for name in _FILES if name in row}),
        end=ended_of(row["exit"]) if row["exit"] else None,
    )


def ended_of(event: wire.Message) -> Ended:
    """The end that an exited event tells."""
    return Ended(**{name: event[name] for name in _ENDED})


def launched(launch: Launch, started: Started) -> Kept:
    """What the keeper keeps after this launch."""
    return Kept(
        instance=launch.instance,
        project=launch.project,
        service=launch.service,
        run=launch.run,
        pid=started.pid,
        start_ticks=started.start_ticks,
        files=launch.files,
        note=launch.note,
    )


class Refused(LaunchError):
    """The keeper did not do it. `kind` is one of wire.KINDS; `transient`: the same may work in a moment."""

    def __init__(self, kind: str, number: int, subject: str) -> None:
        message, hint = _words(kind, number, subject)
        super().__init__(message, hint=hint)
        self.kind = kind
        self.errno = number
        self.subject = subject

    @property
    def transient(self) -> bool:
        return self.kind == wire.RESOURCES


_LIMIT_ADVICE = {
    "nofile": "ask for no more than 'ulimit -Hn' prints",
    "nice": "only root may go below 0",
    "memory": "give it more: the program must fit, too",
}


def _words(kind: str, number: int, subject: str) -> tuple[str, str | None]:
    """The sentence and the advice for a refusal."""
    reason = os.strerror(number)
    match kind:
        case wire.PROGRAM_MISSING if "/" in subject:
            return f"program {subject!r} does not exist", "install it, or correct 'command'"
        case wire.PROGRAM_MISSING:
            return f"program {subject!r} is in no folder of PATH", "install it, or correct 'command' or PATH"
        case wire.INTERPRETER_MISSING:
            return f"{subject!r} names an interpreter that does not exist", "correct its first line (#!)"
        case wire.NOT_EXECUTABLE:
            return f"{subject!r} is not a program for this machine", "begin a script with #! and its interpreter"
        case wire.PERMISSION if os.path.isdir(subject):
            return f"folder {subject!r} may not be entered", "correct its permissions, or 'working_dir'"
        case wire.PERMISSION:
            return f"{subject!r} may not be executed", f"run 'chmod +x {subject}', or correct 'command'"
        case wire.WORKING_DIR if number == errno.ENOENT:
            return f"working_dir {subject!r} does not exist", "make it, or correct 'working_dir'"
        case wire.WORKING_DIR:
            return f"working_dir {subject!r} cannot be entered: {reason}", None
        case wire.STREAMS:
            return f"{subject!r} cannot be used for output: {reason}", "see 'nexsock doctor'"
        case wire.LIMITS:
            return f"limits.{subject.replace(' ', ' of ')} cannot be set: {reason}", _LIMIT_ADVICE[subject.split()[0]]
        case wire.RESOURCES:
            return f"{subject!r} was not started: {reason}", "there may be too many processes on this machine"
        case wire.UNKNOWN_INSTANCE:
            return f"nothing is kept under the name {subject!r}", None
    return f"{subject!r} was refused: {reason}", None
