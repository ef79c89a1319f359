"""Something that happened, told once to everyone who listens."""

from typing import Literal

from msgspec import Struct

from nexsock.model.plan import FieldChange

EventKind = Literal[
    "wanted",  # a command changed which services should be up
    "phase",  # a service went from one phase to another
    "plan",  # steps were decided
    "exit",  # a run ended
    "probe",  # a probe's verdict changed
    "config",  # a changed file was applied, or is broken
    "git",  # a checkout is made or moved
    "watch",  # a changed source file acted on a service
    "hook",  # a hook ran
    "output",  # a line for the user from a hook or a stop command
    "warning",
    "daemon",
]


class Event(Struct, frozen=True, kw_only=True):
    """`at` is unix seconds; `seq` grows by one within a daemon's life. Fields that do not apply are None."""

    at: float
    seq: int
    project: str
    kind: EventKind
    service: str | None = None
    phase: str | None = None
    reason: str = ""
    origin: str | None = None
    run: int | None = None
    pid: int | None = None
    exit_code: int | None = None
    action: str | None = None
    fields: tuple[FieldChange, ...] = ()
