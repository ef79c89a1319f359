"""Services: how they do, and what is done with them."""

from nexsock.model.status import (
    Outcome,
    ProjectStatus,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceEnvironment,
    Usage,
    Why,
)
from nexsock.protocol.api import (
    DiffRequest,
    KillRequest,
    ServiceRequest,
    ServicesRequest,
    TopRequest,
)
from nexsock.web.api.outcomes import settled
from nexsock.web.call import Call


async def listed(call: Call) -> ProjectStatus:
    return await call.api.list_services(ServicesRequest(project=call.project, services=()))


async def detail(call: Call) -> ServiceDetail:
    return await call.api.service_status(_one(call))


async def why(call: Call) -> Why:
    return await call.api.why(_one(call))


async def history(call: Call) -> tuple[RunStatus, ...]:
    return await call.api.history(_one(call))


async def diff(call: Call) -> RunDiff:
    asked = call.query
    return await call.api.diff(
        DiffRequest(project=call.project, service=call.service, first=asked.first, second=asked.second)
    )


async def environment(call: Call) -> ServiceEnvironment:
    return await call.api.environment(_one(call))


async def usage(call: Call) -> Usage:
    """One look at what services use, over a second."""
    stream = call.api.top(TopRequest(project=call.project, services=call.query.services, samples=1))
    return [sample async for sample in stream][-1]


async def start(call: Call) -> Outcome:
    return await settled(call.api.start_service(_act(call)))


async def restart(call: Call) -> Outcome:
    return await settled(call.api.restart_service(_act(call)))


async def stop(call: Call) -> Outcome:
    asked = call.body
    request = ServicesRequest(project=call.project, services=(call.service,), timeout_s=asked.grace_s, wait=asked.wait)
    return await settled(call.api.stop_service(request))


async def kill(call: Call) -> ProjectStatus:
    return await call.api.kill(KillRequest(project=call.project, services=(call.service,), signal=call.body.signal))


def _one(call: Call) -> ServiceRequest:
    return ServiceRequest(project=call.project, service=call.service)


def _act(call: Call) -> ServicesRequest:
    asked = call.body
    return ServicesRequest(
        project=call.project,
        services=(call.service,),
        timeout_s=asked.timeout_s if asked.wait else None,
        wait=asked.wait,
        environment=asked.environment,
    )
