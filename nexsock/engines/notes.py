"""What the keeper is told of a run, for it and for the next brain: its files, its definition, and how it ended."""

import os
import signal
from typing import NamedTuple

import msgspec

from nexsock.engines import terminals
from nexsock.model import packed
from nexsock.model.service import Service
from nexsock.model.state import Exit, Run
from nexsock.runtime import kept

_KNOWN_SIGNALS = signal.valid_signals()


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What the keeper keeps for the next brain: the service as it was launched, and the run."""

    service: Service
    run: Run


class Trace(NamedTuple):
    """What the name of a FIFO tells: it is made before the run's process, and stays until the run is settled."""

    service: str
    number: int
    instance: str


def files_of(service: Service, run: Run, logs_dir: str, fifos_dir: str) -> kept.Files:
    """Where the output of a run goes. On a terminal nobody can tell output and error apart."""
    fifo = f"{fifos_dir}/{service.name}.{run.number}.{run.instance}"
    return kept.Files(
        stdout_fifo=f"{fifo}.out",
        stderr_fifo=f"{fifo}.out" if service.launch.tty else f"{fifo}.err",
        terminal=terminals.name_of(run.instance) if service.launch.tty else "",
        log_path=f"{logs_dir}/{service.name}.log",
        index_path=f"{logs_dir}/{service.name}.idx",
        max_size=service.logging.max_size_bytes,
        max_files=service.logging.max_files,
    )


def traces(fifos_dir: str) -> list[Trace]:
    """The runs of a project that were begun and not settled, whoever has been killed since; by service and number."""
    try:
        names = os.listdir(fifos_dir)
    except FileNotFoundError:
        return []
    return sorted({trace for name in names if (trace := _trace(name)) is not None})


def _trace(fifo: str) -> Trace | None:
    match fifo.rsplit(".", 3):
        case [service, number, instance, "out" | "err"] if number.isdecimal():
            return Trace(service, int(number), instance)
    return None


def limits_of(service: Service) -> dict[str, int]:
    """The limits that a run has of its own, in the words of keeper.limits."""
    limits = service.launch.limits
    named = {"nice": limits.nice, "nofile": limits.nofile, "memory": limits.memory_bytes}
    return {name: number for name, number in named.items() if number is not None}


def note_of(service: Service, run: Run) -> str:
    return packed.to_text(Note(service=service, run=run))


def noted(found: kept.Kept, boot_id: str) -> Note | None:
    """The service and the run that an earlier brain launched, with what the keeper knows of its process and end.

    None where another version of nexsock wrote a note that this one cannot read.
    """
    try:
        note = packed.from_text(found.note, Note)
    except msgspec.DecodeError:
        return None
    run = msgspec.structs.replace(
        note.run,
        pid=found.pid,
        start_ticks=found.start_ticks,
        boot_id=boot_id,
        exit=exit_of(found.end) if found.end is not None else None,
    )
    return Note(service=note.service, run=run)


def exit_of(found: kept.Ended) -> Exit:
    """The exit in the words of the model: 128 + n after signal n."""
    if found.status is None or found.status >= 0:
        return Exit(code=found.status, at=found.wall)
    number = -found.status
    name = signal.Signals(number).name if number in _KNOWN_SIGNALS else f"signal {number}"
    return Exit(code=128 + number, at=found.wall, signal=name)
