"""The web in process: the real application on an Api whose answers are written down beforehand."""

from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import httpx
import pytest

from nexsock.model.edit import Definition, EditStatus, ListedDependency
from nexsock.model.event import Event
from nexsock.model.git import Branch, CheckoutStatus, Commit, GitItem
from nexsock.model.log import LogLine
from nexsock.model.plan import Plan
from nexsock.model.plugin import PluginStatus
from nexsock.model.project import ProjectRef
from nexsock.model.status import (
    DaemonStatus,
    Graph,
    GraphEdge,
    GraphNode,
    Outcome,
    PlanStatus,
    ProjectInfo,
    ProjectStatus,
    ProjectSummary,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceEnvironment,
    ServiceStatus,
    ServiceUsage,
    Timing,
    Timings,
    Usage,
    Why,
)
from nexsock.protocol.api import Progress
from nexsock.testing.scripted import ScriptedApi
from nexsock.web import security
from nexsock.web.answering import Surroundings
from nexsock.web.app import Web
from nexsock.web.sessions import Sessions

PORT = 7717
HOST = security.hosts(PORT)[0]
ORIGIN = f"http://{HOST}"
COOKIE = security.cookie_name(PORT)
TOKEN = "the-token-of-programs"
NOW = 1_000_000.0
HERE = ProjectRef(directory="/shop")

SHOP = ProjectInfo(name="shop", dir="/shop", id="shop-1", files=("/shop/nexsock.yaml",))
WEB = ServiceStatus(name="web", phase="ready", ready=True, health="healthy", pid=7, ports={"http": 8080}, uptime_s=3.5)
DB = ServiceStatus(name="db", phase="failed", ready=False, reason="exited with 1", exit_code=1)
DETAIL = ServiceDetail(service=WEB, command="serve", working_dir="/shop", project=SHOP, log_file="/logs/web.log")
RUN = RunStatus(run=1, cause="up", started_at=NOW, ready_at=NOW + 1, fields=())
GOOD = Progress(outcome=Outcome(ok=True, services=(WEB,), project=SHOP))

USUAL: dict[str, Any] = {
    "list_projects": (ProjectSummary(id="shop-1", name="shop", dir="/shop", services=2, running=1, failed=1),),
    "list_services": ProjectStatus(project=SHOP, services=(WEB, DB)),
    "service_status": DETAIL,
    "plan": PlanStatus(plan=Plan(), project=SHOP),
    "system_status": DaemonStatus(
        pid=1, keeper_pid=2, version="1", protocol=1, started_at=NOW, socket="/run/nexsockd.sock"
    ),
    "plugins": (PluginStatus(name="polite", kind="lua", path="/plugins/polite.lua", state="loaded"),),
    "why": Why(service="web", phase="ready", chain=()),
    "history": (RUN,),
    "diff": RunDiff(service="web", old=RUN, new=RUN),
    "environment": ServiceEnvironment(service="web", environment={"PASSWORD": "••••••"}),
    "graph": Graph(
        nodes=(GraphNode(name="web", phase="ready"),),
        edges=(GraphEdge(from_="web", to="db", condition="started"),),
        order=(("db",), ("web",)),
    ),
    "timings": Timings(services=(Timing(name="web", held_s=0.1, starting_s=0.2),), total_s=0.3, up_at=NOW),
    "top": (Usage(at=NOW, memory="pss", services=(ServiceUsage(name="web", phase="ready"),), project=SHOP),),
    "get_config": Definition(
        service="web", file="nexsock.yaml", digest="d", origin="nexsock.yaml:2:3", config={"command": "serve"}
    ),
    "list_dependencies": (ListedDependency(service="web", on="db", condition="started"),),
    "git_status": (CheckoutStatus(service="web", path="/shop/web", state="clean"),),
    "git_branches": (Branch(name="main", commit="c0ffee", current=True),),
    "git_log": (Commit(commit="c0ffee", author="A", email="a@b", at=NOW, subject="Begin"),),
    "logs": (LogLine(at=NOW, service="web", run=1, stream="stdout", text="<b>hello</b>"),),
    "events": (Event(at=NOW, seq=1, project="shop-1", kind="phase", service="web", phase="ready"),),
    **dict.fromkeys(("kill", "watch"), ProjectStatus(project=SHOP, services=(WEB, DB))),
    **dict.fromkeys(
        ("add_service", "remove_service", "update_config", "add_dependency", "remove_dependency"),
        EditStatus(service="web", files=("nexsock.yaml",), origin="nexsock.yaml:2:3", applied=True, plan=Plan()),
    ),
    **dict.fromkeys(
        ("git_clone", "git_fetch", "git_pull", "git_checkout"), (GitItem(service="web", done="up to date"),)
    ),
    **dict.fromkeys(("up", "down", "start_service", "stop_service", "restart_service"), (GOOD,)),
}


class Served(NamedTuple):
    """The application with what it was made of."""

    web: Web
    api: ScriptedApi
    sessions: Sessions
    moment: list[float]

    def client(self, **headers: str) -> httpx.AsyncClient:
        """Somebody who has not signed in."""
        transport = httpx.ASGITransport(self.web, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """A browser that has signed in, on a page of ours."""
        client = self.client(accept="text/html", origin=ORIGIN, **{"sec-fetch-site": "same-origin"}, **headers)
        session = self.sessions.exchange(self.sessions.link())
        assert session is not None
        client.cookies.set(COOKIE, session)
        return client

    def program(self) -> httpx.AsyncClient:
        return self.client(authorization=f"Bearer {TOKEN}")

    def csrf(self, client: httpx.AsyncClient) -> str:
        return self.sessions.csrf(client.cookies[COOKIE])


@pytest.fixture
def serve() -> Callable[..., Served]:
    """Build the application with these answers instead of the usual ones."""

    def build(*, project: ProjectRef | None = HERE, **answers: Any) -> Served:
        moment = [NOW]
        api, sessions = ScriptedApi(**{**USUAL, **answers}), Sessions(lambda: moment[0], TOKEN)
        around = Surroundings(api=api.api, sessions=sessions, port=PORT, now=lambda: moment[0], project=project)
        return Served(Web(around), api, sessions, moment)

    return build


@pytest.fixture
async def browser(serve: Callable[..., Served]) -> AsyncIterator[httpx.AsyncClient]:
    async with serve().browser() as client:
        yield client
