"""The projects of the daemon, and how a request finds its own."""

import asyncio
import os

from msgspec.structs import replace

from nexsock import errors
from nexsock.daemon import revival
from nexsock.daemon.host import Host
from nexsock.daemon.loader import Loader
from nexsock.daemon.shared import Shared
from nexsock.model import names
from nexsock.model.project import Project, ProjectRef


class Projects:
    """All that this brain has met, by id in `hosts`. One at a time is met or let go of: who holds `meeting`."""

    def __init__(self, shared: Shared, loader: Loader) -> None:
        self.shared = shared
        self.loader = loader
        self.hosts: dict[str, Host] = {}
        self.meeting = asyncio.Lock()

    async def read(self, ref: ProjectRef, *, uncloned: bool = False) -> Project:
        """The newest version of a project's file, as a question needs it: nothing is met for it.

        `uncloned`: without what is included from checkouts that are not there.
        """
        return await self.loader.load(self.placed(ref), uncloned=uncloned)

    async def load(self, ref: ProjectRef) -> tuple[Host, Project]:
        """The host of a project and the newest version of its file.

        Raises:
            ConfigError: the file has problems; a host that lives keeps its last good version.
        """
        project = await self.loader.load(ref)
        async with self.meeting:
            host = self.hosts.get(project.id)
            if host is None:
                host = self.hosts[project.id] = await revival.meet(self.shared, self.loader, project, ref)
        return host, project

    def met(self, ref: ProjectRef) -> Host | None:
        """The host of a request's folder, if its project has been met."""
        return self.hosts.get(names.project_id(directory)) if (directory := folder(ref)) else None

    async def known(self, ref: ProjectRef) -> Host:
        """The host that a request names; the file is read only if the project has never been up."""
        if (ref.directory or ref.files) and ref.name is None:
            if (host := self.met(ref)) is not None:
                return host
            return (await self.load(self.placed(ref)))[0]
        return self.named(ref)

    def placed(self, ref: ProjectRef) -> ProjectRef:
        """The request with what it leaves to us: the files of a project that it only names, and variables."""
        if ref.directory or ref.files:
            environ = ref.environ if ref.environ is not None else dict(os.environ)
            return self._scaled(replace(ref, environ=environ), self.met(ref))
        host = self.named(ref)
        environ = ref.environ if ref.environ is not None else host.reconciler.environ
        placed = replace(host.ref, environ=environ, profiles=ref.profiles or host.ref.profiles, scale=ref.scale)
        return self._scaled(placed, host)

    def _scaled(self, ref: ProjectRef, host: Host | None) -> ProjectRef:
        """The request with the numbers of instances that an earlier one has asked for."""
        return ref if host is None else replace(ref, scale=host.state.selection.scale | ref.scale)

    def named(self, ref: ProjectRef) -> Host:
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

    async def unload(self, host: Host) -> None:
        """Let go of a project; its services stay, and the next command that names it takes them up again."""
        del self.hosts[host.project.id]
        await host.close()

    async def close(self) -> None:
        """Let go of every project; services stay."""
        await asyncio.gather(*(host.close() for host in self.hosts.values()))
        await self.shared.plugins.close()
        await self.loader.close()


def folder(ref: ProjectRef) -> str:
    """The folder of the project in a request; "" where it only names one."""
    directory = ref.directory or os.path.dirname("".join(ref.files[:1]))
    return os.path.realpath(directory) if directory else ""
