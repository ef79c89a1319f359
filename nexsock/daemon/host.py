"""One project inside the daemon: what it is, and which version of its files counts."""

import asyncio
import os
from collections import deque
from collections.abc import Iterable

from msgspec.structs import replace

from nexsock import errors, masking
from nexsock.daemon import recall
from nexsock.daemon.inputs import InputFiles
from nexsock.daemon.intents import Intents
from nexsock.daemon.loader import Loader
from nexsock.daemon.machinery import Machinery
from nexsock.daemon.memory import Memory
from nexsock.daemon.permission import Permission
from nexsock.daemon.shared import Shared
from nexsock.daemon.sources import Sources
from nexsock.daemon.surroundings import Surroundings
from nexsock.daemon.values import SecretValues
from nexsock.daemon.voice import Voice
from nexsock.logs import read
from nexsock.model.log import LogQuery
from nexsock.model.plan import Plan
from nexsock.model.problem import Problem
from nexsock.model.project import Project, ProjectRef
from nexsock.model.service import Service
from nexsock.model.state import ProjectState
from nexsock.model.status import ConfigFault, ProjectInfo
from nexsock.places import make_private
from nexsock.reconcile import restore
from nexsock.reconcile.reconciler import Reconciler
from nexsock.runtime import clock
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
        self._loader = loader
        self._sources: Sources | None = None
        self.ref = ref
        self.fault: ConfigFault | None = None
        self.watching = False
        self.changing = asyncio.Lock()
        self.intents = Intents()
        places, uid = shared.places, os.getuid()
        self.logs_dir = places.project_logs(project.id)
        self._runtime_dir = places.project_runtime(project.id)
        for folder in (places.project_state(project.id), self.logs_dir, self._runtime_dir):
            make_private(folder, uid)
        self.state_path = store.locate(project.id, places.project_state(project.id), shared.database_url)
        self.veil = masking.Veil()
        self.voice = Voice(project.id, self.veil, shared.emit)
        self.voice.learn(project, environ)
        self.store = store.open_store(self.state_path, shared.writer, self.voice.warn)
        self._memory = Memory(self.store, self._runtime_dir, self.voice.warn)
        self.machinery = Machinery(
            shared,
            project.id,
            runs,
            reconciler=lambda: self.reconciler,
            memory=self._memory,
            voice=self.voice,
            veil=self.veil,
        )
        self.plugins = shared.plugins
        state, self._restored = self._memory.recover(project.services, runs)
        for kept in runs:
            if kept.run.instance not in self._restored.settled:
                self.machinery.processes.resume(kept.service, kept.run)
        self.reconciler = Reconciler(
            project,
            ProjectState(selection=state.selection, records=dict(self._restored.records), up_at=state.up_at),
            engine=self.machinery.engine,
            monitor=self.machinery.monitor,
            memory=self.store,
            route=self.machinery.tunnels.follow,
            intend=self._memory.intend,
            clock=clock,
            alarm=self.machinery.set_alarm,
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
        reports = (*self._restored.reports, *self.machinery.heard())
        self.engage(self.project)
        for record in self._restored.records.values():
            if record.run is not None and record.alive:
                self.machinery.asking.resume(record.name, record.run)
        self.reconciler.resume(self._restored.strays, reports)
        for instance in self._restored.settled:
            self.machinery.processes.settle(instance)

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
        self._memory.keep(remembered)

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
        self._memory.close()
        self.plugins.dismiss(self.project.directory)
        self.permission.close()
        await self.machinery.close()
        await asyncio.to_thread(self.store.close)

    def _make_sources(self) -> Sources:
        return Sources(
            self.reconciler,
            reload=self.reload,
            replace=self.permission.replace,
            send=self.machinery.send,
            run=lambda name, argv: self.machinery.beside.run(self.service(name), argv),
            emit=self.voice.emit,
        )


def _nearest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), 1)
    return f"did you mean '{close[0]}'?" if close else "see 'nexsock ps -a' for their names"
