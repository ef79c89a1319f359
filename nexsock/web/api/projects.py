"""Projects and the daemon: what there is, what `up` would do, and doing exactly that."""

from nexsock.model.plugin import PluginStatus
from nexsock.model.status import DaemonStatus, Graph, Outcome, PlanStatus, ProjectStatus, ProjectSummary, Timings
from nexsock.protocol import api
from nexsock.web.api.outcomes import settled
from nexsock.web.call import Call


async def listed(call: Call) -> tuple[ProjectSummary, ...]:
    return await call.api.list_projects(api.Nothing())


async def daemon(call: Call) -> DaemonStatus:
    return await call.api.system_status(api.Nothing())


async def plugins(call: Call) -> tuple[PluginStatus, ...]:
    return await call.api.plugins(api.PluginsRequest(project=call.ref))


async def graph(call: Call) -> Graph:
    return await call.api.graph(api.PlanRequest(project=call.project))


async def timings(call: Call) -> Timings:
    return await call.api.timings(api.ServicesRequest(project=call.project, services=()))


async def plan(call: Call) -> PlanStatus:
    asked = call.query
    request = api.PlanRequest(
        project=call.project,
        services=getattr(asked, "services", ()),
        no_deps=getattr(asked, "no_deps", False),
        force_restart=getattr(asked, "force_restart", False),
    )
    return await call.api.plan(request)


async def apply(call: Call) -> Outcome:
    """Raises Conflict when something else would be done now than was shown."""
    return await _up(call, call.body.digest)


async def up(call: Call) -> Outcome:
    return await _up(call, None)


async def _up(call: Call, digest: str | None) -> Outcome:
    asked = call.body
    request = api.UpRequest(
        project=call.project,
        services=asked.services,
        no_deps=asked.no_deps,
        force_restart=asked.force_restart,
        wait=asked.wait,
        timeout_s=asked.timeout_s if asked.wait else None,
        digest=digest,
    )
    return await settled(call.api.up(request))


async def down(call: Call) -> Outcome:
    asked = call.body
    request = api.DownRequest(project=call.project, services=asked.services, timeout_s=asked.grace_s)
    return await settled(call.api.down(request))


async def watch(call: Call) -> ProjectStatus:
    return await call.api.watch(api.WatchRequest(project=call.project, on=call.body.on))
