"""What is known of one project, and the one way to write it down: in memory, in the store, and told to everyone.

Nothing is decided here and nothing is done to the machine.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from nexsock.model.event import Event
from nexsock.model.project import Project
from nexsock.model.service import Launch, Service
from nexsock.model.state import Observed, ProjectState, Record, Run, Selection, Snapshot
from nexsock.plan import snapshot


class Memory(Protocol):
    """Where records, and the runs in them, are kept (store.Store); each call returns at once."""

    def put(self, record: Record) -> None: ...
    def put_launch(self, service: str, run: Run, launch: Snapshot) -> None: ...
    def put_environment(self, digest: str, marks: Mapping[str, str]) -> None: ...
    def forget(self, service: str) -> None: ...
    def set_meta(self, *, selection: Selection | None = None, up_at: float | None = None) -> None: ...


class Clock(Protocol):
    """`monotonic` for decisions, `wall` (unix seconds) for display."""

    def monotonic(self) -> float: ...
    def wall(self) -> float: ...


class Ledger:
    """The project as its file says, its actual state, and what the machine shows beyond that.

    Args:
        emit: called with each event, `seq` still 0.
    """

    def __init__(
        self, project: Project, state: ProjectState, *, memory: Memory, clock: Clock, emit: Callable[[Event], None]
    ) -> None:
        self.project = project
        self.state = state
        self.observed = Observed()
        self.clock = clock
        self._memory = memory
        self._emit = emit

    def record(self, name: str) -> Record:
        """The record of a service; an empty one where it has none."""
        return self.state.records.get(name) or Record(name=name)

    def definition(self, record: Record) -> Service:
        """The service as it runs: by its record, by the file where that is not known, or else as good as nothing."""
        known = record.applied or self.project.services.get(record.name)
        return known or Service(name=record.name, launch=Launch())

    def put(self, record: Record) -> None:
        """Write a record down, and tell of a new phase or reason."""
        if self.state.records.get(record.name) == record:
            return
        before = self.record(record.name)
        self.state.records[record.name] = record
        self._memory.put(record)
        if before.phase != record.phase or before.reason != record.reason:
            self.tell("phase", record.name, phase=record.phase, reason=record.reason,
                      run=record.run and record.run.number, pid=record.run and record.run.pid)  # fmt: skip

    def begin(self, record: Record) -> None:
        """Write down the record of a run that begins, and what it is launched with."""
        self.put(record)
        if record.run is not None and record.applied is not None:
            self._memory.put_launch(record.name, record.run, snapshot.take(record.applied))

    def remember_environment(self, digest: str, marks: Mapping[str, str]) -> None:
        """Write down which variables runs inherit (plan.snapshot.inherited)."""
        self._memory.put_environment(digest, marks)

    def count(self, record: Record) -> None:
        """Take a record in which only a probe was counted: not worth a write, nor an event."""
        self.state.records[record.name] = record

    def remember(self, record: Record) -> None:
        """Write down, as it stands, a record that the store may have otherwise."""
        self._memory.put(record)

    def forget(self, name: str) -> None:
        """Strike out a service that is no longer in the file."""
        self.state.records.pop(name, None)
        self._memory.forget(name)

    def select(self, selection: Selection) -> None:
        """Write down what the commands chose."""
        if selection != self.state.selection:
            self.state.selection = selection
            self._memory.set_meta(selection=selection)

    def note_up(self, at: float) -> None:
        """Write down when an `up` came that has something to do."""
        self.state.up_at = at
        self._memory.set_meta(up_at=at)

    def tell(self, kind: str, service: str | None, **details: object) -> None:
        """Tell of something that happened; the details are fields of Event."""
        self._emit(Event(at=self.clock.wall(), seq=0, project=self.project.id, kind=kind, service=service, **details))  # type: ignore[arg-type]
