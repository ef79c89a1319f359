"""What pages ask for: several answers at once, each as the daemon gives it. Decides nothing.

What a page is about must be there; what stands beside it may be missing, and the page says so.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from nexsock.errors import NexsockError, Unreachable, UsageError
from nexsock.model.edit import Definition, ListedDependency
from nexsock.model.event import Event
from nexsock.model.git import Branch, CheckoutStatus, Commit
from nexsock.model.log import LogLine, LogQuery
from nexsock.model.plugin import PluginStatus
from nexsock.model.status import (
    Graph,
    PlanStatus,
    ProjectStatus,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceEnvironment,
    Timings,
    Usage,
    Why,
)
from nexsock.protocol import api
from nexsock.web.api import files, git, past, projects, services
from nexsock.web.call import Call

LAST_LINES = 12
"""Of a log on the page of its service."""
SHOWN_LINES = 500
"""Of a log on its own page, until others are asked for."""
SHOWN_COMMITS = 30

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Services:
    """`usage` are the last looks at what services use, oldest first; none when nobody has looked before."""

    status: ProjectStatus
    usage: tuple[Usage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Around:
    """One service, and the project that it belongs to."""

    detail: ServiceDetail
    status: ProjectStatus


@dataclass(frozen=True, kw_only=True)
class Service(Around):
    why: Why | None
    lines: tuple[LogLine, ...]
    needs: tuple[ListedDependency, ...]
    usage: tuple[Usage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Log:
    """Lines of one service (`detail`) or of all. `error`: what is wrong with the search, in place of lines."""

    status: ProjectStatus
    lines: tuple[LogLine, ...]
    error: NexsockError | None = None
    detail: ServiceDetail | None = None
    runs: tuple[RunStatus, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Config(Around):
    definition: Definition


@dataclass(frozen=True, kw_only=True)
class Environment(Around):
    environment: ServiceEnvironment


@dataclass(frozen=True, kw_only=True)
class History(Around):
    runs: tuple[RunStatus, ...]


@dataclass(frozen=True, kw_only=True)
class Compared(Around):
    diff: RunDiff


@dataclass(frozen=True, kw_only=True)
class Git(Around):
    checkouts: tuple[CheckoutStatus, ...]
    branches: tuple[Branch, ...]
    commits: tuple[Commit, ...]
    error: NexsockError | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    status: ProjectStatus
    preview: PlanStatus


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The graph or the start-up of a project."""

    status: ProjectStatus
    graph: Graph | None = None
    timings: Timings | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Plugins; `status` None: those of no project."""

    plugins: tuple[PluginStatus, ...]
    status: ProjectStatus | None = None


@dataclass(frozen=True, kw_only=True)
class Happened:
    """`status` None: in all projects."""

    events: tuple[Event, ...]
    status: ProjectStatus | None = None


async def service_list(call: Call) -> Services:
    return Services(status=await services.listed(call), usage=call.looked())


async def service(call: Call) -> Service:
    around, why, needs, lines = await asyncio.gather(
        _around(call),
        _if_there(services.why(call), None),
        _if_there(files.dependencies(call), ()),
        _if_there(_lines(call, LogQuery(services=(call.service,), last_lines=LAST_LINES)), ()),
    )
    return Service(**_of(around), why=why, needs=needs, lines=lines, usage=call.looked())


async def service_log(call: Call) -> Log:
    around, runs, (lines, error) = await asyncio.gather(
        _around(call), _if_there(services.history(call), ()), _selected_lines(call)
    )
    return Log(status=around.status, detail=around.detail, runs=runs, lines=lines, error=error)


async def project_log(call: Call) -> Log:
    status, (lines, error) = await asyncio.gather(services.listed(call), _selected_lines(call))
    return Log(status=status, lines=lines, error=error)


async def config(call: Call) -> Config:
    around, definition = await asyncio.gather(_around(call), files.config(call))
    return Config(**_of(around), definition=definition)


async def environment(call: Call) -> Environment:
    around, found = await asyncio.gather(_around(call), services.environment(call))
    return Environment(**_of(around), environment=found)


async def history(call: Call) -> History:
    around, runs = await asyncio.gather(_around(call), services.history(call))
    return History(**_of(around), runs=runs)


async def compared(call: Call) -> Compared:
    around, diff = await asyncio.gather(_around(call), services.diff(call))
    return Compared(**_of(around), diff=diff)


async def checkout(call: Call) -> Git:
    """A service without a checkout has a page that says so."""
    around = await _around(call)
    one, log = (call.project, call.service), SHOWN_COMMITS
    try:
        checkouts = await git.checkouts(call)
        branches, commits = await asyncio.gather(
            _if_there(call.api.git_branches(api.GitBranchesRequest(project=one[0], service=one[1], remote=True)), ()),
            _if_there(call.api.git_log(api.GitLogRequest(project=one[0], service=one[1], count=log)), ()),
        )
    except Unreachable:
        raise
    except NexsockError as error:
        return Git(**_of(around), checkouts=(), branches=(), commits=(), error=error)
    return Git(**_of(around), checkouts=checkouts, branches=branches, commits=commits)


async def plan(call: Call) -> Plan:
    """The plan that a query asks for, or after a refused order the one of now."""
    status, preview = await asyncio.gather(services.listed(call), projects.plan(call))
    return Plan(status=status, preview=preview)


async def graph(call: Call) -> Picture:
    status, found = await asyncio.gather(services.listed(call), projects.graph(call))
    return Picture(status=status, graph=found)


async def timings(call: Call) -> Picture:
    status, found = await asyncio.gather(services.listed(call), projects.timings(call))
    return Picture(status=status, timings=found)


async def events(call: Call) -> Happened:
    """Of one project where the address names one."""
    if call.ref is None:
        return Happened(events=await past.events(call))
    status, found = await asyncio.gather(services.listed(call), past.events(call))
    return Happened(events=found, status=status)


async def plugins(call: Call) -> Asked:
    """Where no project can be read there still are plugins."""
    found, status = await asyncio.gather(projects.plugins(call), _project(call))
    return Asked(plugins=found, status=status)


async def _project(call: Call) -> ProjectStatus | None:
    return await _if_there(services.listed(call), None) if call.ref is not None else None


async def _around(call: Call) -> Around:
    detail, status = await asyncio.gather(services.detail(call), services.listed(call))
    return Around(detail=detail, status=status)


def _of(around: Around) -> dict[str, Any]:
    return {"detail": around.detail, "status": around.status}


async def _selected_lines(call: Call) -> tuple[tuple[LogLine, ...], NexsockError | None]:
    try:
        return await past.logs(call), None
    except UsageError as error:
        return (), error


async def _lines(call: Call, query: LogQuery) -> tuple[LogLine, ...]:
    found: AsyncIterator[LogLine] = call.api.logs(api.LogsRequest(project=call.project, query=query))
    return tuple([line async for line in found])


async def _if_there(asked: Awaitable[Found], otherwise: Found) -> Found:
    """An answer that a page can do without; without the daemon there is no page."""
    try:
        return await asked
    except Unreachable:
        raise
    except NexsockError:
        return otherwise
