"""Projects and the daemon: what there is, what `up` would do, and doing exactly that."""

from hashlib import blake2b

import msgspec
from msgspec import Struct

from nexsock.errors import Conflict
from nexsock.model.plan import Plan
from nexsock.model.plugin import PluginStatus
from nexsock.model.status import DaemonStatus, Graph, Outcome, PlanStatus, ProjectStatus, ProjectSummary, Timings
from nexsock.protocol import api
from nexsock.web.api.outcomes import settled
from nexsock.web.call import Call


class Preview(Struct, frozen=True, kw_only=True):
    """A plan, and what to send with the order to carry it out."""

    status: PlanStatus
    digest: str


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


async def plan(call: Call) -> Preview:
    return await _preview(call, call.query)


async def apply(call: Call) -> Outcome:
    """Raises Conflict when something else would be done now than was shown."""
    asked = call.body
    coming = await _preview(call, asked)
    if asked.digest != coming.digest:
        raise Conflict("this is not what would be done now", hint="look at the plan again, and send its digest")
    return await up(call)


async def up(call: Call) -> Outcome:
    asked = call.body
    request = api.UpRequest(
        project=call.project,
        services=asked.services,
        no_deps=asked.no_deps,
        force_restart=asked.force_restart,
        wait=asked.wait,
        timeout_s=asked.timeout_s if asked.wait else None,
    )
    return await settled(call.api.up(request))


async def down(call: Call) -> Outcome:
    asked = call.body
    request = api.DownRequest(project=call.project, services=asked.services, timeout_s=asked.grace_s)
    return await settled(call.api.down(request))


async def watch(call: Call) -> ProjectStatus:
    return await call.api.watch(api.WatchRequest(project=call.project, on=call.body.on))


async def _preview(call: Call, asked: "object") -> Preview:
    request = api.PlanRequest(
        project=call.project,
        services=getattr(asked, "services", ()),
        no_deps=getattr(asked, "no_deps", False),
        force_restart=getattr(asked, "force_restart", False),
    )
    found = await call.api.plan(request)
    return Preview(status=found, digest=digest(found.plan))


def digest(plan: Plan) -> str:
    """What tells two plans apart: what is done with which fields, and what is held. Not since when, which moves."""
    held = [(hold.service, hold.on, hold.failed) for hold in plan.holds]
    told = msgspec.json.encode((plan.steps, held, [skip.service for skip in plan.skips]))
    return blake2b(told, digest_size=16).hexdigest()
