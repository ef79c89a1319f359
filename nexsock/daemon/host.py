"""One project inside the daemon: the reconciler with everything it acts through, and the file the project came from."""

import asyncio
import os
from collections import deque
from collections.abc import Iterable
from signal import Signals

from msgspec.structs import replace

from nexsock import errors, masking
from nexsock.daemon import recall
from nexsock.daemon.beside import Beside
from nexsock.daemon.inputs import InputFiles
from nexsock.daemon.lending import Lending
from nexsock.daemon.loader import Loader
from nexsock.daemon.memory import Memory
from nexsock.daemon.output import Output
from nexsock.daemon.permission import Permission
from nexsock.daemon.shared import Shared
from nexsock.daemon.sources import Sources
from nexsock.daemon.surroundings import Surroundings
from nexsock.daemon.values import SecretValues
from nexsock.daemon.viewers import Viewers
from nexsock.daemon.voice import Voice
from nexsock.engines.asking import Asking
from nexsock.engines.external import ExternalEngine
from nexsock.engines.kinds import ByKind
from nexsock.engines.mail import Mail
from nexsock.engines.process import ProcessEngine
from nexsock.engines.terminals import Terminals
from nexsock.engines.tunnels import Tunnels
from nexsock.logs import read
from nexsock.model.log import LogQuery
from nexsock.model.plan import Plan
from nexsock.model.problem import Problem
from nexsock.model.project import Project, ProjectRef
from nexsock.model.report import Launched, Report
from nexsock.model.service import Service
from nexsock.model.state import Health, ProjectState
from nexsock.model.status import ConfigFault, ProjectInfo
from nexsock.places import make_private
from nexsock.reconcile import restore
from nexsock.reconcile.monitor import ProbingMonitor
from nexsock.reconcile.reconciler import Reconciler
from nexsock.runtime import clock, identity, secrets
from nexsock.store import store

SHOWN_CHARACTERS = 2000
"""What is told of one of the last lines of a service: a line without an end comes in pieces of 64 KiB."""


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
        self.voice = Voice(project.id, self.veil, shared.emit)
        self.voice.learn(project, environ)
        self.store = store.open_store(self.state_path, shared.writer, self.voice.warn)
        self._memory = Memory(self.store, self._runtime_dir, self.voice.warn)
        self.tunnels = Tunnels(project.id, shared.relay, self._environ, self.voice.warn_of)
        self.processes = ProcessEngine(
            project.id,
            keeper=shared.keeper,
            exits=shared.exits,
            sweep=shared.sweep,
            report=self._report,
            remembered=self._memory.saved,
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
        self.output = Output(self.logs_dir, shared.growth, self._instances)
        self.beside = Beside(
            self.processes,
            self.asking,
            self.secrets,
            self.output,
            record=lambda name: self.reconciler.record(name),
            environ=self._environ,
        )
        self.monitor = ProbingMonitor(self.beside.attempt, self.beside.listen, self._report, self._health_of, clock)
        self._timer: asyncio.TimerHandle | None = None
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
            intend=self._memory.intend,
            clock=clock,
            alarm=self._set_alarm,
            emit=self.voice.emit,
            new_instance=shared.new_instance,
            environ=environ,
            hooks=shared.plugins,
        )
        self.surroundings = Surroundings(
            self.reconciler,
            InputFiles(places.project_state(project.id), project.directory, self.voice.warn),
            SecretValues(places.secrets_key, self.veil),
            shared.checkouts,
            self.voice,
        )
        self.permission = Permission(shared.plugins, self.reconciler, self.surroundings, self.voice)

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
        await self.surroundings.observe(project, environ)
        self.engage(project)
        self.reconciler.use(project, environ)
        self.store.describe(project)
        self.remember()
        if self._sources is not None:
            self._sources.follow(project, read_at)

    def engage(self, project: Project) -> None:
        """Use the plugins that this version of the file lists: something of it is to run."""
        self.plugins.admit(project.directory, project.plugins)

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
                self.voice.warn(f"the newer version of the file is not applied: {refusal.message}")

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
            return self.reconciler.converge() if await self.surroundings.have_changed() else None
        await self.permission.to_apply(project, self.state.selection)
        await self.adopt(project, self.ref, None, read_at)
        self.voice.tell("config", "applied")
        return self.reconciler.apply(project)

    @property
    def is_up(self) -> bool:
        """Whether something is wanted of the project, or is there."""
        return bool(self.reconciler.wanted) or any(record.alive for record in self.state.records.values())

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
        self.voice.tell("config", f"the newer version is broken: {first.message if first else error.message}", origin)

    def forget_when_idle(self) -> None:
        """After a `down`: the next brain has nothing to go on with."""
        if not any(record.alive for record in self.state.records.values()):
            recall.drop(self._runtime_dir)

    async def close(self) -> None:
        """Let go of the project; its services stay."""
        if self._sources is not None:
            self._sources.close()
        self._set_alarm(None)
        self._memory.close()
        self.lending.close()
        self.plugins.dismiss(self.project.directory)
        self.permission.close()
        await self.asking.close()
        await self.monitor.close()
        await self.processes.close()
        await asyncio.to_thread(self.store.close)

    # -- what the reconciler acts through

    def _report(self, report: Report) -> None:
        report = self.voice.veiled(report)
        if isinstance(report, Launched):
            self.output.launched(report.service)
        if self._unheard is None:
            self.reconciler.receive(report)
        else:
            self._unheard.append(report)

    def _instances(self, services: Iterable[str]) -> list[str]:
        """The runs of these services that may write."""
        records = (self.reconciler.record(name) for name in services)
        return [record.run.instance for record in records if record.run is not None and record.alive]

    def _health_of(self, service: str) -> Health | None:
        return self.reconciler.record(service).health

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
            replace=self.permission.replace,
            send=self.send,
            run=lambda name, argv: self.beside.run(self.service(name), argv),
            emit=self.voice.emit,
        )

    def send(self, service: str, number: Signals) -> None:
        """Send a signal to a service's current run, if there is one."""
        record = self.reconciler.record(service)
        if record.alive and record.run is not None:
            self.engine.signal(service, record.run.instance, number)

    def _environ(self) -> dict[str, str]:
        return self.reconciler.environ


def _nearest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), 1)
    return f"did you mean '{close[0]}'?" if close else "see 'nexsock ps -a' for their names"
