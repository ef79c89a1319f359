"""The operations that change what is wanted of a project, and `plan`, which shows what `up` would do."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from signal import Signals

from msgspec.structs import replace

from nexsock import errors, masking
from nexsock.daemon import answers, consent, outcome
from nexsock.daemon.host import Host
from nexsock.daemon.operations import Operations
from nexsock.daemon.surroundings import uncloned
from nexsock.model.plan import Plan
from nexsock.model.project import Project
from nexsock.model.state import Observed, ProjectState, Selection
from nexsock.model.status import PlanStatus, ProjectStatus
from nexsock.plan import planner, wanted
from nexsock.protocol import api
from nexsock.reconcile import settle
from nexsock.runtime import clock


class Commands(Operations):
    """`up`, `down` and what is done by hand. One command at a time changes a project; all may wait at once."""

    async def up(self, request: api.UpRequest) -> AsyncIterator[api.Progress]:
        began, read_at = clock.monotonic(), clock.wall()
        with self._bus.subscribe() as subscription:
            ref = self._projects.placed(request.project)
            host, project = await self._projects.load(ref)
            _check_scale(request.project.scale, project)
            await _check_expected(host, project, request)
            needed = _needed(project, request.services)
            with host.intents.start(project.members(request.services) or project.services) as intent:
                providing = intent.begin(host.surroundings.provide(project, needed, ref.environ))
                async for event in outcome.meanwhile(providing, subscription, project.id):
                    yield api.Progress(event=event)
                if provided := await intent.outcome():
                    read_at = clock.wall()
                    project = await self._projects.loader.load(ref)
                async with host.changing:
                    intent.check()
                    if not provided:
                        await _check_expected(host, project, request)
                    named = project.members(request.services)
                    selection = _selection(host.state, request)
                    force, environ = request.force_restart, request.project.environ
                    await host.permission.to_apply(project, selection, named, force, environ)
                    await host.adopt(project, ref, environ, read_at)
                    chosen = host.names(request.services)
                    first = host.reconciler.up(_selection(host.state, request), chosen, force)
                    if request.watch is not None:
                        await host.watch(request.watch, read_at)
            awaited = outcome.awaited(host, chosen, request.no_deps) if request.wait else ()
            judges = {name: outcome.judge_up(host, name, settle.PROVING_S) for name in awaited}
            judges.update({name: outcome.judge_down(host, name) for name in host.removed() if request.wait})
            about = awaited if request.services else ()
            said = outcome.Said(first.skips, await consent.notes(host.plugins, project, first), about)
            async for progress in outcome.until(host, subscription, judges, request.timeout_s, began, said):
                yield progress

    async def down(self, request: api.DownRequest) -> AsyncIterator[api.Progress]:
        began = clock.monotonic()
        with self._bus.subscribe() as subscription:
            host = await self._projects.known(request.project)
            chosen = host.names(request.services)
            async with host.changing:
                ending = wanted.with_dependents(host.project, chosen) if chosen else tuple(host.state.records)
                await host.permission.to_end(ending, "down was asked for", request.timeout_s)
                if not chosen:
                    await host.watch(False)
                host.intents.stop(ending if chosen else None)
                host.reconciler.down(chosen, request.timeout_s)
            awaited = wanted.with_dependents(host.project, chosen) if chosen else tuple(host.state.records)
            judges = {name: outcome.judge_down(host, name) for name in awaited}
            said = outcome.Said(about=awaited if chosen else ())
            async for progress in outcome.until(host, subscription, judges, None, began, said):
                yield progress
            if not chosen:
                host.forget_when_idle()

    async def start_service(self, request: api.ServicesRequest) -> AsyncIterator[api.Progress]:
        began = clock.monotonic()
        with self._bus.subscribe() as subscription:
            host = await self._projects.known(request.project)
            chosen = host.names(request.services)
            needed = _needed(host.project, chosen)
            with host.intents.start(chosen) as intent:
                providing = intent.begin(host.surroundings.provide(host.project, needed, request.project.environ))
                async for event in outcome.meanwhile(providing, subscription, host.project.id):
                    yield api.Progress(event=event)
                provided = await intent.outcome()
                async with host.changing:
                    intent.check()
                    host.inherit(request.project.environ)
                    if provided:
                        await host.renew()
                    host.engage(host.project)
                    await host.surroundings.observe(host.project)
                    host.veil.learn(masking.telling(request.environment))
                    host.reconciler.start(chosen, request.environment)
            saved = outcome.saving(host, chosen)
            judges = {name: outcome.judge_up(host, name, 0.0) for name in chosen} if request.wait else {}
            said = outcome.Said(about=chosen)
            async for progress in outcome.until(host, subscription, judges, request.timeout_s, began, said, saved):
                yield progress

    async def restart_service(self, request: api.ServicesRequest) -> AsyncIterator[api.Progress]:
        began = clock.monotonic()
        with self._bus.subscribe() as subscription:
            host = await self._projects.known(request.project)
            chosen = host.names(request.services or tuple(host.project.services))
            async with host.changing:
                host.inherit(request.project.environ)
                host.veil.learn(masking.telling(request.environment))
                host.engage(host.project)
                await host.permission.to_replace(dict.fromkeys(chosen, "restart was asked for"))
                await host.permission.to_end(chosen, "restart was asked for", request.timeout_s)
                host.reconciler.restart(chosen, request.environment, request.timeout_s)
            saved = outcome.saving(host, chosen)
            judges = {name: outcome.judge_up(host, name, 0.0) for name in chosen} if request.wait else {}
            said = outcome.Said(about=chosen)
            async for progress in outcome.until(host, subscription, judges, None, began, said, saved):
                yield progress

    async def stop_service(self, request: api.ServicesRequest) -> AsyncIterator[api.Progress]:
        began = clock.monotonic()
        with self._bus.subscribe() as subscription:
            host = await self._projects.known(request.project)
            chosen = host.names(request.services or tuple(host.project.services))
            async with host.changing:
                await host.permission.to_end(chosen, "stop was asked for", request.timeout_s)
                host.intents.stop(chosen)
                host.reconciler.stop(chosen, request.timeout_s)
            saved = outcome.saving(host, chosen)
            judges = {name: outcome.judge_down(host, name) for name in chosen} if request.wait else {}
            said = outcome.Said(about=chosen)
            async for progress in outcome.until(host, subscription, judges, None, began, said, saved):
                yield progress

    async def wait(self, request: api.WaitRequest) -> AsyncIterator[api.Progress]:
        began = clock.monotonic()
        with self._bus.subscribe() as subscription:
            host = await self._projects.known(request.project)
            targets = [
                replace(target, service=name) for target in request.targets for name in host.names([target.service])
            ]
            judges = {target.service: outcome.judge_condition(host, target) for target in targets}
            said = outcome.Said(about=tuple(judges))
            async for progress in outcome.until(host, subscription, judges, request.timeout_s, began, said):
                yield progress

    async def kill(self, request: api.KillRequest) -> ProjectStatus:
        number = _signal(request.signal)
        host = await self._projects.known(request.project)
        for name in host.names(request.services):
            host.machinery.send(name, number)
        return answers.project_status(host)

    async def watch(self, request: api.WatchRequest) -> ProjectStatus:
        host = await self._projects.known(request.project)
        async with host.changing:
            await host.watch(request.on)
        return answers.project_status(host)

    async def plan(self, request: api.PlanRequest) -> PlanStatus:
        project = await self._projects.read(request.project)
        _check_scale(request.project.scale, project)
        host = self._projects.hosts.get(project.id)
        if host is not None:
            plan = await _preview(host, project, request)
            environ = request.project.environ or host.reconciler.environ
            return PlanStatus(
                plan=plan,
                digest=plan.digest,
                warnings=project.warnings,
                project=host.info(),
                plugins=await consent.foresee(host.plugins, project, plan, host.state.records, environ),
                notes=(
                    *await consent.notes(host.plugins, project, plan, preview=True),
                    *consent.unasked(host.plugins.statuses(project.directory, project.plugins)),
                ),
            )
        state = ProjectState(selection=_selection(ProjectState(), request))
        plan = planner.plan(
            wanted.desire(project, state), {}, Observed(uncloned=uncloned(project)), now=clock.monotonic()
        )
        plugins = self._projects.shared.plugins
        return PlanStatus(
            plan=plan,
            digest=plan.digest,
            warnings=project.warnings,
            plugins=await consent.foresee(plugins, project, plan, {}, request.project.environ or {}),
            notes=(
                *await consent.notes(plugins, project, plan, preview=True),
                *consent.unasked(plugins.statuses(project.directory, project.plugins)),
            ),
        )


def _selection(state: ProjectState, request: api.UpRequest | api.PlanRequest) -> Selection:
    """What stands after this `up`."""
    joined = wanted.joined(state.selection, request.services, request.no_deps)
    return replace(joined, scale=joined.scale | request.project.scale)


async def _preview(host: Host, project: Project, request: api.UpRequest | api.PlanRequest) -> Plan:
    """What this `up` would do now."""
    observed = await host.surroundings.look(project, request.project.environ)
    chosen = project.members(request.services)
    return host.reconciler.preview(project, _selection(host.state, request), chosen, request.force_restart, observed)


async def _check_expected(host: Host, project: Project, request: api.UpRequest) -> None:
    """Raises:
    Conflict: something else would be done now than was looked at.
    """
    if request.digest is not None and request.digest != (await _preview(host, project, request)).digest:
        raise errors.Conflict("something else would be done by now", hint="look at the plan again")


def _check_scale(asked: Mapping[str, int], project: Project) -> None:
    """What is to run several times is in the file.

    Raises:
        NotFound: it is not.
    """
    for name in asked:
        if name not in project.groups:
            from difflib import get_close_matches  # 140 KiB, for mistakes only

            near = get_close_matches(name, [*project.groups, *project.services], 1)
            hint = f"did you mean '{near[0]}'?" if near else "see 'nexsock ps -a' for their names"
            raise errors.NotFound(f"--scale: no service '{name}' in project '{project.name}'", hint=hint)


def _needed(project: Project, chosen: Sequence[str]) -> set[str]:
    """The chosen services, or all that are active, and what they need."""
    active = (name for name, service in project.services.items() if service.active)
    return wanted.with_needs(project, project.members(chosen) or active)


def _signal(text: str) -> Signals:
    """The signal that "TERM", "SIGTERM" or "15" names."""
    with suppress(ValueError, KeyError):
        return Signals(int(text)) if text.isdigit() else Signals["SIG" + text.upper().removeprefix("SIG")]
    raise errors.UsageError(f"'{text}' is not a signal", hint="write it like HUP, SIGUSR1 or 15")
