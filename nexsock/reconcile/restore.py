"""What a new brain makes of the records it finds and the runs that are there. Pure; see Reconciler.resume.

The runs that the keeper keeps (or that were found by their identity) are the truth, records only say what was meant:

    record               its run                    what becomes of it
    at rest              -                          stays
    any                  a later one, alive         rests; the later one is a stray, which the plan adopts
    any                  a later one, ended         the later one is taken as its run, and its end is heard
    at rest              alive                      a stray, too
    all are lost         alive                      a stray that is wanted: somebody had it started
    starting             never launched             waits to be started again; nothing was executed
    starting             launched                   Launched is heard
    starting ... ready   alive                      goes on
    starting ... ready   ended                      Exited is heard
    starting ... ready   not there                  Exited is heard, its status unknown
    starting ... ready   of another main process    the same: it was left behind by the recorded one
    starting ... ready   not nexsock's to keep      goes on (an external service)
    stopping             any                        goes on being ended
    of another boot      -                          nothing of it runs, nothing of it is counted, nothing is signalled
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from nexsock.model.report import Exited, Launched, Report
from nexsock.model.service import Service
from nexsock.model.state import Exit, ProjectState, Record, Run, Wants
from nexsock.reconcile import advance


class Kept(Struct, frozen=True, kw_only=True):
    """A run as the keeper has it: the definition it was launched by, and what is known of its process and end."""

    service: Service
    run: Run


class Restored(Struct, frozen=True, kw_only=True):
    """What the reconciler begins with: its records, the runs no record knows, and what happened meanwhile.

    `settled` are the instances of ended runs of which nothing is to be heard any more: the keeper may forget them.
    """

    records: dict[str, Record]
    strays: dict[str, Run]
    reports: tuple[Report, ...]
    settled: tuple[str, ...]


def intended(state: ProjectState, wants: Wants | None) -> ProjectState:
    """The state with what commands had asked for, where that was kept: the records are written a moment later."""
    if wants is None:
        return state
    records = {
        name: replace(state.records.get(name) or Record(name=name), intent=wants.intents.get(name, "unset"))
        for name in dict.fromkeys((*state.records, *wants.intents))
    }
    return ProjectState(selection=wants.selection, records=records, up_at=state.up_at)


def restore(
    records: Mapping[str, Record],
    kept: Iterable[Kept],
    services: Mapping[str, Service],
    *,
    lost: bool,
    boot_id: str,
    now: float,
    wall: float,
) -> Restored:
    """Bring the records in line with the runs that are there.

    Args:
        records: as they were remembered; perhaps older than the truth.
        kept: every run of the project that the keeper knows, ended ones too.
        services: the definitions of the last good project, which running services were brought in line with.
        lost: nothing at all is remembered of what was wanted, so that what lives counts as wanted.
        now: monotonic seconds; what is remembered of another boot means nothing.
    """
    found: dict[str, list[Kept]] = {}
    for one in kept:
        found.setdefault(one.service.name, []).append(one)
    restored: dict[str, Record] = {}
    strays: dict[str, Run] = {}
    reports: list[Report] = []
    settled: list[str] = []
    for name in dict.fromkeys((*records, *found)):
        service, runs = services.get(name), found.get(name, [])
        record = _in_this_boot(records.get(name) or _new(name, runs, lost), service, boot_id, now)
        record = _known(record, service, runs, wall)
        if (other := _unknown(record, runs)) is None:
            record, heard = _met(record, runs, now, wall) if record.alive else (record, ())
            reports.extend(heard)
        elif (end := other.run.exit) is None:
            strays[name] = _begun(other.run, now, wall)
            record = _superseded(record)
        else:
            ran = _begun(replace(other.run, exit=None), now, wall)
            record = replace(_superseded(record), applied=other.service)
            record = advance.adopted(record, other.service, ran, wall)
            reports.append(Exited(service=name, instance=ran.instance, exit=end))
        restored[name] = record
        settled.extend(one.run.instance for one in runs if _is_settled(one.run, record))
    return Restored(records=restored, strays=strays, reports=tuple(reports), settled=tuple(settled))


def _new(name: str, runs: list[Kept], lost: bool) -> Record:
    """The record of a service that nothing is remembered of."""
    lives = any(one.run.exit is None for one in runs)
    return Record(name=name, intent="up" if lost and lives else "unset")


def _known(record: Record, service: Service | None, runs: list[Kept], wall: float) -> Record:
    """The record with the definition of its run: the last good one, which has what was applied in place, or the one
    that the run began with."""
    run, mine = record.run, _mine(record, runs)
    if run is None:
        return record
    candidates = (service, mine.service if mine is not None else None)
    applied = next((one for one in candidates if one and run.fingerprint.startswith(one.fingerprint)), None)
    record = replace(record, applied=applied)
    if applied is None or not record.alive or record.phase == "stopping":
        return record
    return advance.updated(record, applied, wall)


def _mine(record: Record, runs: list[Kept]) -> Kept | None:
    instance = record.run.instance if record.run is not None else ""
    return next((one for one in runs if one.run.instance == instance), None)


def _unknown(record: Record, runs: list[Kept]) -> Kept | None:
    """The run that the record should be of: one that lives, or a later one; None where it is of the right one.

    While the recorded run lives there can be no other. Another that lives shows that what would not end of the
    recorded one has ended since.
    """
    mine = _mine(record, runs)
    if record.alive and mine is not None and mine.run.exit is None:
        return None
    number = record.run.number if record.run is not None else 0
    others = [one for one in runs if one is not mine or not (record.alive or record.survivors)]
    return max((one for one in others if one.run.exit is None or one.run.number > number), key=_likely, default=None)


def _likely(one: Kept) -> tuple[bool, int]:
    return (one.run.exit is None, one.run.number)


def _superseded(record: Record) -> Record:
    """The record at rest: a later run began only when nothing of the recorded one was left."""
    if not record.alive and not record.survivors:
        return record
    return replace(record, phase="stopped", stopping=None, health=None, survivors=())


def _is_settled(run: Run, record: Record) -> bool:
    """Whether an ended run is over and done with: its end is on record, or another has taken its place."""
    if run.exit is None or record.run is None:
        return False
    if record.run.instance == run.instance:
        return not record.alive and not record.survivors and record.run.exit is not None
    return record.run.number > run.number


def _met(record: Record, runs: list[Kept], now: float, wall: float) -> tuple[Record, tuple[Report, ...]]:
    """What is to be heard of a run that was alive when it was last recorded."""
    run, mine = record.run, _mine(record, runs)
    if run is None or (mine is None and run.started_mono is None and record.phase == "starting"):
        phase = "backoff" if record.attempts else "stopped"
        return replace(record, phase=phase, since_at=wall, retry_mono=now if record.attempts else None, health=None), ()
    name, instance = record.name, run.instance
    if record.applied is not None and record.applied.engine == "external":
        return record, ()
    if mine is None or _is_left_behind(mine.run, run):
        unseen = Exited(service=name, instance=instance, exit=Exit(code=None, at=wall))
        return record, () if run.exit is not None else (unseen,)
    reports: list[Report] = []
    if run.started_mono is None:
        reports.append(_launched(name, mine.run, now, wall))
    if run.exit is None and mine.run.exit is not None:
        reports.append(Exited(service=name, instance=instance, exit=mine.run.exit))
    return record, tuple(reports)


def _is_left_behind(found: Run, recorded: Run) -> bool:
    """Whether what was found of a run is not the main process that is on record, but what that one had started."""
    return found.exit is None and recorded.pid is not None and recorded.pid != found.pid


def _launched(name: str, run: Run, now: float, wall: float) -> Launched:
    """The report that the earlier brain did not live to hear."""
    run = _begun(run, now, wall)
    return Launched(
        service=name,
        instance=run.instance,
        pid=run.pid,
        start_ticks=run.start_ticks,
        boot_id=run.boot_id,
        at=run.started_at or wall,
        mono=run.started_mono or now,
    )


def _begun(run: Run, now: float, wall: float) -> Run:
    """The run with the time of its start: now, where nobody wrote it down."""
    return run if run.started_mono is not None else replace(run, started_at=wall, started_mono=now)


def _in_this_boot(record: Record, service: Service | None, boot_id: str, now: float) -> Record:
    """The record with nothing in it that only another boot's clock and processes gave a meaning."""
    run = record.run
    if run is not None and run.boot_id and run.boot_id != boot_id:
        rests = record.phase in ("completed", "failed") and not record.survivors
        return replace(
            record,
            phase=record.phase if rests else "stopped",
            reason=record.reason if rests else "",
            replace=None,
            stopping=None,
            health=None,
            attempts=0,
            failed_mono=(),
            retry_mono=None,
            survivors=(),
        )
    longest_s = service.restart.max_delay_s if service is not None else 0.0
    retry_mono = min(record.retry_mono, now + longest_s) if record.retry_mono is not None else None
    retry_mono = now if record.survivors else retry_mono
    stopping = record.stopping
    if stopping is not None:
        grace_s = service.stop.grace_s if service is not None else 0.0
        kill_mono = min(stopping.kill_mono, now + grace_s) if stopping.kill_mono is not None else None
        stopping = replace(stopping, since_mono=min(stopping.since_mono, now), kill_mono=kill_mono)
    failed_mono = tuple(at for at in record.failed_mono if at <= now)
    return replace(record, retry_mono=retry_mono, stopping=stopping, failed_mono=failed_mono)
