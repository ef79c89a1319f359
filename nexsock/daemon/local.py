"""The operations of `protocol.api`, carried out here: those of the daemon itself, and every group of the others."""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import nexsock
from nexsock.daemon import answers, consent, remains, render
from nexsock.daemon.bus import Bus
from nexsock.daemon.commands import Commands
from nexsock.daemon.editing import Editing
from nexsock.daemon.git import GitOperations
from nexsock.daemon.projects import Projects, folder
from nexsock.daemon.questions import Questions
from nexsock.daemon.streams import Streams
from nexsock.hooks import PreCommand
from nexsock.model.plugin import PluginStatus
from nexsock.model.project import Project
from nexsock.model.status import DaemonStatus, Leftover, ProjectSummary
from nexsock.protocol import api
from nexsock.protocol.frame import VERSIONS
from nexsock.runtime import clock
from nexsock.store import migrate


class LocalApi(Commands, Editing, Questions, Streams):
    """The daemon's projects behind the operations.

    Args:
        shutdown: ends the brain; True means that a new one should follow.
        clients: how many connections there are now.
    """

    def __init__(
        self, projects: Projects, bus: Bus, *, shutdown: Callable[[bool], None], clients: Callable[[], int]
    ) -> None:
        super().__init__(projects, bus)
        self._shutdown = shutdown
        self._clients = clients
        self._started_at = clock.wall()
        git = GitOperations(projects.shared.checkouts, functools.partial(projects.read, uncloned=True), self._moved)
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
        host, directory = self._projects.met(ref), folder(ref)
        if host is None and not directory:
            host = self._projects.named(ref)
        if host is not None:
            directory = host.project.directory
        if not self._projects.shared.plugins.wanted("pre_command", directory):
            return None
        project = host.project.name if host is not None else ref.name or os.path.basename(directory)
        event = PreCommand(project=project, directory=directory, command=command, services=services)
        return consent.to_begin(self._projects.shared.plugins, event)

    # -- the daemon itself

    async def ping(self, request: api.Nothing) -> api.Nothing:
        return request

    async def system_status(self, request: api.Nothing) -> DaemonStatus:
        return DaemonStatus(
            pid=os.getpid(),
            keeper_pid=self._projects.shared.keeper.keeper_pid,
            version=nexsock.__version__,
            protocol=VERSIONS[-1],
            started_at=self._started_at,
            socket=self._projects.shared.places.socket,
            projects=await self.list_projects(request),
            clients=self._clients(),
        )

    async def shutdown(self, request: api.ShutdownRequest) -> api.Nothing:
        self._shutdown(request.restart)
        return api.Nothing()

    async def list_projects(self, request: api.Nothing) -> tuple[ProjectSummary, ...]:
        return tuple(
            answers.summary(host)
            for host in sorted(self._projects.hosts.values(), key=lambda host: host.project.directory)
        )

    async def leftovers(self, request: api.LeftoversRequest) -> tuple[Leftover, ...]:
        places, url = self._projects.shared.places, self._projects.shared.database_url
        async with self._projects.meeting:
            kept = await self._projects.shared.keeper.kept()
            left = await asyncio.to_thread(remains.Remains, places, dict(self._projects.hosts), url, kept)
            found = await asyncio.to_thread(left.find)
            if not request.remove:
                return found
            chosen = tuple(one for one in found if one.id in request.remove and one.advice is None)
            for one in chosen:
                if (host := self._projects.hosts.get(one.id)) is not None:
                    await self._projects.unload(host)
                await remains.clear(one, left.processes.get(one.id, ()))
                if one.kind != "files":
                    await asyncio.to_thread(self._projects.loader.numbers.give_up, one.id)
            return chosen

    # -- one project

    async def database(self, request: api.DatabaseRequest) -> api.DatabaseStatus:
        host = await self._projects.known(request.project)
        path = host.state_path
        if path is None or request.action == "status":
            return answers.database_status(path, host.store.schema)
        await self._projects.unload(host)
        act = (
            migrate.migrate if request.action == "migrate" else functools.partial(migrate.rollback, steps=request.steps)
        )
        return answers.database_status(path, await asyncio.to_thread(act, path, report=host.voice.warn))

    async def plugins(self, request: api.PluginsRequest) -> tuple[PluginStatus, ...]:
        """Never loads a file: what a project lists that has not been met is nobody's plugin yet."""
        if (ref := request.project) is None:
            return self._projects.shared.plugins.statuses()
        host = self._projects.named(ref) if ref.name is not None else self._projects.met(ref)
        if host is None:
            return self._projects.shared.plugins.statuses(folder(ref))
        return self._projects.shared.plugins.statuses(host.project.directory, host.project.plugins)

    def render(self, request: api.RenderRequest) -> AsyncIterator[api.Rendered]:
        return render.render(self, request)

    async def _moved(self, project: Project) -> None:
        """A checkout of a project is another now: what runs from it is started again."""
        if (host := self._projects.hosts.get(project.id)) is not None:
            await host.reload()

    async def close(self) -> None:
        """Let go of every project; services stay."""
        await self._projects.close()
