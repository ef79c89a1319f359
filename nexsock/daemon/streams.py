"""The operations that go on for as long as a client looks: logs, events, numbers, and what a terminal shows."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from nexsock import errors
from nexsock.daemon import top
from nexsock.daemon.host import Host
from nexsock.daemon.operations import Operations
from nexsock.model.event import Event
from nexsock.model.log import LogLine, LogQuery
from nexsock.model.status import Usage
from nexsock.model.terminal import TerminalPiece
from nexsock.protocol import api
from nexsock.runtime.terminal import Size


class Streams(Operations):
    """What is told as it happens; and what somebody types who looks at a terminal."""

    async def logs(self, request: api.LogsRequest) -> AsyncIterator[LogLine]:
        host = await self._projects.known(request.project)
        query = replace(request.query, services=host.names(request.query.services) or host.logged())
        _check_run(host, query)
        async for line in host.machinery.output.lines(query, request.follow):
            hidden = host.veil.hide(line.text)
            yield line if hidden == line.text else replace(line, text=hidden)

    async def events(self, request: api.EventsRequest) -> AsyncIterator[Event]:
        host = await self._projects.known(request.project) if request.project is not None else None
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
        host = await self._projects.known(request.project)
        chosen = host.names(request.services)
        async for sample in top.samples(host, chosen, request.interval_s, request.samples):
            yield sample

    async def attach(self, request: api.AttachRequest) -> AsyncIterator[TerminalPiece]:
        _size(request)
        with self._bus.subscribe() as happenings:
            host = await self._projects.known(request.project)
            view = host.machinery.viewers.view(host.service(request.service), request, happenings)
            async with aclosing(view) as pieces:
                async for piece in pieces:
                    yield piece

    async def type_keys(self, request: api.TypeRequest) -> api.Typed:
        host = await self._projects.known(request.project)
        return api.Typed(taken=await host.machinery.viewers.type(host.service(request.service).name, request.keys))

    async def resize_terminal(self, request: api.ResizeRequest) -> api.Nothing:
        host = await self._projects.known(request.project)
        await host.machinery.viewers.resize(request.service, request.viewer, _size(request))
        return api.Nothing()


def _size(request: api.AttachRequest | api.ResizeRequest) -> Size:
    """Raises:
    UsageError: no terminal has that many rows or columns.
    """
    if not (0 < request.rows < 0x10000 and 0 < request.columns < 0x10000):
        raise errors.UsageError(f"{request.rows} rows of {request.columns} columns are not the size of a terminal")
    return Size(request.rows, request.columns)


def _concerns(event: Event, project: str | None, services: Sequence[str]) -> bool:
    return (project is None or event.project in (project, "")) and (not services or event.service in services)


def _check_run(host: Host, query: LogQuery) -> None:
    """Raises NotFound: none of the services had a run of this number yet."""
    if query.run is None or query.run < 1:
        return
    latest = max((runs[0].number for name in query.services if (runs := host.store.runs(name))), default=0)
    if query.run > latest:
        hint = f"the last one is run {latest}" if latest else "nothing of it has run yet"
        of = f" of '{query.services[0]}'" if len(query.services) == 1 else ""
        raise errors.NotFound(f"there is no run {query.run}{of} yet", hint=hint)
