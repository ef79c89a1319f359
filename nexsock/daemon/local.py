"""The operations of `protocol.api`, carried out here. Each finds its project, asks the reconciler, and answers."""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, nullcontext, suppress
from signal import Signals

from msgspec.structs import replace

import nexsock
from nexsock import errors, masking
from nexsock.daemon import answers, consent, outcome, past, remains, render, revival, top
from nexsock.daemon.bus import Bus
from nexsock.daemon.git import GitOperations
from nexsock.daemon.host import Host
from nexsock.daemon.loader import Loader
from nexsock.daemon.shared import Shared
from nexsock.daemon.surroundings import uncloned
from nexsock.hooks import PreCommand
from nexsock.model import names
from nexsock.model.edit import Definition, Edit, EditStatus, ListedDependency
from nexsock.model.event import Event
from nexsock.model.log import LogLine
from nexsock.model.plan import Plan
from nexsock.model.plugin import PluginStatus
from nexsock.model.project import Project, ProjectRef
from nexsock.model.state import Observed, ProjectState, Selection
from nexsock.model.status import (
    DaemonStatus,
    Graph,
    Leftover,
    PlanStatus,
    ProjectStatus,
    ProjectSummary,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceEnvironment,
    Timings,
    Usage,
    Why,
)
from nexsock.model.terminal import TerminalPiece
from nexsock.plan import planner, wanted
from nexsock.protocol import api
from nexsock.protocol.frame import VERSIONS
from nexsock.reconcile import describe, environment, settle
from nexsock.runtime import clock
from nexsock.runtime.terminal import Size
from nexsock.store import migrate


class LocalApi:
    """The daemon's projects behind the operations.

    Args:
        shutdown: ends the brain; True means that a new one should follow.
        clients: how many connections there are now.
    """

    def __init__(
        self,
        shared: Shared,
        loader: Loader,
        bus: Bus,
        *,
        shutdown: Callable[[bool], None],
        clients: Callable[[], int],
    ) -> None:
        self.hosts: dict[str, Host] = {}
        self._shared = shared
        self._loader = loader
        self._bus = bus
        self._shutdown = shutdown
        self._clients = clients
        self._started_at = clock.wall()
        self._meeting = asyncio.Lock()
        git = GitOperations(shared.checkouts, self._as_far_as_cloned, self._moved)
        self.git_status, self.git_branches, self.git_log = git.status, git.branches, git.log
        self.git_clone, self.git_fetch, self.git_pull = git.clone, git.fetch, git.pull
        self.git_checkout = git.checkout

    def permit(self, operation: api.Operation, request: object) -> Awaitable[None] | None:
        """Ask plugins whether a command may begin; None where nobody has to be asked.

        Awaiting it raises Refused where a plugin says no.
        """
        asked = consent.command_of(operation, request)
        if asked is None:
            return None
        command, ref, services = asked
        host, directory = self._met(ref), _folder(ref)
        if host is None and not directory:
            host = self._named(ref)
        if host is not None:
            directory = host.project.directory
        if not self._shared.plugins.wanted("pre_command", directory):
            return None
        project = host.project.name if host is not None else ref.name or os.path.basename(directory)
        event = PreCommand(project=project, directory=directory, command=command, services=services)
        return consent.to_begin(self._shared.plugins, event)

    # -- the daemon itself

    async def ping(self, request: api.Nothing) -> api.Nothing:
        return request

    async def system_status(self, request: api.Nothing) -> DaemonStatus:
        return DaemonStatus(
            pid=os.getpid(),
            keeper_pid=self._shared.keeper.keeper_pid,
            version=nexsock.__version__,
            protocol=VERSIONS[-1],
            started_at=self._started_at,
            socket=self._shared.places.socket,
            projects=await self.list_projects(request),
            clients=self._clients(),
        )

    async def shutdown(self, request: api.ShutdownRequest) -> api.Nothing:
        self._shutdown(request.restart)
        return api.Nothing()

    async def list_projects(self, request: api.Nothing) -> tuple[ProjectSummary, ...]:
        return tuple(
            answers.summary(host) for host in sorted(self.hosts.values(), key=lambda host: host.project.directory)
        )

    async def leftovers(self, request: api.LeftoversRequest) -> tuple[Leftover, ...]:
        places, url = self._shared.places, self._shared.database_url
        async with self._meeting:
            kept = await self._shared.keeper.kept()
            left = await asyncio.to_thread(remains.Remains, places, dict(self.hosts), url, kept)
            found = await asyncio.to_thread(left.find)
            if not request.remove:
                return found
            chosen = tuple(one for one in found if one.id in request.remove and one.advice is None)
            for one in chosen:
                if (host := self.hosts.get(one.id)) is not None:
                    await self._unload(host)
                await remains.clear(one, left.processes.get(one.id, ()))
                if one.kind != "files":
                    await asyncio.to_thread(self._loader.numbers.give_up, one.id)
            return chosen

    # -- commands that change what is wanted

    async def up(self, request: api.UpRequest) -> AsyncIterator[api.Progress]:
        began, read_at = clock.monotonic(), clock.wall()
        with self._bus.subscribe() as subscription:
            ref = self._placed(request.project)
            host, project = await self._load(ref)
            _check_scale(request.project.scale, project)
            await _check_expected(host, project, request)
            needed = _needed(project, request.services)
            providing = asyncio.ensure_future(host.surroundings.provide(project, needed, ref.environ))
            async for event in outcome.meanwhile(providing, subscription, project.id):
                yield api.Progress(event=event)
            if provided := await providing:
                read_at = clock.wall()
                project = await self._loader.load(ref)
            async with host.changing:
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
            said = outcome.Said(first.skips, await consent.notes(host.plugins, project, first))
            async for progress in outcome.until(host, subscription, judges, request.timeout_s, began, said):
                yield progress

    async def down(self, request: api.DownRequest) -> AsyncIterator[api.Progress]:
        began = clock.monotonic()
        with self._bus.subscribe() as subscription:
            host = await self._known(request.project)
            chosen = host.names(request.services)
            async with host.changing:
                ending = wanted.with_dependents(host.project, chosen) if chosen else tuple(host.state.records)
                await host.permission.to_end(ending, "down was asked for", request.timeout_s)
                if not chosen:
                    await host.watch(False)
                host.reconciler.down(chosen, request.timeout_s)
            awaited = wanted.with_dependents(host.project, chosen) if chosen else tuple(host.state.records)
            judges = {name: outcome.judge_down(host, name) for name in awaited}
            async for progress in outcome.until(host, subscription, judges, None, began):
                yield progress
            if not chosen:
                host.forget_when_idle()

    async def start_service(self, request: api.ServicesRequest) -> AsyncIterator[api.Progress]:
        began = clock.monotonic()
        with self._bus.subscribe() as subscription:
            host = await self._known(request.project)
            chosen = host.names(request.services)
            needed = _needed(host.project, chosen)
            providing = asyncio.ensure_future(host.surroundings.provide(host.project, needed, request.project.environ))
            async for event in outcome.meanwhile(providing, subscription, host.project.id):
                yield api.Progress(event=event)
            async with host.changing:
                host.inherit(request.project.environ)
                if await providing:
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
            host = await self._known(request.project)
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
            host = await self._known(request.project)
            chosen = host.names(request.services or tuple(host.project.services))
            async with host.changing:
                await host.permission.to_end(chosen, "stop was asked for", request.timeout_s)
                host.reconciler.stop(chosen, request.timeout_s)
            saved = outcome.saving(host, chosen)
            judges = {name: outcome.judge_down(host, name) for name in chosen} if request.wait else {}
            said = outcome.Said(about=chosen)
            async for progress in outcome.until(host, subscription, judges, None, began, said, saved):
                yield progress

    async def wait(self, request: api.WaitRequest) -> AsyncIterator[api.Progress]:
        began = clock.monotonic()
        with self._bus.subscribe() as subscription:
            host = await self._known(request.project)
            targets = [
                replace(target, service=name) for target in request.targets for name in host.names([target.service])
            ]
            judges = {target.service: outcome.judge_condition(host, target) for target in targets}
            said = outcome.Said(about=tuple(judges))
            async for progress in outcome.until(host, subscription, judges, request.timeout_s, began, said):
                yield progress

    async def kill(self, request: api.KillRequest) -> ProjectStatus:
        number = _signal(request.signal)
        host = await self._known(request.project)
        for name in host.names(request.services):
            host.machinery.send(name, number)
        return answers.project_status(host)

    async def watch(self, request: api.WatchRequest) -> ProjectStatus:
        host = await self._known(request.project)
        async with host.changing:
            await host.watch(request.on)
        return answers.project_status(host)

    # -- commands that change the file

    async def add_service(self, request: api.AddServiceRequest) -> EditStatus:
        edit = Edit(action="add", service=request.service, fields=request.fields)
        return await self._edit(request.project, edit, request.apply)

    async def remove_service(self, request: api.RemoveServiceRequest) -> EditStatus:
        edit = Edit(action="remove", service=request.service, force=request.force)
        return await self._edit(request.project, edit, request.apply)

    async def update_config(self, request: api.UpdateConfigRequest) -> EditStatus:
        edit = Edit(
            action="update",
            service=request.service,
            fields=request.fields,
            unset=request.unset,
            digest=request.digest,
        )
        return await self._edit(request.project, edit, request.apply)

    async def add_dependency(self, request: api.DependencyRequest) -> EditStatus:
        edit = Edit(action="add_dependency", service=request.service, others=request.others, fields=request.fields)
        return await self._edit(request.project, edit, request.apply)

    async def remove_dependency(self, request: api.DependencyRequest) -> EditStatus:
        edit = Edit(action="remove_dependency", service=request.service, others=request.others)
        return await self._edit(request.project, edit, request.apply)

    async def _edit(self, ref: ProjectRef, edit: Edit, apply: bool) -> EditStatus:
        """Change the file; what is up takes it up before a watch hears of it, so that the answer has the plan."""
        ref = self._placed(ref)
        host = self._met(ref)
        async with host.changing if host is not None else nullcontext():
            edited = await self._loader.edit(ref, edit)
            try:
                plan = await host.renew() if host is not None and apply and host.is_up else None
            except errors.Refused as refusal:
                said = f"the file is changed, and not applied: {refusal.message}"
                raise errors.Refused(said, hint="'nexsock up' asks again", origin=edited.origin) from refusal
        return EditStatus(
            service=edit.service, files=edited.files, origin=edited.origin, applied=plan is not None, plan=plan
        )

    # -- questions

    async def plan(self, request: api.PlanRequest) -> PlanStatus:
        project = await self._loader.load(self._placed(request.project))
        _check_scale(request.project.scale, project)
        host = self.hosts.get(project.id)
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
            planner.desire(project, state), {}, Observed(uncloned=uncloned(project)), now=clock.monotonic()
        )
        plugins = self._shared.plugins
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

    async def list_services(self, request: api.ServicesRequest) -> ProjectStatus:
        host = await self._known(request.project)
        return answers.project_status(host, host.names(request.services))

    async def service_status(self, request: api.ServiceRequest) -> ServiceDetail:
        host = await self._known(request.project)
        return answers.detail(host, request.service, await host.machinery.tunnels.figures(request.service))

    async def why(self, request: api.ServiceRequest) -> Why:
        return answers.why(await self._known(request.project), request.service)

    async def history(self, request: api.ServiceRequest) -> tuple[RunStatus, ...]:
        host = await self._known(request.project)
        return await past.history(host, request.service)

    async def diff(self, request: api.DiffRequest) -> RunDiff:
        host = await self._known(request.project)
        return past.difference(host, request.service, request.first, request.second)

    async def timings(self, request: api.ServicesRequest) -> Timings:
        return past.timings(await self._known(request.project))

    async def graph(self, request: api.PlanRequest) -> Graph:
        project = await self._loader.load(self._placed(request.project))
        host = self.hosts.get(project.id)
        return describe.graph(project, host.state.records if host else {})

    async def get_config(self, request: api.ServiceRequest) -> Definition:
        return await self._loader.look(self._placed(request.project), request.service)

    async def list_dependencies(self, request: api.ServicesRequest) -> tuple[ListedDependency, ...]:
        project = await self._loader.load(self._placed(request.project))
        return describe.listed(project, project.members(request.services))

    async def environment(self, request: api.ServiceRequest) -> ServiceEnvironment:
        host = await self._known(request.project)
        service = host.service(request.service)
        given = host.machinery.beside.given(service)
        values = {name: masking.MASK for name, secret in service.launch.secrets.items() if not secret.target}
        own = host.machinery.beside.altered(service, service.launch.environment) | given
        shown = {name: masking.masked(name, value) for name, value in own.items()}
        shown |= values
        return ServiceEnvironment(service=service.name, environment=shown)

    async def command(self, request: api.ServiceRequest) -> api.CommandSpec:
        host = await self._known(request.project)
        service = host.service(request.service)
        caller = request.project.environ or host.reconciler.environ
        variables = host.machinery.beside.altered(service, environment.beside(caller, service))
        values: dict[str, str] = {}
        if request.pid is not None and service.launch.secrets:
            paths, values = await host.machinery.lending.lend(request.pid, service.launch.secrets, caller, variables)
            variables |= paths
        return api.CommandSpec(
            command=service.launch.command,
            working_dir=service.launch.working_dir,
            environment=variables,
            values=values,
            skip=host.reconciler.need_not_run(service.name, await host.surroundings.look(host.project)),
        )

    async def database(self, request: api.DatabaseRequest) -> api.DatabaseStatus:
        host = await self._known(request.project)
        path = host.state_path
        if path is None or request.action == "status":
            return answers.database_status(path, host.store.schema)
        await self._unload(host)
        act = (
            migrate.migrate if request.action == "migrate" else functools.partial(migrate.rollback, steps=request.steps)
        )
        return answers.database_status(path, await asyncio.to_thread(act, path, report=host.voice.warn))

    async def plugins(self, request: api.PluginsRequest) -> tuple[PluginStatus, ...]:
        """Never loads a file: what a project lists that has not been met is nobody's plugin yet."""
        if (ref := request.project) is None:
            return self._shared.plugins.statuses()
        host = self._named(ref) if ref.name is not None else self._met(ref)
        if host is None:
            return self._shared.plugins.statuses(_folder(ref))
        return self._shared.plugins.statuses(host.project.directory, host.project.plugins)

    async def logs(self, request: api.LogsRequest) -> AsyncIterator[LogLine]:
        host = await self._known(request.project)
        query = replace(request.query, services=host.names(request.query.services) or host.logged())
        async for line in host.machinery.output.lines(query, request.follow):
            hidden = host.veil.hide(line.text)
            yield line if hidden == line.text else replace(line, text=hidden)

    async def events(self, request: api.EventsRequest) -> AsyncIterator[Event]:
        host = await self._known(request.project) if request.project is not None else None
        project = host.project.id if host is not None else None
        services = host.project.members(request.services) if host is not None else request.services
        with self._bus.subscribe() as subscription:
            for event in self._bus.recent():
                if (request.since is None or event.at >= request.since) and _concerns(event, project, services):
                    yield event
            if not request.follow:
                return
            async for event in subscription:
                if _concerns(event, project, services):
                    yield event

    async def top(self, request: api.TopRequest) -> AsyncIterator[Usage]:
        host = await self._known(request.project)
        chosen = host.names(request.services)
        async for sample in top.samples(host, chosen, request.interval_s, request.samples):
            yield sample

    async def attach(self, request: api.AttachRequest) -> AsyncIterator[TerminalPiece]:
        _size(request)
        with self._bus.subscribe() as happenings:
            host = await self._known(request.project)
            async with aclosing(
                host.machinery.viewers.view(host.service(request.service), request, happenings)
            ) as pieces:
                async for piece in pieces:
                    yield piece

    async def type_keys(self, request: api.TypeRequest) -> api.Typed:
        host = await self._known(request.project)
        return api.Typed(taken=await host.machinery.viewers.type(host.service(request.service).name, request.keys))

    async def resize_terminal(self, request: api.ResizeRequest) -> api.Nothing:
        host = await self._known(request.project)
        await host.machinery.viewers.resize(request.service, request.viewer, _size(request))
        return api.Nothing()

    def render(self, request: api.RenderRequest) -> AsyncIterator[api.Rendered]:
        return render.render(self, request)

    # -- checkouts

    async def _as_far_as_cloned(self, ref: ProjectRef) -> Project:
        return await self._loader.load(self._placed(ref), uncloned=True)

    async def _moved(self, project: Project) -> None:
        """A checkout of a project is another now: what runs from it is started again."""
        if (host := self.hosts.get(project.id)) is not None:
            await host.reload()

    # -- shared

    async def _load(self, ref: ProjectRef) -> tuple[Host, Project]:
        """The host of a project and the newest version of its file.

        Raises:
            ConfigError: the file has problems; a host that lives keeps its last good version.
        """
        project = await self._loader.load(ref)
        async with self._meeting:
            host = self.hosts.get(project.id)
            if host is None:
                host = self.hosts[project.id] = await revival.meet(self._shared, self._loader, project, ref)
        return host, project

    def _met(self, ref: ProjectRef) -> Host | None:
        """The host of a request's folder, if its project has been met."""
        return self.hosts.get(names.project_id(directory)) if (directory := _folder(ref)) else None

    async def _known(self, ref: ProjectRef) -> Host:
        """The host that a request names; the file is read only if the project has never been up."""
        if (ref.directory or ref.files) and ref.name is None:
            if (host := self._met(ref)) is not None:
                return host
            return (await self._load(self._placed(ref)))[0]
        return self._named(ref)

    def _placed(self, ref: ProjectRef) -> ProjectRef:
        """The request with what it leaves to us: the files of a project that it only names, and variables."""
        if ref.directory or ref.files:
            environ = ref.environ if ref.environ is not None else dict(os.environ)
            return self._scaled(replace(ref, environ=environ), self._met(ref))
        host = self._named(ref)
        environ = ref.environ if ref.environ is not None else host.reconciler.environ
        placed = replace(host.ref, environ=environ, profiles=ref.profiles or host.ref.profiles, scale=ref.scale)
        return self._scaled(placed, host)

    def _scaled(self, ref: ProjectRef, host: Host | None) -> ProjectRef:
        """The request with the numbers of instances that an earlier one has asked for."""
        return ref if host is None else replace(ref, scale=host.state.selection.scale | ref.scale)

    def _named(self, ref: ProjectRef) -> Host:
        """The project that is known by the name, or the id, in the request."""
        found = [host for host in self.hosts.values() if ref.name in (host.project.name, host.project.id)]
        if len(found) == 1:
            return found[0]
        if found:
            places = ", ".join(host.project.directory for host in found)
            raise errors.NotFound(f"{len(found)} projects are named '{ref.name}': {places}", hint="go to its folder")
        if ref.name:
            raise errors.NotFound(f"no project is named '{ref.name}'", hint="see 'nexsock ls'")
        raise errors.NotFound(
            "there is no nexsock.yaml here or in a parent folder", hint="make one with 'nexsock init'"
        )

    async def _unload(self, host: Host) -> None:
        """Let go of a project; its services stay, and the next command that names it takes them up again."""
        del self.hosts[host.project.id]
        await host.close()

    async def close(self) -> None:
        """Let go of every project; services stay."""
        await asyncio.gather(*(host.close() for host in self.hosts.values()))
        await self._shared.plugins.close()
        await self._loader.close()


def _folder(ref: ProjectRef) -> str:
    """The folder of the project in a request; "" where it only names one."""
    directory = ref.directory or os.path.dirname("".join(ref.files[:1]))
    return os.path.realpath(directory) if directory else ""


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


def _size(request: api.AttachRequest | api.ResizeRequest) -> Size:
    """Raises:
    UsageError: no terminal has that many rows or columns.
    """
    if not (0 < request.rows < 0x10000 and 0 < request.columns < 0x10000):
        raise errors.UsageError(f"{request.rows} rows of {request.columns} columns are not the size of a terminal")
    return Size(request.rows, request.columns)


def _needed(project: Project, chosen: Sequence[str]) -> set[str]:
    """The chosen services, or all that are active, and what they need."""
    active = (name for name, service in project.services.items() if service.active)
    return wanted.with_needs(project, project.members(chosen) or active)


def _signal(text: str) -> Signals:
    """The signal that "TERM", "SIGTERM" or "15" names."""
    with suppress(ValueError, KeyError):
        return Signals(int(text)) if text.isdigit() else Signals["SIG" + text.upper().removeprefix("SIG")]
    raise errors.UsageError(f"'{text}' is not a signal", hint="write it like HUP, SIGUSR1 or 15")


def _concerns(event: Event, project: str | None, services: Sequence[str]) -> bool:
    return (project is None or event.project in (project, "")) and (not services or event.service in services)
