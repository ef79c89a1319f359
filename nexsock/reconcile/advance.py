"""A record and something that happened give the next record. Pure; the whole life of a service in twelve functions.

`now` is monotonic seconds, `wall` unix seconds. The service passed in is the one as the file has it now.
"""

from msgspec.structs import replace

from nexsock.lifecycle import health as judging
from nexsock.lifecycle import phase, restart, stop
from nexsock.model.plan import Hold, Step
from nexsock.model.plugin import PluginChange
from nexsock.model.report import Altered, Exited, Gone, Launched, LaunchFailed, Probed
from nexsock.model.service import Service
from nexsock.model.state import Cause, Exit, Health, Record, Run, Stopping


def held(record: Record, hold: Hold, wall: float) -> Record:
    """It has to wait. A service that waits for its next try or its end keeps its phase; after the delay of a try, what
    it waits for is what it needs, and it is blocked."""
    since = record.held.since if record.held is not None and record.held.waits_for == hold.waits_for else wall
    hold = replace(hold, since=since)
    if record.asked_at is None and not record.alive and not record.survivors:
        record = replace(record, asked_at=wall)
    pausing = record.phase == "backoff" and hold.until is not None
    if pausing or record.alive or record.survivors:
        return record if record.held == hold else replace(record, held=hold)
    after = phase.after(record.phase, "hold")
    reason = hold.because if hold.failed else f"waits for {hold.waits_for}"
    if after == record.phase and reason == record.reason:
        return record if record.held == hold else replace(record, held=hold)
    return replace(record, phase=after, since_at=wall, reason=reason, held=hold)


def is_next_try(record: Record, service: Service) -> bool:
    """Whether a start now would be another try of what failed: nobody asked for it, and nothing was edited."""
    if record.phase not in ("backoff", "blocked") or record.attempts == 0 or record.replace is not None:
        return False
    if record.applied is None:
        return record.run is None or record.run.fingerprint.startswith(service.fingerprint)
    return record.applied == service


def started(record: Record, service: Service, run: Run, wall: float) -> Record:
    """A start was begun with this run. A cause other than a crash starts the counting of failures anew."""
    again = is_next_try(record, service)
    run = replace(run, asked_at=record.asked_at or wall, begun_at=wall)
    return replace(
        record,
        phase=phase.after(record.phase, "start"),
        since_at=wall,
        reason="",
        applied=service,
        run=run,
        replace=None,
        stopping=None,
        held=None,
        survivors=(),
        health=Health() if service.healthcheck else None,
        restarts=record.restarts + 1 if again else 0,
        attempts=record.attempts if again else 0,
        failed_mono=record.failed_mono if again else (),
        retry_mono=None,
        done_fingerprint=None,
        asked_at=None,
    )


def altered(record: Record, report: Altered) -> Record:
    """Plugins have changed the run that is about to be launched; what the file says of the service is as it was."""
    assert record.run is not None
    return replace(record, run=replace(record.run, altered=(*record.run.altered, *report.changes)))


def launched(record: Record, report: Launched, service: Service, wall: float) -> Record:
    """It has been executed; without a healthcheck that is all there is to wait for."""
    assert record.run is not None
    run = replace(
        record.run,
        pid=report.pid,
        start_ticks=report.start_ticks,
        boot_id=report.boot_id,
        started_at=report.at,
        started_mono=report.mono,
        commit=report.commit,
    )
    return _executed(record, service, run, wall)


def _executed(record: Record, service: Service, run: Run, wall: float) -> Record:
    if record.phase != "starting" or service.healthcheck is not None:
        return replace(record, run=run)
    if not service.oneshot and run.ready_mono is None:
        run = replace(run, ready_at=run.started_at, ready_mono=run.started_mono)
    return replace(record, phase=phase.after(record.phase, "running"), since_at=wall, run=run)


def launch_failed(record: Record, report: LaunchFailed, service: Service, now: float, wall: float) -> Record:
    """It could not be executed: given up, or tried again when the same try may succeed later.

    One that is being ended meanwhile stays so: Gone follows.
    """
    if record.phase != "starting":
        return record
    if report.denied is not None and record.run is not None:
        record = replace(record, run=replace(record.run, denied=report.denied))
    if not report.transient:
        after = phase.after(record.phase, "give_up")
        return replace(record, phase=after, since_at=wall, reason=report.message, replace=None, stopping=None)
    verdict = restart.after_end(
        service,
        Exit(code=None, at=wall),
        served_s=0.0,
        attempts=record.attempts,
        failed_mono=record.failed_mono,
        now=now,
        because=report.message,
    )
    return _judged(record, verdict, wall)


def exited(record: Record, report: Exited, service: Service, now: float, wall: float) -> Record:
    """The main process ended. Whatever it left behind has the grace period to end, too.

    It may be told twice, and late, of one that survived SIGKILL: that changes no phase.
    """
    assert record.run is not None
    if record.run.exit is not None:
        return record
    run = replace(record.run, exit=report.exit)
    if record.phase == "stopping" or not record.alive:
        return replace(record, run=run)
    cause = Cause(kind="crash", text=str(report.exit))
    stopping = Stopping(cause=cause, since_mono=now, kill_mono=now + service.stop.grace_s)
    after = phase.after(record.phase, "exited")
    return replace(
        record,
        phase=after,
        since_at=wall,
        reason=str(report.exit),
        run=run,
        stopping=stopping,
        held=None,
        asked_at=report.exit.at,
    )


def granted(record: Record, changes: tuple[PluginChange, ...]) -> Record:
    """Plugins let it end, with these changes."""
    if not changes or record.run is None:
        return record
    return replace(record, run=replace(record.run, altered=(*record.run.altered, *changes)))


def stopped(
    record: Record,
    step: Step,
    cause: Cause,
    service: Service,
    now: float,
    wall: float,
    *,
    grace_s: float | None = None,
) -> Record:
    """An end was begun; where nothing runs, it has ended already.

    Args:
        grace_s: how long it has, where that is not for the service to say.
    """
    if not record.alive:
        after = phase.after(record.phase, "release")
        return replace(
            record, phase=after, since_at=wall, reason="", retry_mono=None, replace=None, held=None,
            attempts=0, failed_mono=(), asked_at=None,
        )  # fmt: skip
    waits = bool(service.hooks.pre_stop or service.stop.command)
    return replace(
        record,
        phase=phase.after(record.phase, "stop"),
        since_at=wall,
        reason=step.reason,
        stopping=Stopping(
            cause=cause,
            since_mono=now,
            kill_mono=None if waits else now + _grace_s(grace_s, service),
            grace_s=grace_s,
        ),
        held=None,
        asked_at=wall if step.action == "restart" else None,
    )


def signalled(record: Record, service: Service, now: float) -> Record:
    """The stop signal was sent: the grace period runs from now."""
    if record.stopping is None or record.stopping.kill_mono is not None:
        return record
    due = now + _grace_s(record.stopping.grace_s, service)
    return replace(record, stopping=replace(record.stopping, kill_mono=due))


def _grace_s(said: float | None, service: Service) -> float:
    return service.stop.grace_s if said is None else said


def hurried(record: Record, now: float, grace_s: float = 0.0) -> Record:
    """The end should come sooner: SIGKILL is due after `grace_s` at the latest."""
    if record.stopping is None:
        return record
    due = now + grace_s
    if record.stopping.kill_mono is not None:
        due = min(due, record.stopping.kill_mono)
    return replace(record, stopping=replace(record.stopping, kill_mono=due))


def killed(record: Record) -> Record:
    """SIGKILL was sent to everything of it; to what survived an earlier one, once more."""
    if record.survivors and not record.alive:
        return replace(record, retry_mono=None)
    assert record.stopping is not None
    return replace(record, stopping=replace(record.stopping, killed=True))


def gone(record: Record, report: Gone, service: Service, now: float, wall: float) -> Record:
    """Nothing of the run is left: what becomes of the service.

    That of a run which nobody knew to have ended includes an exit that nobody saw.
    """
    if record.survivors and not record.alive:
        return _outlived(record, report, now, wall)
    if record.alive and record.phase != "stopping":
        unseen = Exited(service=report.service, instance=report.instance, exit=Exit(code=None, at=wall))
        record = exited(record, unseen, service, now, wall)
    stopping = record.stopping
    if record.phase != "stopping" or stopping is None:
        return record
    cause = stopping.cause
    if record.run is not None:
        record = replace(record, run=replace(record.run, ended=cause))
    if report.survivors:
        after = phase.after(record.phase, "give_up")
        record = replace(record, phase=after, since_at=wall, reason=_unkillable(report), held=None)
        return replace(record, survivors=report.survivors, retry_mono=now + stop.LOOK_AGAIN_S)
    end = record.run.exit if record.run is not None else None
    if cause.kind not in ("crash", "unhealthy"):
        after = phase.after(record.phase, "gone")
        reason = cause.text if record.intent == "stopped" else ""
        return replace(
            record, phase=after, since_at=wall, reason=reason, stopping=None, held=None, health=None, attempts=0
        )
    unhealthy = cause.kind == "unhealthy"
    ready = record.run.ready_mono if record.run is not None else None
    verdict = restart.after_end(
        service,
        Exit(code=None, at=wall) if unhealthy or end is None else end,
        served_s=stopping.since_mono - ready if ready is not None else 0.0,
        attempts=record.attempts,
        failed_mono=record.failed_mono,
        now=now,
        because=cause.text if unhealthy else "",
    )
    return _judged(record, verdict, wall)


def _unkillable(report: Gone) -> str:
    return f"could not be ended: process {', '.join(str(pid) for pid in report.survivors)} survives SIGKILL"


def _outlived(record: Record, report: Gone, now: float, wall: float) -> Record:
    """What survived SIGKILL was tried again. Once it is gone, one that was asked to end is stopped; one that had
    ended by itself stays failed until somebody asks for it."""
    if report.survivors:
        return replace(
            record, survivors=report.survivors, reason=_unkillable(report), retry_mono=now + stop.LOOK_AGAIN_S
        )
    cause = record.stopping.cause if record.stopping is not None else None
    record = replace(record, since_at=wall, survivors=(), retry_mono=None, stopping=None, held=None)
    if cause is not None and cause.kind in ("crash", "unhealthy"):
        return replace(record, reason=cause.text)
    return replace(record, phase=phase.after(record.phase, "release"), reason="")


def _judged(record: Record, verdict: restart.Verdict, wall: float) -> Record:
    asked_again = record.replace if record.replace is not None and record.replace.kind != "unhealthy" else None
    record = replace(
        record,
        since_at=wall,
        reason=verdict.reason,
        replace=asked_again,
        stopping=None,
        held=None,
        health=None,
        attempts=verdict.attempts,
        failed_mono=verdict.failed_mono,
        retry_mono=verdict.retry_mono,
        asked_at=record.asked_at if verdict.outcome == "retry" else None,
    )
    return replace(record, phase=phase.after(record.phase, verdict.outcome))


def probed(record: Record, report: Probed, service: Service, now: float, wall: float) -> Record:
    """A probe answered: the counts, and the phase when the verdict changed."""
    check, run = service.healthcheck, record.run
    if check is None or run is None or run.started_mono is None or not record.alive or record.phase == "stopping":
        return record
    health = judging.judge(check, record.health or Health(), report.result, age_s=now - run.started_mono)
    record = replace(record, health=health)
    if health.verdict == "healthy" and record.phase != "ready":
        run = run if run.ready_at is not None else replace(run, ready_at=wall, ready_mono=now)
        cause = None if record.replace is not None and record.replace.kind == "unhealthy" else record.replace
        after = phase.after(record.phase, "ready")
        return replace(record, phase=after, since_at=wall, reason="", run=run, replace=cause)
    if health.verdict == "unhealthy" and record.phase != "unhealthy":
        reason = _last_line(health.last_output)
        if check.kind != "notify":
            reason = f"{_times(health.failures)} failed: {reason}"
        cause = Cause(kind="unhealthy", text=reason) if check.on_unhealthy == "restart" else record.replace
        after = phase.after(record.phase, "unhealthy")
        return replace(record, phase=after, since_at=wall, reason=reason, replace=cause)
    return record


def _times(count: int) -> str:
    return "1 probe" if count == 1 else f"{count} probes"


def _last_line(text: str) -> str:
    return text.strip().rsplit("\n", 1)[-1] or "no output"


def updated(record: Record, service: Service, wall: float) -> Record:
    """Live fields were applied to what runs. Without a healthcheck there is nothing left to wait for."""
    if service.healthcheck is not None:
        return replace(record, applied=service, health=record.health or Health())
    record = replace(record, applied=service, health=None)
    launched = record.run is not None and record.run.started_mono is not None
    if not launched or record.phase not in ("starting", "ready", "unhealthy"):
        return record
    return replace(record, phase=phase.after(record.phase, "running"), since_at=wall, reason="")


def adopted(record: Record, service: Service, run: Run, wall: float) -> Record:
    """A process of it was found alive; whether it is what the file wants, the next plan says.

    `applied` becomes the definition that it was launched by, None where that is not known any more.
    """
    known = [one for one in (record.applied, service) if one and run.fingerprint.startswith(one.fingerprint)]
    record = replace(
        record,
        phase=phase.after(record.phase, "adopt"),
        since_at=wall,
        reason="adopted",
        applied=known[0] if known else None,
        run=run,
        stopping=None,
        held=None,
        survivors=(),
        health=Health() if service.healthcheck else None,
        retry_mono=None,
        done_fingerprint=None,
    )
    return _executed(record, service, run, wall) if run.started_mono is not None else record


def done(record: Record) -> Record:
    """A oneshot completed with what it was started with, and need not run again while that is the same."""
    return replace(record, done_fingerprint=record.run.fingerprint if record.run is not None else None)
