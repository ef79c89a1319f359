"""What the daemon remembers of a service: its runs, and how two of them differ. Only looks; changes nothing."""

import asyncio
from itertools import zip_longest

from nexsock import errors
from nexsock.daemon.host import Host
from nexsock.lifecycle import blame, waterfall
from nexsock.logs import slices
from nexsock.model.plan import FieldChange
from nexsock.model.state import Exit, Phase, Record, Run
from nexsock.model.status import LastChange, RunDiff, RunStatus, Timings
from nexsock.plan import snapshot
from nexsock.reconcile import describe
from nexsock.runtime import clock

_BROKEN: frozenset[Phase] = frozenset({"failed", "backoff", "unhealthy", "starting", "blocked", "stopping"})
"""Phases of a service that does not do what it is for, though somebody may want it to."""


async def history(host: Host, name: str) -> tuple[RunStatus, ...]:
    """The kept runs of a service, newest first, each with what it was launched with otherwise than the one before.

    Raises:
        NotFound: the project has no such service.
    """
    name = host.one(name)
    runs = host.store.runs(name)
    logs = await asyncio.to_thread(slices.of_runs, host.logs_dir, name, [run.number for run in runs])
    return tuple(
        describe.run_status(run, fields=changes(host, name, older, run), log=logs[run.number])
        for run, older in zip_longest(runs, runs[1:])
    )


def changes(host: Host, name: str, old: Run | None, new: Run) -> tuple[FieldChange, ...]:
    """What a run was launched with otherwise than another; nothing where that is not known of both."""
    if old is None:
        return ()
    if old.fingerprint == new.fingerprint:
        return snapshot.altered_between(old, new)

    def origin(path: str) -> str | None:
        return host.project.origin_of(name, path)

    was, became = host.store.launch(name, old), host.store.launch(name, new)
    fields = snapshot.between(was, became, origin) if was is not None and became is not None else ()
    secrets = snapshot.secrets_between(old.fingerprint, new.fingerprint)
    return (*fields, *secrets, *snapshot.altered_between(old, new))


def difference(host: Host, name: str, first: int | None, second: int | None) -> RunDiff:
    """How two runs differ. Without numbers: the last two; with one: that one and the last.

    A number below 1 counts from the last: 0 is the last one, -1 the one before.

    Raises:
        NotFound: there is no such service, or no such run is remembered.
    """
    name = host.one(name)
    runs = {run.number: run for run in host.store.runs(name)}
    old = _run(name, runs, -1 if first is None else first)
    new = _run(name, runs, 0 if second is None else second)
    known = host.store.launch(name, old) is not None and host.store.launch(name, new) is not None
    fields = changes(host, name, old, new)
    return RunDiff(
        service=name,
        old=describe.run_status(old),
        new=describe.run_status(new),
        fields=fields,
        same_launch=old.fingerprint == new.fingerprint and not fields,
        known=known or old.fingerprint == new.fingerprint,
        inherited=inherited(host, old, new),
    )


def inherited(host: Host, old: Run, new: Run) -> tuple[str, ...]:
    """The names of variables that two runs inherited differently; none where that is not known of both."""
    was, became = host.store.environment(old.inherited), host.store.environment(new.inherited)
    return snapshot.names_that_differ(was, became) if was is not None and became is not None else ()


def last_exit(host: Host, name: str) -> Exit | None:
    """How the last run of a service ended that has ended."""
    return next((run.exit for run in host.store.runs(name) if run.exit is not None), None)


def last_change(host: Host, record: Record) -> LastChange | None:
    """What is otherwise than in the last run that worked; None of a service that works, never
    has, or is not let start."""
    service, name = host.project.services.get(record.name) or record.applied, record.name
    runs = host.store.runs(name)
    if service is None or not runs or record.phase not in _BROKEN or runs[0].denied is not None:
        return None
    good = blame.last_good(service, runs)
    if good is None or good is runs[0]:
        return None

    def differs(run: Run) -> bool:
        alike = (run.fingerprint, run.commit, run.inherited) == (good.fingerprint, good.commit, good.inherited)
        return not alike or bool(snapshot.altered_between(good, run))

    first, newest = blame.changed_in(runs, good, differs), runs[0]
    moved = newest.commit != good.commit
    return LastChange(
        service=name,
        worked_run=good.number,
        worked_at=good.exit.at if good.exit is not None else good.ready_at,
        run=first.number if first is not None else None,
        at=first.begun_at if first is not None else None,
        fields=changes(host, name, good, newest),
        old_commit=good.commit if moved else None,
        new_commit=newest.commit if moved else None,
        inherited=inherited(host, good, newest),
    )


def timings(host: Host) -> Timings:
    """The start-up of what the last `up` of a project began; empty where none is remembered."""
    up_at = host.state.up_at
    if up_at is None:
        return Timings()
    runs = {name: host.store.runs(name) for name in host.project.services}
    return waterfall.timings(host.project.services, host.state.records, runs, up_at=up_at, now=clock.wall())


def _run(name: str, runs: dict[int, Run], number: int) -> Run:
    wanted = number if number > 0 else max(runs, default=0) + number
    if (found := runs.get(wanted)) is not None:
        return found
    if not runs:
        raise errors.NotFound(f"'{name}' has never been started", hint=f"run 'nexsock start {name}'")
    if number <= 0 and wanted < 1:
        raise errors.NotFound(f"'{name}' has had only one run", hint=f"see 'nexsock history {name}'")
    raise errors.NotFound(f"run {wanted} of '{name}' is not remembered; runs {min(runs)} to {max(runs)} are")
