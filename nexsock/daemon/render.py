"""The hot commands: ask the operations as any client would, and answer with the text that the launcher copies.

The command line, where it is used instead, calls the same views on the same documents.
"""

from collections.abc import AsyncIterator

from nexsock import errors
from nexsock.model.log import LogQuery
from nexsock.protocol import api
from nexsock.runtime import clock
from nexsock.views import hot
from nexsock.views.logs import Lines


async def render(operations: api.Api, request: api.RenderRequest) -> AsyncIterator[api.Rendered]:
    """The output of one hot command, piece by piece; the last piece has the exit status."""
    look = hot.Look(json=request.json, colour=request.colour, columns=request.columns)
    try:
        async for piece in _command(operations, request, look):
            yield piece
    except errors.NexsockError as error:
        yield _last(hot.render_error(error, look))


def _command(operations: api.Api, request: api.RenderRequest, look: hot.Look) -> AsyncIterator[api.Rendered]:
    match request.command:
        case "ps":
            return _ps(operations, request, look)
        case "status":
            return _status(operations, request, look)
        case "logs":
            return _logs(operations, request, look)
    return _acted(_action(operations, request), look)


async def _ps(operations: api.Api, request: api.RenderRequest, look: hot.Look) -> AsyncIterator[api.Rendered]:
    found = await operations.list_services(api.ServicesRequest(project=request.project, services=request.services))
    yield _last(hot.render_ps(found, look, everything=request.all, now=clock.wall()))


async def _status(operations: api.Api, request: api.RenderRequest, look: hot.Look) -> AsyncIterator[api.Rendered]:
    found = await operations.service_status(api.ServiceRequest(project=request.project, service=request.services[0]))
    yield _last(hot.render_detail(found, look, now=clock.wall()))


async def _logs(operations: api.Api, request: api.RenderRequest, look: hot.Look) -> AsyncIterator[api.Rendered]:
    query = LogQuery(services=request.services, last_lines=request.lines)
    known = await operations.list_services(api.ServicesRequest(project=request.project, services=request.services))
    lines = Lines([service.name for service in known.services], colour=look.colour)
    asked = api.LogsRequest(project=request.project, query=query, follow=request.follow)
    async for line in operations.logs(asked):
        yield api.Rendered(out=hot.render_line(line, look, lines))
    yield api.Rendered(exit_status=0)


def _action(operations: api.Api, request: api.RenderRequest) -> AsyncIterator[api.Progress]:
    project, services = request.project, request.services
    match request.command:
        case "up":
            return operations.up(
                api.UpRequest(
                    project=project,
                    services=services,
                    no_deps=request.no_deps,
                    force_restart=request.force_restart,
                    watch=request.watch,
                )
            )
        case "down":
            return operations.down(api.DownRequest(project=project, services=services))
        case "start":
            return operations.start_service(api.ServicesRequest(project=project, services=services))
        case "stop":
            return operations.stop_service(api.ServicesRequest(project=project, services=services))
    return operations.restart_service(api.ServicesRequest(project=project, services=services))


async def _acted(stream: AsyncIterator[api.Progress], look: hot.Look) -> AsyncIterator[api.Rendered]:
    drawing = hot.progress_of(look)
    async for item in stream:
        if item.event is not None and (told := hot.render_event(item.event, look, drawing)):
            yield api.Rendered(err=told)
        if item.outcome is not None:
            if told := drawing.end():
                yield api.Rendered(err=told)
            yield _last(hot.render_outcome(item.outcome, look))


def _last(shown: hot.Shown) -> api.Rendered:
    return api.Rendered(out=shown.out, err=shown.err, exit_status=shown.exit_status)
