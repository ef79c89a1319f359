"""What a command waits for, and what came of it: events on the way, then the outcome."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nexsock import errors
from nexsock.daemon import answers, follow
from nexsock.daemon.bus import Subscription
from nexsock.daemon.host import Host
from nexsock.model.event import Event
from nexsock.model.plan import Skip
from nexsock.model.plugin import PluginNote
from nexsock.model.service import Condition
from nexsock.model.status import Outcome, ServiceStatus
from nexsock.plan import wanted
from nexsock.protocol import api
from nexsock.reconcile import settle
from nexsock.runtime import clock

_CONDITIONS: tuple[Condition, ...] = ("started", "healthy", "completed", "completed_successfully", "log_ready")


def awaited(host: Host, chosen: Sequence[str], no_deps: bool) -> tuple[str, ...]:
    """The services that an `up` waits for: the chosen ones and what they need, or all that are wanted."""
    if not chosen:
        return tuple(host.reconciler.wanted)
    if no_deps:
        return tuple(chosen)
    return tuple(wanted.with_needs(host.project, chosen) & host.reconciler.wanted)


def judge_up(host: Host, name: str, proving_s: float) -> follow.Judge:
    """Asks whether a service is up; one that is taken out of the file meanwhile is waited for no more."""

    def judge() -> settle.Settled:
        service = host.project.services.get(name)
        if service is None:
            return "well"
        return settle.up(
            service, host.state.records, host.reconciler.wanted, now=clock.monotonic(), proving_s=proving_s
        )

    return judge


def judge_down(host: Host, name: str) -> follow.Judge:
    """Asks whether the run that was to be ended has: somebody else may start the service again right after."""
    instance = _instance(host, name)
    return lambda: settle.down(host.state.records.get(name), instance, host.reconciler.wanted)


def _instance(host: Host, name: str) -> str:
    run = host.reconciler.record(name).run
    return run.instance if run is not None else ""


def judge_condition(host: Host, target: api.WaitTarget) -> follow.Judge:
    """Asks whether a service is as `nexsock wait` was told to wait for it.

    Raises:
        NotFound: the project has no such service.
        UsageError: there is no such condition, or it never holds for this service.
    """
    service = host.service(target.service)
    if target.condition == "stopped":
        instance = _instance(host, target.service)
        return lambda: settle.stopped(host.state.records.get(target.service), instance)
    if target.condition is None:
        return judge_up(host, target.service, 0.0)
    condition = _condition(target.condition)
    if condition in ("healthy", "log_ready") and service.healthcheck is None:
        raise errors.UsageError(
            f"'{service.name}' has no healthcheck, so nobody can say that it is {condition.replace('_', ' ')}",
            hint="wait for 'started', or give it a healthcheck",
        )
    return lambda: settle.condition(condition, service, host.reconciler.record(target.service))


def _condition(text: str) -> Condition:
    for known in _CONDITIONS:
        if text.removeprefix("service_") == known:
            return known
    raise errors.UsageError(f"'{text}' is not a condition", hint=f"use one of {', '.join(_CONDITIONS)}, stopped")


def saving(host: Host, names: Iterable[str]) -> Awaitable[bool] | None:
    """Write what was asked for while it is being done, so that nobody waits for process and disk in turn.

    How it ends follows with the next batch; until then the keeper remembers it. None for a oneshot: whether it has
    completed decides if it runs again, and is on disk before anybody is told.
    """
    if any(host.project.services[name].oneshot for name in names if name in host.project.services):
        return None
    return asyncio.ensure_future(host.store.barrier())


async def meanwhile(work: asyncio.Future[Any], subscription: Subscription, project_id: str) -> AsyncIterator[Event]:
    """The events of a project as they come, until some work is done; who stops listening ends the work."""
    try:
        while not work.done():
            arrival = asyncio.ensure_future(subscription.arrived(None))
            await asyncio.wait([work, arrival], return_when=asyncio.FIRST_COMPLETED)
            arrival.cancel()
            await asyncio.gather(arrival, return_exceptions=True)
            for event in subscription.take():
                if event.project == project_id:
                    yield event
    finally:
        if not work.done():
            work.cancel()


class Said(NamedTuple):
    """What is known of a command before it is done."""

    skips: tuple[Skip, ...] = ()
    """what need not run"""
    notes: tuple[PluginNote, ...] = ()
    """what plugins say about the plan"""
    about: tuple[str, ...] = ()
    """the services that it names, where the others matter only as far as it has moved them; none: it is about all"""


NOTHING_SAID = Said()


async def until(
    host: Host,
    subscription: Subscription,
    judges: Mapping[str, follow.Judge],
    timeout_s: float | None,
    began: float,
    said: Said = NOTHING_SAID,
    saved: Awaitable[bool] | None = None,
) -> AsyncIterator[api.Progress]:
    """Events until every judge has its verdict, then the outcome: what it says is on disk by then, or it says why not.

    Args:
        judges: by service name.
        began: monotonic seconds at which the command came; its time limit counts from then.
        said: what the outcome has to say besides.
        saved: what is waited for instead, where only what was asked for must be on disk (see `saving`).
    """
    deadline = began + timeout_s if timeout_s is not None else None

    def wake_at(pending: set[str]) -> float | None:
        """When the youngest of those that only have to prove themselves has done so."""
        records = (host.reconciler.record(name) for name in pending)
        proofs = (settle.proven_at(record) for record in records if record.phase == "running")
        now = clock.monotonic()
        return max((proof for proof in proofs if proof > now), default=None)

    following = follow.Following(subscription, host.project.id, judges, wake_at, deadline)
    async for event in following.events():
        yield api.Progress(event=event)
    await (saved if saved is not None else host.store.barrier())
    yield api.Progress(outcome=_outcome(host, following, began, said))


def _lines(host: Host, names: Collection[str]) -> tuple[ServiceStatus, ...]:
    """Where these services stand, in the order of the file; none named: all that are active or ever did something."""
    if not names:
        lines = answers.project_status(host).services
        return tuple(line for line in lines if line.active or line.phase != "stopped")
    known = [name for name in (*host.project.services, *host.removed()) if name in names]
    return answers.project_status(host, known).services if known else ()


def _outcome(host: Host, following: follow.Following, began: float, said: Said) -> Outcome:
    culprits = (*following.failed, *following.overtaken, *sorted(following.pending))
    return Outcome(
        ok=not culprits,
        services=_lines(host, {*said.about, *following.moved, *culprits} if said.about else ()),
        failed=tuple(answers.failure(host, name, overtaken=name in following.overtaken) for name in culprits),
        took_s=round(clock.monotonic() - began, 3),
        project=host.info(),
        warnings=host.project.warnings,
        unsaved=host.store.refusal,
        changes=following.steps,
        timed_out=following.timed_out,
        skipped=said.skips,
        notes=said.notes,
    )
