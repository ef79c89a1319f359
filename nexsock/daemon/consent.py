"""What plugins say: before a command begins, before runs are told to end, about a plan, about starts to come.

Who asks here waits, for as long as plugins may take (nexsock.hooks); the reconciler and the other services do not.
Where no plugin listens, nothing is waited for.
"""

import asyncio
from collections.abc import Iterable, Mapping

from nexsock import errors
from nexsock.engines import asking
from nexsock.hooks import Hooks, OnPlan, PlannedStep, PreCommand, PreStart, PreStop, StopVerdict
from nexsock.model.plan import Plan
from nexsock.model.plugin import Denial, PluginNote, PluginStatus
from nexsock.model.project import Project, ProjectRef
from nexsock.model.state import Cause, Record, Run
from nexsock.model.status import Foreseen
from nexsock.plan import text
from nexsock.protocol import api
from nexsock.reconcile import environment
from nexsock.reconcile.reconciler import Reconciler

_STARTING = frozenset({"start", "run", "restart"})
_RENDERED = frozenset({"start", "stop", "restart", "up", "down"})
"""The hot commands that change something."""


def refusal(denied: Denial) -> errors.Refused:
    """What a command is answered that a plugin does not let happen."""
    return errors.Refused(str(denied), hint="see 'nexsock plugin list'" if denied.fault else None)


# -- before a command


def command_of(operation: api.Operation, request: object) -> tuple[str, ProjectRef, tuple[str, ...]] | None:
    """The command as it is typed, its project and the services that it names; None: it changes nothing."""
    command = operation.command
    if isinstance(request, api.RenderRequest) and request.command in _RENDERED:
        command = request.command
    elif isinstance(request, api.DatabaseRequest) and request.action != "status":
        command = f"db {request.action}"
    elif command == "run" and isinstance(request, api.ServiceRequest):
        command = request.verb
    ref = getattr(request, "project", None)
    if not command or not isinstance(ref, ProjectRef):
        return None
    one = getattr(request, "service", None)
    return command, ref, (one,) if isinstance(one, str) else tuple(getattr(request, "services", ()))


async def to_begin(hooks: Hooks, event: PreCommand) -> None:
    """Raises:
    Refused: a plugin does not let the command begin.
    """
    if (denied := await hooks.pre_command(event)) is not None:
        raise refusal(denied)


# -- before an end


def is_asked(hooks: Hooks, project: Project) -> bool:
    """Whether anybody has a say in whether runs of this project are replaced."""
    return hooks.wanted("pre_stop", project.directory) or hooks.wanted("pre_start", project.directory)


async def to_end(
    hooks: Hooks, reconciler: Reconciler, names: Iterable[str], reason: str, grace_s: float | None = None
) -> None:
    """Ask whether the runs of these services may be told to end: all may, or nothing is changed.

    What has failed, or is being ended already, is not asked about.

    Args:
        grace_s: how long they have by the command; None: each as its definition says.
    Raises:
        Refused: a plugin does not let one of them.
    """
    if not hooks.wanted("pre_stop", reconciler.project.directory):
        return
    asked = [record for name in names if _serves(record := reconciler.record(name))]
    events = [_end_of(reconciler.project, record, reason, grace_s) for record in asked]
    verdicts: list[StopVerdict] = await asyncio.gather(*(hooks.pre_stop(event) for event in events))
    for record, verdict in zip(asked, verdicts, strict=True):
        if (denied := verdict.denied) is not None:
            raise refusal(_about(record.name, denied))
    for record, verdict in zip(asked, verdicts, strict=True):
        reconciler.grant(record.name, verdict)


async def to_replace(
    hooks: Hooks,
    project: Project,
    starts: Mapping[str, str],
    records: Mapping[str, Record],
    environ: Mapping[str, str],
) -> None:
    """Ask whether what would take the place of runs may start: where it may not, nothing is to be given up for it.

    Args:
        starts: the cause of each, by service; one that does not serve now is not asked about.
    Raises:
        Refused: a plugin would not let one of them start.
    """
    serving = {name: cause for name, cause in starts.items() if _serves(records.get(name))}
    for found in await _foreseen(hooks, project, serving, records, environ):
        if found.denied is not None:
            raise refusal(_about(found.service, found.denied))


def replaced(plan: Plan, records: Mapping[str, Record]) -> list[str]:
    """The services that live and that a plan would end, now or when others have ended."""
    ending = [step.service for step in plan.steps if step.action in ("stop", "restart")]
    return [name for name in (*ending, *(hold.service for hold in plan.holds)) if _lives(records.get(name))]


def renewed(plan: Plan, records: Mapping[str, Record]) -> dict[str, str]:
    """Those of them that get a new run, with the cause of it."""
    now = {step.service: step.reason for step in plan.steps if step.action == "restart"}
    later = {hold.service: hold.because or "it is replaced" for hold in plan.holds if _lives(records.get(hold.service))}
    return later | now


def _end_of(project: Project, record: Record, reason: str, grace_s: float | None) -> PreStop:
    service = record.applied or project.services.get(record.name)
    own_s = service.stop.grace_s if service is not None else 0.0
    return PreStop(
        project=project.name,
        directory=project.directory,
        service=record.name,
        run=record.run.number if record.run is not None else 0,
        reason=reason,
        grace_s=own_s if grace_s is None else grace_s,
    )


# -- about a plan


async def notes(hooks: Hooks, project: Project, plan: Plan, *, preview: bool = False) -> tuple[PluginNote, ...]:
    """What plugins have to say about a plan."""
    if not hooks.wanted("on_plan", project.directory):
        return ()
    steps = (PlannedStep(action=step.action, service=step.service, reason=step.reason) for step in plan.steps)
    return await hooks.on_plan(
        OnPlan(
            project=project.name,
            directory=project.directory,
            steps=tuple(steps),
            holds=tuple(text.hold_line(hold) for hold in plan.holds),
            preview=preview,
        )
    )


def unasked(statuses: Iterable[PluginStatus]) -> tuple[PluginNote, ...]:
    """What a plan cannot tell: plugins of the project that may change it, of which nothing runs before it is begun."""
    text = "was not asked, because nothing of its project runs; the first 'up' asks it"
    return tuple(PluginNote(plugin=status.name, text=text) for status in statuses if status.state == "waiting")


async def foresee(
    hooks: Hooks, project: Project, plan: Plan, records: Mapping[str, Record], environ: Mapping[str, str]
) -> tuple[Foreseen, ...]:
    """What plugins would do to the starts of a plan, and to those that are on hold."""
    starts = {step.service: step.reason for step in plan.steps if step.action in _STARTING}
    held = {hold.service: "it was wanted" for hold in plan.holds if not _lives(records.get(hold.service))}
    found = await _foreseen(hooks, project, starts | held, records, environ)
    return tuple(one for one in found if one.changes or one.denied is not None)


async def _foreseen(
    hooks: Hooks,
    project: Project,
    starts: Mapping[str, str],
    records: Mapping[str, Record],
    environ: Mapping[str, str],
) -> tuple[Foreseen, ...]:
    """What plugins would do to each of these starts."""
    if not starts or not hooks.wanted("pre_start", project.directory):
        return ()
    events = [
        _start_of(project, name, cause, records.get(name) or Record(name=name), environ)
        for name, cause in starts.items()
        if name in project.services and project.services[name].engine == "process"
    ]
    verdicts = await asyncio.gather(*(hooks.pre_start(event) for event in events))
    return tuple(
        Foreseen(service=event.service, changes=asking.shown(verdict), denied=verdict.denied)
        for event, verdict in zip(events, verdicts, strict=True)
    )


def _serves(record: Record | None) -> bool:
    """What has failed, or is being ended, has to go."""
    return record is not None and record.phase in ("starting", "running", "ready")


def _about(service: str, denied: Denial) -> Denial:
    """The same no, with the name of the service that it is about."""
    return Denial(plugin=denied.plugin, reason=f"{service}: {denied.reason}", fault=denied.fault)


def _lives(record: Record | None) -> bool:
    return record is not None and record.alive


def _start_of(project: Project, name: str, cause: str, record: Record, environ: Mapping[str, str]) -> PreStart:
    """The start that is to come, as far as that can be said now."""
    service, number = project.services[name], record.run.number + 1 if record.run is not None else 1
    run = Run(number=number, instance="", cause=Cause(kind="user", text=cause), fingerprint="")
    variables = environment.compose(environ, project, service, run, {})
    return asking.start_of(project, service, number, cause, variables, preview=True)
