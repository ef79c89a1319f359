"""What the keeper is told of a run, for it and for the next brain: its files, its definition, and how it ended."""

import signal

import msgspec

from nexsock.model.service import Service
from nexsock.model.state import Exit, Run
from nexsock.runtime import kept

_KNOWN_SIGNALS = signal.valid_signals()


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What the keeper keeps for the next brain: the service as it was launched, and the run."""

    service: Service
    run: Run


def files_of(service: Service, run: int, logs_dir: str, fifos_dir: str) -> kept.Files:
    """Where the output of a run goes."""
    return kept.Files(
        stdout_fifo=f"{fifos_dir}/{service.name}.{run}.out",
        stderr_fifo=f"{fifos_dir}/{service.name}.{run}.err",
        log_path=f"{logs_dir}/{service.name}.log",
        index_path=f"{logs_dir}/{service.name}.idx",
        max_size=service.logging.max_size_bytes,
        max_files=service.logging.max_files,
    )


def note_of(service: Service, run: Run) -> str:
    return msgspec.json.encode(Note(service=service, run=run)).decode()


def noted(found: kept.Kept, boot_id: str) -> Note | None:
    """The service and the run that an earlier brain launched, with what the keeper knows of its process and end.

    None where another version of nexsock wrote a note that this one cannot read.
    """
    try:
        note = msgspec.json.decode(found.note, type=Note)
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
