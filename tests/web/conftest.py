"""The web in process: the real application on an Api whose answers are written down beforehand."""

from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import httpx
import pytest

from nexsock.model.plan import Plan
from nexsock.model.project import ProjectRef
from nexsock.model.status import (
    Outcome,
    PlanStatus,
    ProjectInfo,
    ProjectStatus,
    ProjectSummary,
    ServiceDetail,
    ServiceStatus,
)
from nexsock.protocol.api import Progress
from nexsock.testing.scripted import ScriptedApi
from nexsock.web import security
from nexsock.web.app import Surroundings, Web
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
GOOD = Progress(outcome=Outcome(ok=True, services=(WEB,), project=SHOP))

USUAL: dict[str, Any] = {
    "list_projects": (ProjectSummary(id="shop-1", name="shop", dir="/shop", services=2, running=1, failed=1),),
    "list_services": ProjectStatus(project=SHOP, services=(WEB, DB)),
    "service_status": DETAIL,
    "plan": PlanStatus(plan=Plan(), project=SHOP),
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
