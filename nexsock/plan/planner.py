"""Compare what is wanted with what is true and write down the steps between them.

Pure: the same desires, records, observations and time give the same plan. Nothing here reads a file, a clock, a
process table or the store; `now` comes in as a number.

The rules for ends, for what lives and for what rests stay together in one file: each asks the others (a start waits for
the replacement of what it needs, an end for the end of its dependents), and they share what has been found out once.
"""

from collections.abc import Iterable, Mapping

from nexsock.lifecycle import stop
from nexsock.model.plan import FieldChange, FieldClass, Hold, Plan, Skip, Step
from nexsock.model.service import Dependency, Service
from nexsock.model.state import Cause, Observed, Record
from nexsock.plan import conditions, diff, words
from nexsock.plan.wanted import Desired

_CLASSES: tuple[FieldClass, ...] = ("recreate", "restart", "live")


def plan(
    desired: Desired,
    records: Mapping[str, Record],
    observed: Observed,
    *,
    now: float,
    only: Iterable[str] | None = None,
) -> Plan:
    """The steps that can be taken now and what is held.

    Args:
        records: by service name; a service without a record has never been started.
        now: monotonic seconds.
        only: plan just these services (an event touched them); None plans all.
    Returns:
        Stops first, dependents before what they need; then updates and starts, needs before their dependents.
    """
    planner = _Planner(desired, records, observed, now)
    names = desired.order if only is None else [name for name in only if name in desired.order]
    stops: list[tuple[int, Step]] = []
    starts: list[tuple[int, Step]] = []
    holds: list[tuple[int, Hold]] = []
    skips: list[tuple[int, Skip]] = []
    for name in names:
        rank = desired.order[name]
        match planner.consider(name):
            case Step(action="stop" | "restart" | "signal" | "forget") as step:
                stops.append((-rank, step))
            case Step() as step:
                starts.append((rank, step))
            case Hold() as hold:
                holds.append((rank, hold))
            case Skip() as skip:
                skips.append((rank, skip))
    stops.sort(key=_rank)
    starts.sort(key=_rank)
    holds.sort(key=_rank)
    skips.sort(key=_rank)
    return Plan(
        steps=(*(step for _, step in stops), *(step for _, step in starts)),
        holds=tuple(hold for _, hold in holds),
        skips=tuple(skip for _, skip in skips),
    )


def up_to_date(desired: Desired, records: Mapping[str, Record], observed: Observed, name: str) -> Skip | None:
    """That another run of a oneshot would change nothing, whether it is wanted or not; None where it might."""
    service, record = desired.project.services.get(name), records.get(name)
    planner = _Planner(desired, records, observed, now=0.0)
    return planner.done(service, record) if service is not None and record is not None else None


def _rank(pair: tuple[int, object]) -> int:
    return pair[0]


class _Planner:
    """One planning: remembers what of one service others ask for, whether it is replaced and what it lacks."""

    def __init__(self, desired: Desired, records: Mapping[str, Record], observed: Observed, now: float) -> None:
        self._desired = desired
        self._services = desired.project.services
        self._records = records
        self._observed = observed
        self._now = now
        self._due: dict[str, Cause | None] = {}
        self._lacking: dict[str, Hold | None] = {}
        self._changed: dict[str, dict[FieldClass, tuple[FieldChange, ...]]] = {}

    def consider(self, name: str) -> Step | Hold | Skip | None:
        """The one step, hold or skip of a service, or None when it is as it should be."""
        record = self._records.get(name) or Record(name=name)
        if (stray := self._observed.strays.get(name)) is not None and not record.alive:
            return Step(action="adopt", service=name, reason=f"found running as process {stray.pid}")
        if record.phase == "stopping":
            return self._ending(record)
        if record.survivors:
            return self._surviving(record)
        if name not in self._services:
            return self._removed(record)
        if name not in self._desired.up:
            return self._unwanted(record)
        if record.alive:
            return self._living(self._services[name], record)
        return self._resting(self._services[name], record)

    # -- ends

    def _ending(self, record: Record) -> Step | Hold | None:
        ending = record.stopping
        if ending is None or ending.kill_mono is None:
            return Hold(service=record.name, waits_for="its stop hooks")
        if stop.kill_due(ending, self._now):
            return Step(action="signal", service=record.name, reason="its grace period is over", signal="SIGKILL")
        if ending.killed:
            return Hold(service=record.name, waits_for="its last processes to end")
        return Hold(service=record.name, waits_for="its end, SIGKILL", until=ending.kill_mono)

    def _surviving(self, record: Record) -> Step | Hold:
        """Some of it outlived SIGKILL: nothing may take its place, and from time to time it is tried again."""
        pids = f"process {words.listed([str(pid) for pid in record.survivors])}"
        if record.retry_mono is not None and self._now >= record.retry_mono:
            return Step(action="signal", service=record.name, reason=f"{pids} would not end", signal="SIGKILL")
        return Hold(
            service=record.name, waits_for=f"{pids} to end", until=record.retry_mono, because=record.reason, failed=True
        )

    def _removed(self, record: Record) -> Step | Hold | None:
        reason = words.removed(self._desired.project, record.name)
        if record.alive:
            return self._end(Step(action="stop", service=record.name, reason=reason))
        return Step(action="forget", service=record.name, reason=reason)

    def _unwanted(self, record: Record) -> Step | Hold | None:
        reason = "stopped by hand" if record.intent == "stopped" else "not wanted any more"
        if record.alive:
            return self._end(Step(action="stop", service=record.name, reason=reason))
        if record.phase in ("blocked", "backoff", "failed"):
            return Step(action="stop", service=record.name, reason=reason)
        return None

    def _end(self, step: Step) -> Step | Hold:
        """The step, unless dependents that end as well have to end first."""
        first = [
            name
            for name in self._desired.dependents.get(step.service, ())
            if (record := self._records.get(name)) is not None and record.alive and self._leaving(name, record)
        ]
        if not first:
            return step
        return Hold(
            service=step.service, waits_for=f"{words.listed(first)} to end", on=tuple(first), because=step.reason
        )

    def _leaving(self, name: str, record: Record) -> bool:
        return record.phase == "stopping" or name not in self._desired.up or self._replacement(name) is not None

    # -- what lives

    def _living(self, service: Service, record: Record) -> Step | Hold | None:
        if (cause := self._replacement(service.name)) is not None:
            found = self._changes(service, record)
            fields = (*found.get("recreate", ()), *found.get("restart", ())) if cause.kind == "config" else ()
            step = Step(
                action="restart",
                service=service.name,
                reason=cause.text,
                origin=cause.origin,
                field_class="recreate" if "recreate" in found else "restart",
                fields=fields,
            )
            return self._end(step)
        if record.applied is service or record.applied is None or not (found := self._changes(service, record)):
            return None
        fields = found.get("live", ())
        return Step(
            action="update",
            service=service.name,
            reason=words.changed_fields(fields),
            origin=fields[0].origin if fields else None,
            field_class="live",
            fields=fields,
        )

    def _replacement(self, name: str) -> Cause | None:
        """Why a living service must give way to a new run, or None."""
        if name not in self._due:
            self._due[name] = None
            self._due[name] = self._find_replacement(name)
        return self._due[name]

    def _find_replacement(self, name: str) -> Cause | None:
        record, service = self._records.get(name), self._services.get(name)
        if record is None or service is None or name not in self._desired.up:
            return None
        if record.phase == "stopping" or not record.alive:
            return None
        if record.replace is not None:
            return record.replace
        if record.applied is not None and record.applied is not service and _relaunch(record.applied, service):
            found = self._changes(service, record)
            fields = (*found.get("recreate", ()), *found.get("restart", ()))
            return Cause(kind="config", text=words.changed_fields(fields), origin=fields[0].origin if fields else None)
        if record.applied is None and _outdated(record, service):
            return Cause(kind="config", text=words.changed_fields(()))
        if record.run is not None and (values := self._observed.changed_secrets(name, record.run.fingerprint)):
            origin = self._desired.project.origin(f"services.{name}.secrets")
            return Cause(kind="config", text=words.changed_secrets(service, values), origin=origin)
        for other, need in service.depends_on.items():
            if need.restart and self._replacement(other) is not None:
                return Cause(kind="dependency", text=f"{other} is replaced")
        return None

    # -- what rests

    def _resting(self, service: Service, record: Record) -> Step | Hold | Skip | None:
        if not self._should_start(service, record):
            return self.done(service, record)
        if (until := self._pause(service, record)) is not None:
            end = record.run.exit if record.run is not None else None
            because = record.reason if record.phase == "backoff" or end is None else str(end)
            return Hold(service=service.name, waits_for="its next try", until=until, because=because)
        return self._held(service) or self._start(service, record)

    def _pause(self, service: Service, record: Record) -> float | None:
        """The time before which a failed service is not tried again, or None when it may start now."""
        if record.phase not in ("backoff", "blocked") or record.retry_mono is None or self._revived(service, record):
            return None
        return record.retry_mono if self._now < record.retry_mono else None

    def _should_start(self, service: Service, record: Record) -> bool:
        match record.phase:
            case "completed" if service.oneshot:
                return record.replace is not None or not self._is_done_with(service, record.done_fingerprint or "")
            case "completed" | "failed":
                return self._revived(service, record)
        return True

    def _revived(self, service: Service, record: Record) -> bool:
        """Whether somebody asked again, or edited it since it ended."""
        if record.replace is not None:
            return True
        if record.applied is None:
            return _outdated(record, service)
        return record.applied is not service and record.applied != service

    def done(self, service: Service, record: Record) -> Skip | None:
        """That a oneshot has completed with the inputs of now; of one without inputs nobody expects another run."""
        if record.phase != "completed" or not service.inputs or record.run is None:
            return None
        if self._should_start(service, record):
            return None
        return Skip(
            service=service.name,
            reason=f"inputs unchanged since run {record.run.number}",
            origin=self._desired.project.origin(f"services.{service.name}.inputs"),
        )

    def _is_done_with(self, service: Service, fingerprint: str) -> bool:
        """Whether a completed oneshot was run with the definition, the inputs and the secrets of now."""
        now = self._observed.fingerprint_of(service)
        same = fingerprint.partition(";")[0] == now.partition(";")[0]
        return same and not self._observed.changed_secrets(service.name, fingerprint)

    def _held(self, service: Service) -> Hold | None:
        """What the service needs and does not have yet."""
        if service.name not in self._lacking:
            self._lacking[service.name] = self._find_lacking(service)
        return self._lacking[service.name]

    def _find_lacking(self, service: Service) -> Hold | None:
        if (fault := self._observed.unprovided.get(service.name)) is not None:
            origin = self._desired.project.origin(f"services.{service.name}.git")
            return Hold(service=service.name, waits_for="its checkout", because=fault, failed=True, origin=origin)
        lacks: list[tuple[str, conditions.Missing]] = []
        for name, need in service.depends_on.items():
            if (other := self._services.get(name)) is not None and (
                found := self._missing(service.name, name, need, other)
            ):
                lacks.append((name, found))
        if not lacks:
            return None
        hopeless = next((lack for _, lack in lacks if lack.hopeless), None)
        return Hold(
            service=service.name,
            waits_for=words.listed([lack.waits_for for _, lack in lacks]),
            on=tuple(name for name, _ in lacks),
            failed=hopeless is not None,
            because=hopeless.because if hopeless else "",
            origin=self._desired.project.origin(f"services.{service.name}.depends_on.{lacks[0][0]}"),
        )

    def _missing(self, dependent: str, name: str, need: Dependency, other: Service) -> conditions.Missing | None:
        """What is missing of one dependency. One that is about to end or to run again does not count as it is."""
        wanted = name in self._desired.up
        if not wanted and (not need.required or dependent in self._desired.alone):
            return None
        record = self._records.get(name) or Record(name=name)
        if wanted and self._replacement(name) is not None:
            return conditions.Missing(f"{name} to be replaced")
        if name in self._observed.strays and not record.alive:
            return conditions.lack(name, need, "")
        if wanted and not record.alive and not record.survivors and self._should_start(other, record):
            hold = self._held(other)
            return conditions.lack(name, need, hold.because if hold is not None and hold.failed else "")
        leaving = not wanted and (record.alive or record.phase == "failed")
        if not leaving and conditions.is_met(need.condition, record, other):
            return None
        return conditions.lack(name, need, conditions.hopeless(name, record, wanted))

    def _start(self, service: Service, record: Record) -> Step:
        fields: tuple[FieldChange, ...] = ()
        if record.applied is not None and record.applied is not service:
            found = self._changes(service, record)
            fields = tuple(change for kind in _CLASSES for change in found.get(kind, ()))
        cloned_first = words.cloned_first(service) if service.name in self._observed.uncloned else ""
        return Step(
            action="run" if service.oneshot else "start",
            service=service.name,
            reason=self._start_reason(service, record, fields) + cloned_first,
            origin=(record.replace and record.replace.origin)
            or self._desired.project.origin(f"services.{service.name}"),
            fields=fields,
        )

    def _start_reason(self, service: Service, record: Record, fields: tuple[FieldChange, ...]) -> str:
        if record.replace is not None:
            return record.replace.text
        if fields:
            return words.changed_fields(fields)
        if record.applied is None and record.phase != "completed" and _outdated(record, service):
            return words.changed_fields(())
        if record.phase == "backoff":
            return f"try {record.attempts + 1}, {record.reason}"
        if record.phase == "blocked" and record.attempts:
            return f"try {record.attempts + 1}"
        if record.run is None:
            return "has not run yet" if service.oneshot else "not started yet"
        if service.oneshot and record.phase == "completed":
            if _outdated(record, service):
                return "its definition changed"
            secrets = self._observed.changed_secrets(service.name, record.done_fingerprint or "")
            if secrets:
                return words.changed_secrets(service, secrets)
            return words.changed_inputs(self._observed.changed.get(service.name, ()))
        return "not running"

    # -- shared

    def _changes(self, service: Service, record: Record) -> dict[FieldClass, tuple[FieldChange, ...]]:
        """What the file says otherwise than what was applied."""
        if record.applied is None or record.applied == service:
            return {}
        if service.name not in self._changed:
            self._changed[service.name] = diff.changes(record.applied, service, self._desired.project)
        return self._changed[service.name]


def _relaunch(old: Service, new: Service) -> bool:
    """Whether a running service must be started anew to be as the file has it."""
    return old.launch != new.launch or old.engine != new.engine or old.external != new.external


def _outdated(record: Record, service: Service) -> bool:
    """Whether the last run was of another launch than the file has now (`Run.fingerprint` begins with that of it)."""
    return record.run is not None and not record.run.fingerprint.startswith(service.fingerprint)
