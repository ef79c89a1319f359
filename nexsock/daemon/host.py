"""One project inside the daemon: the reconciler with everything it acts through, and the file the project came from."""

import asyncio
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from signal import Signals

import msgspec
from msgspec.structs import replace

from nexsock import errors, masking
from nexsock.daemon import consent, recall
from nexsock.daemon.inputs import InputFiles
from nexsock.daemon.lending import Lending
from nexsock.daemon.loader import Loader
from nexsock.daemon.output import Output
from nexsock.daemon.shared import Shared
from nexsock.daemon.sources import Sources
from nexsock.daemon.values import SecretValues
from nexsock.daemon.viewers import Viewers
from nexsock.engines.asking import Asking
from nexsock.engines.external import ExternalEngine
from nexsock.engines.kinds import ByKind
from nexsock.engines.mail import Mail
from nexsock.engines.process import ProcessEngine
from nexsock.engines.terminals import Terminals
from nexsock.engines.tunnels import Tunnels
from nexsock.logs import read
from nexsock.model.event import Event, EventKind
from nexsock.model.log import LogQuery
from nexsock.model.plan import Plan
from nexsock.model.plugin import PluginChange
from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.problem import Problem
from nexsock.model.project import Project, ProjectRef
from nexsock.model.report import Altered, Launched, LaunchFailed, Noted, Probed, Report
from nexsock.model.service import Service
from nexsock.model.state import Cause, Health, Observed, ProjectState, Run, Selection, Wants
from nexsock.model.status import ConfigFault, GitStatus, ProjectInfo
from nexsock.places import make_private
from nexsock.reconcile import environment, restore
from nexsock.reconcile.monitor import ProbingMonitor
from nexsock.reconcile.reconciler import Reconciler
from nexsock.runtime import clock, command, commits, identity, notify, probe, secrets
from nexsock.store import store
from nexsock.store.writer import BATCH_S, RETRY_S
from nexsock.views import style

SHOWN_CHARACTERS = 2000
"""What is told of one of the last lines of a service: a line without an end comes in pieces of 64 KiB."""
EXEC_LIMIT_S = 60.0
"""How long the command of a watch rule may take."""


class Host:
    """A project that the daemon knows. Commands that change what is wanted are serialised by `changing`."""

    def __init__(
        self,
        shared: Shared,
        loader: Loader,
        project: Project,
        ref: ProjectRef,
        environ: dict[str, str],
        runs: tuple[restore.Kept, ...] = (),
    ) -> None:
        """`runs` is what the keeper has of the project from an earlier brain; `resume` goes on with it."""
        self._shared = shared
        self._loader = loader
        self._sources: Sources | None = None
        self.ref = ref
        self.fault: ConfigFault | None = None
        self.watching = False
        self.changing = asyncio.Lock()
        self._project_id = project.id
        places, uid = shared.places, os.getuid()
        self.logs_dir = places.project_logs(project.id)
        self._runtime_dir = places.project_runtime(project.id)
        for folder in (places.project_state(project.id), self.logs_dir, self._runtime_dir):
            make_private(folder, uid)
        self.state_path = store.locate(project.id, places.project_state(project.id), shared.database_url)
        self.veil = masking.Veil()
        self.secrets = secrets.Secrets(places.project_secrets(project.id))
        self.lending = Lending(self.secrets, self.veil)
        self.secrets.keep_only([*(kept.run.instance for kept in runs), *self.lending.lent()])
        self.veil.learn(self.secrets.values())
        self.learn(project, environ)
        self.store = store.open_store(self.state_path, shared.writer, self.warn)
        self.tunnels = Tunnels(project.id, shared.relay, self._environ, self._warn_of)
        self.processes = ProcessEngine(
            project.id,
            keeper=shared.keeper,
            exits=shared.exits,
            sweep=shared.sweep,
            report=self._report,
            remembered=self._remembered,
            logs_dir=self.logs_dir,
            fifos_dir=self._runtime_dir,
            mail=Mail(shared.keeper, places.notify_dir),
            secrets=self.secrets,
            learn=self.veil.learn,
            tunnels=self.tunnels,
            terminals=Terminals(shared.keeper),
        )
        self.asking = Asking(
            self.processes,
            shared.plugins,
            project=lambda: self.reconciler.project,
            report=self._report,
            learn=self.veil.learn,
        )
        self.engine = ByKind(self.asking, ExternalEngine(self._report))
        self.plugins = shared.plugins
        self._replacing: set[asyncio.Task[None]] = set()
        self.monitor = ProbingMonitor(self._attempt, self._listen, self._report, self._health_of, clock)
        self._values = SecretValues(places.secrets_key, self.veil)
        self._inputs = InputFiles(places.project_state(project.id), project.directory, self.warn)
        self.output = Output(self.logs_dir, shared.growth, self._instances)
        self._saving: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._intending: asyncio.TimerHandle | None = None
        wants = recall.load_wants(self._runtime_dir, identity.boot_id())
        state = restore.intended(self.store.load(), wants)
        self._restored = restore.restore(
            state.records,
            runs,
            project.services,
            lost=wants is None and not state.records,
            boot_id=identity.boot_id(),
            now=clock.monotonic(),
            wall=clock.wall(),
        )
        self.viewers = Viewers(
            self.logs_dir,
            self.output,
            self.processes.terminals,
            record=lambda name: self.reconciler.record(name),
            wanted=lambda name: name in self.reconciler.wanted,
            hide=self.veil.hide,
        )
        self._unheard: list[Report] | None = [] if runs else None
        for kept in runs:
            if kept.run.instance not in self._restored.settled:
                self.processes.resume(kept.service, kept.run)
        self.reconciler = Reconciler(
            project,
            ProjectState(selection=state.selection, records=dict(self._restored.records), up_at=state.up_at),
            engine=self.engine,
            monitor=self.monitor,
            memory=self.store,
            route=self.tunnels.follow,
            intend=self._intend,
            clock=clock,
            alarm=self._set_alarm,
            emit=self._emit,
            new_instance=shared.new_instance,
            environ=environ,
            hooks=shared.plugins,
        )

    def resume(self) -> None:
        """Go on where the earlier brain was ended, and hear what was reported before this moment."""
        reports = (*self._restored.reports, *(self._unheard or ()))
        self._unheard = None
        self.engage(self.project)
        for record in self._restored.records.values():
            if record.run is not None and record.alive:
                self.asking.resume(record.name, record.run)
        self.reconciler.resume(self._restored.strays, reports)
        for instance in self._restored.settled:
            self.processes.settle(instance)

    # -- what it is

    @property
    def project(self) -> Project:
        return self.reconciler.project

    @property
    def state(self) -> ProjectState:
        return self.reconciler.state

    def info(self) -> ProjectInfo:
        project = self.project
        return ProjectInfo(
            name=project.name,
            dir=project.directory,
            id=project.id,
            config_error=self.fault,
            watching=self.watching,
            files=project.files,
        )

    @property
    def busy(self) -> bool:
        """Whether it gives the daemon something to do: services that run or should, or files to follow."""
        return bool(self.reconciler.wanted) or self.watching or any(one.alive for one in self.state.records.values())

    def removed(self) -> tuple[str, ...]:
        """The services that are remembered and no longer in the file."""
        return tuple(name for name in self.state.records if name not in self.project.services)

    def names(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """The services by these names; a name of several instances stands for all of them.

        Raises:
            NotFound: with the nearest name that there is.
        """
        known = [*self.project.services, *self.project.groups, *self.removed()]
        chosen = self.project.members(wanted)
        for name in chosen:
            if name not in known:
                raise errors.NotFound(
                    f"no service '{name}' in project '{self.project.name}'", hint=_nearest(name, known)
                )
        return chosen

    def one(self, name: str) -> str:
        """The service by this name; of several instances the first.

        Raises:
            NotFound: as `names`.
        """
        return self.names([name])[0]

    def service(self, name: str) -> Service:
        """The definition of a service, as the file has it or as it last ran."""
        name = self.one(name)
        found = self.project.services.get(name) or self.reconciler.record(name).applied
        if found is None:
            raise errors.NotFound(f"service '{name}' is no longer in the file of project '{self.project.name}'")
        return found

    def last_lines(self, service: str, count: int) -> tuple[str, ...]:
        """The last lines of a service's current or last run."""
        record = self.reconciler.record(service)
        query = LogQuery(services=(service,), last_lines=count, run=record.run.number if record.run else None)
        lines = (line.text for line in read.read(self.logs_dir, query) if line.stream != "nexsock")
        return tuple(self.veil.hide(line)[-SHOWN_CHARACTERS:] for line in deque(lines, count))

    def logged(self) -> tuple[str, ...]:
        """The services whose logs are shown when none is named: those of the file, in its order."""
        return tuple(self.project.services)

    # -- what it should be

    async def adopt(self, project: Project, ref: ProjectRef, environ: dict[str, str] | None, read_at: float) -> None:
        """Take a newer version of the file as what is wanted, and remember it; nothing is acted on yet.

        `read_at` is the time (unix seconds) before which its files were not read.
        """
        self.ref = replace(ref, environ=None, scale={})
        self.fault = None
        await self.observe(project, environ)
        self.engage(project)
        self.reconciler.use(project, environ)
        self.store.describe(project)
        self.remember()
        if self._sources is not None:
            self._sources.follow(project, read_at)

    def engage(self, project: Project) -> None:
        """Use the plugins that this version of the file lists: something of it is to run."""
        self.plugins.admit(project.directory, project.plugins)

    async def observe(self, project: Project, environ: dict[str, str] | None = None) -> None:
        """Look at the files that the oneshots of a project read, at checkouts, and at the values of secrets.

        `environ` is the caller's environment, where there is a newer one.
        """
        self.learn(project, environ or {})
        found = await self._inputs.observe(project, self.state.records)
        observed = self.reconciler.observed
        observed.inputs, observed.changed, observed.uncloned = found.inputs, found.changed, uncloned(project)
        observed.secrets = await self._values.look(project, environ or self.reconciler.environ)

    def learn(self, project: Project, environ: dict[str, str]) -> None:
        """Keep out of what is shown what variables hold whose names say that it is secret."""
        self.veil.learn(masking.telling(environ))
        for service in project.services.values():
            hooks = msgspec.structs.astuple(service.hooks)
            for variables in (service.launch.environment, *(hook.environment for kind in hooks for hook in kind)):
                self.veil.learn(masking.telling(variables))

    async def look(self, project: Project, environ: dict[str, str] | None = None) -> Observed:
        """What would be observed of a version of the project; nothing is changed."""
        found = await self._inputs.look(project, self.state.records)
        found.strays = self.reconciler.observed.strays
        found.secrets = await self._values.look(project, environ or self.reconciler.environ)
        found.uncloned = uncloned(project)
        return found

    def head(self, name: str) -> GitStatus | None:
        """What the checkout of a service has now; None for a service without one."""
        service = self.project.services.get(name)
        return None if service is None or service.git is None else commits.head_of(service.git.path)

    async def provide(self, project: Project, names: Iterable[str], environ: dict[str, str] | None) -> bool:
        """Have the checkouts of these services made and moved as a version of the file says.

        Returns:
            Whether one is another now, so that the file has to be read again.
        """

        def say(name: str, what: str) -> None:
            self._tell("git", what, service=name)

        names, observed = tuple(names), self.reconciler.observed
        moved, faults = await self._shared.checkouts.provide(project, names, environ or self.reconciler.environ, say)
        kept = {name: fault for name, fault in observed.unprovided.items() if name not in names}
        observed.unprovided = {**kept, **faults}
        return moved

    def inherit(self, environ: dict[str, str] | None) -> None:
        """Let services that start from now on inherit this caller's environment."""
        if environ is not None and environ != self.reconciler.environ:
            self.veil.learn(masking.telling(environ))
            self.reconciler.inherit(environ)
            self.remember()

    async def reload(self) -> None:
        """Load the project's files as they are now and apply them; if they are broken, tell, and keep what is live."""
        async with self.changing:
            try:
                await self.renew()
            except errors.Refused as refusal:
                self.warn(f"the newer version of the file is not applied: {refusal.message}")

    async def renew(self) -> Plan | None:
        """As `reload`, for who holds `changing`; returns the plan's first round where there was something new.

        Raises:
            Refused: a plugin does not let something end that it would replace.
        """
        read_at = clock.wall()
        try:
            project = await self._loader.load(self._ref_of_now())
        except errors.ConfigError as error:
            self.broken(error)
            return None
        if project == self.project and self.fault is None:
            return await self._look_again()
        await self.let_go(project, self.state.selection, (), False, None)
        await self.adopt(project, self.ref, None, read_at)
        self._tell("config", "applied")
        return self.reconciler.apply(project)

    async def let_go(
        self,
        project: Project,
        selection: Selection,
        names: Sequence[str],
        force: bool,
        environ: dict[str, str] | None,
    ) -> None:
        """Ask whether what `up` with this version of the file would end may be told to.

        Raises:
            Refused: a plugin does not let one of them.
        """
        if consent.is_asked(self.plugins, project):
            observed = await self.look(project, environ)
            plan = self.reconciler.preview(project, selection, names, force, observed)
            ending = consent.replaced(plan, self.state.records)
            await self.ask_to_replace(consent.renewed(plan, self.state.records), project, environ)
            await self.ask_to_end(ending, "it is replaced")

    async def ask_to_replace(
        self, starts: Mapping[str, str], project: Project | None = None, environ: dict[str, str] | None = None
    ) -> None:
        """Ask plugins whether these services, of a version of the file, may have a new run; see consent.to_replace."""
        environ = environ or self.reconciler.environ
        with self._unseen():
            await consent.to_replace(self.plugins, project or self.project, starts, self.state.records, environ)

    async def ask_to_end(self, names: Iterable[str], reason: str, grace_s: float | None = None) -> None:
        """Ask plugins whether the runs of these services may be told to end; see consent.to_end."""
        with self._unseen():
            await consent.to_end(self.plugins, self.reconciler, names, reason, grace_s)

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        """What is refused within is told without secrets."""
        try:
            yield
        except errors.Refused as refusal:
            raise errors.Refused(self.veil.hide(refusal.message), hint=refusal.hint) from refusal

    @property
    def is_up(self) -> bool:
        """Whether something is wanted of the project, or is there."""
        return bool(self.reconciler.wanted) or any(record.alive for record in self.state.records.values())

    async def _look_again(self) -> Plan | None:
        """The files say the same; what they name may hold another secret, or something else for a oneshot to read."""
        observed = self.reconciler.observed
        before = observed.secrets, observed.inputs
        await self.observe(self.project)
        return self.reconciler.converge() if (observed.secrets, observed.inputs) != before else None

    def _ref_of_now(self) -> ProjectRef:
        """How to load what the project is now: an override file may have come or gone."""
        files = () if self.ref.discovered else self.ref.files
        return replace(self.ref, files=files, environ=self.reconciler.environ, scale=self.state.selection.scale)

    async def watch(self, on: bool, read_at: float | None = None) -> None:
        """Turn watching on or off; on again revives what was suspended.

        `read_at` as in `adopt`; without it, the files are read anew.
        """
        if on:
            self._sources = self._sources or self._make_sources()
            self._sources.follow(self.project, read_at)
            if read_at is None:
                self._sources.look_again()
        elif self._sources is not None:
            self._sources.close()
            self._sources = None
        if on != self.watching:
            self.watching = on
            self.store.set_meta(watching=on)
            self.remember()

    async def _remembered(self) -> None:
        """Wait until what is recorded now is on disk: the runs that end together share one wait."""
        if self._saving is None:
            self._saving = asyncio.ensure_future(self._save_soon())
        await asyncio.shield(self._saving)
        while self.store.refusal is not None:  # noqa: ASYNC110 the writer asks the disk again by itself
            await asyncio.sleep(RETRY_S)

    async def _save_soon(self) -> None:
        await asyncio.sleep(BATCH_S)
        self._saving = None  # who comes from here on may have recorded more
        await self.store.barrier()

    def _intend(self, wants: Wants) -> None:
        """Keep what is wanted; where that is refused, no older word stands, and it is tried again."""
        again, self._intending = self._intending, None
        if again is not None:
            again.cancel()
        try:
            make_private(self._runtime_dir, os.getuid())  # somebody may have cleared it away
            recall.save_wants(self._runtime_dir, wants, identity.boot_id())
        except OSError as error:
            recall.drop_wants(self._runtime_dir)
            if again is None:
                self.warn(f"a daemon that is killed within {BATCH_S:g} s would not know what is wanted: {error}")
            self._intending = asyncio.get_running_loop().call_later(RETRY_S, self._intend, wants)

    def remember(self) -> None:
        """Keep what the next brain needs to go on."""
        remembered = recall.Remembered(
            ref=self.ref, project=self.project, environ=self.reconciler.environ, watching=self.watching
        )
        recall.save(self._runtime_dir, remembered)

    def broken(self, error: errors.ConfigError) -> None:
        """A newer version of the file has mistakes: what is live stays, and everyone is told where."""
        problems = tuple(problem for problem in error.problems if isinstance(problem, Problem))
        self.fault = ConfigFault(since=clock.wall(), problems=problems)
        first = problems[0] if problems else None
        origin = f"{first.file}:{first.line}:{first.column}" if first else None
        self._tell("config", f"the newer version is broken: {first.message if first else error.message}", origin)

    def forget_when_idle(self) -> None:
        """After a `down`: the next brain has nothing to go on with."""
        if not any(record.alive for record in self.state.records.values()):
            recall.drop(self._runtime_dir)

    async def close(self) -> None:
        """Let go of the project; its services stay."""
        if self._sources is not None:
            self._sources.close()
        self._set_alarm(None)
        for waiting in (self._saving, self._intending):
            if waiting is not None:
                waiting.cancel()
        self.lending.close()
        self.plugins.dismiss(self.project.directory)
        for task in self._replacing:
            task.cancel()
        await self.asking.close()
        await self.monitor.close()
        await self.processes.close()
        await asyncio.to_thread(self.store.close)

    # -- what the reconciler acts through

    def _report(self, report: Report) -> None:
        report = self._veiled(report)
        if isinstance(report, Launched):
            self.output.launched(report.service)
        if self._unheard is None:
            self.reconciler.receive(report)
        else:
            self._unheard.append(report)

    def _veiled(self, report: Report) -> Report:
        """The report without secrets: hooks and probes show what they like, and from here on it is kept and told."""
        match report:
            case LaunchFailed():
                denied = report.denied and replace(report.denied, reason=self.veil.hide(report.denied.reason))
                return replace(report, message=self.veil.hide(report.message), denied=denied)
            case Noted():
                return replace(report, text=self.veil.hide(report.text))
            case Altered():
                return replace(report, changes=tuple(self._veiled_change(change) for change in report.changes))
            case Probed():
                result = replace(report.result, output=self.veil.hide(report.result.output))
                return replace(report, result=result)
        return report

    def _veiled_change(self, change: PluginChange) -> PluginChange:
        old, new = (None if value is None else self.veil.hide(value) for value in (change.old, change.new))
        return replace(change, old=old, new=new)

    def _instances(self, services: Iterable[str]) -> list[str]:
        """The runs of these services that may write."""
        records = (self.reconciler.record(name) for name in services)
        return [record.run.instance for record in records if record.run is not None and record.alive]

    def _health_of(self, service: str) -> Health | None:
        return self.reconciler.record(service).health

    async def _attempt(
        self, service: Service, run: Run, check: Healthcheck, environment: dict[str, str]
    ) -> ProbeResult:
        query = LogQuery(services=(service.name,), run=run.number)
        lines = self.output.lines(query, follow=True)
        return await probe.attempt(
            check,
            working_dir=service.launch.working_dir,
            environment={
                **self.asking.variables(service.name, run.instance, environment),
                **self.secrets.variables(run.instance, service.launch.secrets),
            },
            members=None if service.engine == "external" else lambda: self.processes.pids(service.name),
            log_lines=(style.output(line.text, colour=False) async for line in lines),
        )

    async def _listen(self, service: Service, run: Run) -> notify.Mailbox | None:
        return await self.processes.mail.box(run, lambda: self.processes.pids(service.name))

    def _set_alarm(self, at: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, at - clock.monotonic()), self.reconciler.due)

    def _make_sources(self) -> Sources:
        return Sources(
            self.reconciler,
            reload=self.reload,
            replace=self._replace,
            send=self.send,
            run=self._run_beside,
            emit=self._emit,
        )

    def _replace(self, name: str, cause: Cause, cascade: bool) -> None:
        """Give a service a new run, once plugins let the one that it has be ended."""
        if not consent.is_asked(self.plugins, self.project):
            self.reconciler.replace(name, cause, cascade)
            return
        task = asyncio.create_task(self._replace_if_let(name, cause, cascade), name=f"replace {name}")
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _replace_if_let(self, name: str, cause: Cause, cascade: bool) -> None:
        try:
            await self.ask_to_replace({name: cause.text})
            await self.ask_to_end([name], cause.text)
        except errors.Refused as refusal:
            self._warn_of(name, f"{cause.text}, and it is not restarted: {refusal.message}")
            return
        self.reconciler.replace(name, cause, cascade)

    def send(self, service: str, number: Signals) -> None:
        """Send a signal to a service's current run, if there is one."""
        record = self.reconciler.record(service)
        if record.alive and record.run is not None:
            self.engine.signal(service, record.run.instance, number)

    async def _run_beside(self, name: str, argv: tuple[str, ...]) -> command.Finished:
        """Run a command in the place of a service, with its environment."""
        service = self.service(name)
        variables = self.altered(service, environment.beside(self.reconciler.environ, service)) | self.given(service)
        return await command.run(argv, cwd=service.launch.working_dir, environment=variables, timeout_s=EXEC_LIMIT_S)

    def altered(self, service: Service, variables: dict[str, str]) -> dict[str, str]:
        """These variables as plugins have changed them for the current run of a service, if there is one."""
        run = self.reconciler.record(service.name).run
        return variables if run is None else self.asking.variables(service.name, run.instance, variables)

    def given(self, service: Service) -> dict[str, str]:
        """The variables of the secrets that a service's current run has; none where there is none."""
        record = self.reconciler.record(service.name)
        if not record.alive or record.run is None:
            return {}
        return self.secrets.variables(record.run.instance, service.launch.secrets)

    def warn(self, text: str) -> None:
        self._tell("warning", text)

    def _warn_of(self, service: str, text: str) -> None:
        self._tell("warning", text, service=service)

    def _environ(self) -> dict[str, str]:
        return self.reconciler.environ

    def _tell(self, kind: EventKind, reason: str, origin: str | None = None, service: str | None = None) -> None:
        self._emit(
            Event(
                at=clock.wall(),
                seq=0,
                project=self._project_id,
                kind=kind,
                service=service,
                reason=reason,
                origin=origin,
            )
        )

    def _emit(self, event: Event) -> None:
        """Tell everyone, without secrets."""
        hidden = self.veil.hide(event.reason) if event.reason else ""
        self._shared.emit(event if hidden == event.reason else replace(event, reason=hidden))


def uncloned(project: Project) -> frozenset[str]:
    """The services whose checkout is not there yet."""
    sources = {name: service.git for name, service in project.services.items() if service.git is not None}
    return frozenset(name for name, source in sources.items() if not commits.is_checkout(source.path))


def _nearest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), 1)
    return f"did you mean '{close[0]}'?" if close else "see 'nexsock ps -a' for their names"
