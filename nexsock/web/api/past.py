"""What was said and what happened: log lines and events up to now. The streams that go on are in web/stream."""

from nexsock.model.event import Event
from nexsock.model.log import LogLine, LogQuery
from nexsock.protocol import api
from nexsock.web.call import Call


async def logs(call: Call) -> tuple[LogLine, ...]:
    request = api.LogsRequest(project=call.project, query=log_query(call), follow=False)
    return tuple([line async for line in call.api.logs(request)])


def log_query(call: Call) -> LogQuery:
    """The lines that a request selects: of the service in its path, or of those in its query."""
    asked = call.query
    services = (call.path["service"],) if "service" in call.path else asked.services
    return LogQuery(
        services=services,
        last_lines=asked.lines,
        since=asked.since,
        until=asked.until,
        grep=asked.grep or None,
        run=asked.run,
        stream=asked.stream,
    )


async def events(call: Call) -> tuple[Event, ...]:
    request = api.EventsRequest(project=call.ref, since=call.query.since, services=call.query.services)
    return tuple([event async for event in call.api.events(request)])
