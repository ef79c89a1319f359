"""Every page of the table of routes as HTML: well-formed, safe under the policy, guarded and named."""

from html.parser import HTMLParser
from typing import Any

import pytest

from nexsock.errors import Unreachable
from nexsock.model.edit import Definition, ListedDependency
from nexsock.model.event import Event
from nexsock.model.git import Branch, CheckoutStatus, Commit
from nexsock.model.log import LogLine
from nexsock.model.plan import FieldChange, Hold, Plan, Skip, Step
from nexsock.model.plugin import PluginStatus
from nexsock.model.problem import Problem
from nexsock.model.status import (
    Because,
    ConfigFault,
    DependencyStatus,
    Graph,
    GraphEdge,
    GraphNode,
    PlanStatus,
    ProbeStatus,
    ProjectInfo,
    ProjectStatus,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceEnvironment,
    ServiceStatus,
    ServiceUsage,
    Timing,
    Timings,
    TunnelStatus,
    Usage,
    Why,
)
from nexsock.web.routes import ROUTES

EVIL = "<script>alert(1)</script>'\"&"
"""Stands wherever text comes from files, services or repositories."""
FAULT = ConfigFault(since=1.0, problems=(Problem(file=EVIL, line=1, column=1, message=EVIL, suggestion=EVIL),))
SHOP = ProjectInfo(name=EVIL, dir=EVIL, id="shop-1", config_error=FAULT)
WEB = ServiceStatus(
    name="web", phase="unhealthy", ready=False, health="unhealthy", reason=EVIL, pid=7, ports={EVIL: 80, "b": 81},
    uptime_s=3.5, restarts=2, run=4, stale=True,
)  # fmt: skip
DB = ServiceStatus(name="db", phase="stopped", ready=False)
FIELD = FieldChange(path=EVIL, old=EVIL, new=None, origin=EVIL)
RUN = RunStatus(run=4, cause=EVIL, started_at=1.0, ready_at=2.0, exited_at=3.0, exit_code=1, exit=EVIL, fields=(FIELD,))
CHECKOUT = CheckoutStatus(
    service="web", path=EVIL, state="behind", branch=EVIL, commit="a" * 40, upstream=EVIL, behind=2, url=EVIL, pin=EVIL,
    on_pin=False, advice=EVIL, changed=1,
)  # fmt: skip
ANSWERS: dict[str, Any] = {
    "list_services": ProjectStatus(project=SHOP, services=(WEB, DB)),
    "service_status": ServiceDetail(
        service=WEB, command=EVIL, working_dir=EVIL, description=EVIL, origin=EVIL, project=SHOP, labels={EVIL: EVIL},
        depends_on=(DependencyStatus(name="db", condition="healthy", met=False),), required_by=(EVIL,),
        probes=(ProbeStatus(kind=EVIL, ok=False, output=EVIL, at=1.0), ProbeStatus(kind="tcp", ok=None)),
        tunnels=(TunnelStatus(name=EVIL, listen=EVIL, target=EVIL, waiting=1, error=EVIL),), history=(RUN,),
    ),
    "why": Why(service="web", phase="unhealthy", chain=(Because(service=EVIL, because=EVIL),), advice=EVIL),
    "list_dependencies": (ListedDependency(service="web", on="db", condition="healthy", tunnel=True),),
    "logs": (LogLine(at=1.0, service=EVIL, run=1, stream="stderr", text=EVIL + "\udcff"),),
    "history": (RUN,),
    "diff": RunDiff(service="web", old=RUN, new=RUN, fields=(FIELD,), same_launch=False, inherited=(EVIL,)),
    "environment": ServiceEnvironment(service="web", environment={EVIL: EVIL}),
    "get_config": Definition(
        service="web", file=EVIL, digest="d", origin=EVIL, config={"command": EVIL, "environment": {EVIL: EVIL}},
        origins={"command": EVIL},
    ),
    "git_status": (CHECKOUT,),
    "git_branches": (Branch(name=EVIL, commit="a" * 40),),
    "git_log": (Commit(commit="a" * 40, author=EVIL, email=EVIL, at=1.0, subject=EVIL),),
    "plan": PlanStatus(
        plan=Plan(
            steps=(Step(action="restart", service="web", reason=EVIL, origin=EVIL, fields=(FIELD,)),),
            holds=(Hold(service="db", waits_for=EVIL, because=EVIL),),
            skips=(Skip(service="m", reason=EVIL),),
        )
    ),
    "graph": Graph(
        nodes=(GraphNode(name="web", phase="unhealthy"), GraphNode(name=EVIL, phase=EVIL)),
        edges=(GraphEdge(from_="web", to=EVIL, condition=EVIL, tunnel=True),),
        order=((EVIL,), ("web",)),
    ),
    "timings": Timings(
        services=(Timing(name=EVIL, held_s=0.1, starting_s=1.0, phase=EVIL, on_critical_path=True),),
        critical_path=(EVIL, "web"), total_s=1.1, up_at=1.0,
    ),
    "events": (Event(at=1.0, seq=1, project=EVIL, kind="exit", service=EVIL, reason=EVIL, origin=EVIL, exit_code=1),),
    "plugins": (
        PluginStatus(name=EVIL, kind="lua", path=EVIL, state="set_aside", reason=EVIL, last_fault=EVIL),
    ),
    "top": (Usage(at=1.0, memory="pss", services=(ServiceUsage(name="web", phase="ready", processes=1),)),),
}  # fmt: skip
PATHS = sorted(
    {
        path.format(project="shop-1", service="web")
        for route in ROUTES
        if route.page is not None
        for method, path in route.for_people
        if method == "GET"
    }
)
VOID = {"meta", "link", "input", "img", "br", "hr"}
OPTIONAL_END = {"option"}
NAMED = {"button", "select", "input", "a"}


class Page(HTMLParser):
    """The elements of a page; complains of what is not closed, and remembers the text within each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[dict[str, Any]] = []
        self.elements: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{one['tag']}> is not closed" for one in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in OPTIONAL_END and self.open and self.open[-1]["tag"] == tag:
            self.open.pop()
        names = [name for name, _ in attrs]
        self.faults += [f"<{tag}> has two {name}" for name in set(names) if names.count(name) > 1]
        made = {"tag": tag, "attrs": dict(attrs), "text": "", "within": tuple(self.open)}
        self.elements.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append({"tag": tag, "attrs": dict(attrs), "text": "", "within": tuple(self.open)})

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1]["tag"] in OPTIONAL_END and tag not in OPTIONAL_END:
            self.open.pop()
        if self.open and self.open[-1]["tag"] == tag:
            self.open.pop()
        else:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        for one in self.open:
            one["text"] += data

    def of(self, *tags: str) -> list[dict[str, Any]]:
        return [one for one in self.elements if one["tag"] in tags]


def is_named(one: dict[str, Any], page: Page) -> bool:
    """Whether a control has an accessible name."""
    attrs = one["attrs"]
    labels = {label["attrs"].get("for") for label in page.of("label")}
    images = [each["attrs"].get("alt") for each in page.of("img") if one in each["within"]]
    in_label = any(each["tag"] == "label" and each["text"].strip() for each in one["within"])
    own = one["text"].strip() if one["tag"] in ("button", "a") else ""
    return bool(attrs.get("aria-label") or own or in_label or attrs.get("id") in labels or any(images))


@pytest.fixture(params=PATHS)
async def answer(request, serve):
    async with serve(**ANSWERS).browser() as browser:
        found = await browser.get(request.param)
    assert found.status_code == 200, found.text
    return found


async def test_a_page_is_well_formed_and_has_one_heading_and_unique_ids(answer):
    page = Page(answer.text)
    ids = [one["attrs"]["id"] for one in page.elements if "id" in one["attrs"]]
    assert page.faults == []
    assert len(page.of("h1")) == 1
    assert len(ids) == len(set(ids))


async def test_a_page_has_nothing_inline_that_the_policy_forbids(answer):
    page = Page(answer.text)
    assert all(one["attrs"].get("src") for one in page.of("script"))
    assert page.of("style") == []
    assert [
        name for one in page.elements for name in one["attrs"] if name == "style" or name.startswith(("on", "hx-on"))
    ] == []


async def test_every_form_that_changes_something_is_guarded(answer):
    page = Page(answer.text)
    for form in page.of("form"):
        if form["attrs"].get("method") == "post":
            tokens = [one for one in page.of("input") if form in one["within"] and one["attrs"].get("name") == "csrf"]
            assert [bool(one["attrs"]["value"]) for one in tokens] == [True], form


async def test_every_control_has_an_accessible_name(answer):
    page = Page(answer.text)
    hidden = ("hidden", "submit")
    unnamed = [
        one["attrs"] for one in page.of(*NAMED) if one["attrs"].get("type") not in hidden and not is_named(one, page)
    ]
    assert unnamed == []


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/services", "live"),
        ("/services/web", "live"),
        ("/services/web", "head"),
        ("/graph", "live"),
        ("/timings", "live"),
    ],
)
async def test_a_part_of_a_page_replaces_itself(serve, path, target):
    async with serve(**ANSWERS).browser() as browser:
        part = Page((await browser.get(path, headers={"hx-request": "true", "hx-target": target})).text)
    assert part.faults == []
    assert part.elements[0]["attrs"]["id"] == target
    assert part.elements[0]["attrs"]["hx-get"] == path


async def test_every_page_of_a_service_has_its_state_and_its_buttons(serve):
    async with serve(**ANSWERS).browser() as browser:
        pages = [Page((await browser.get(path)).text) for path in PATHS if path.startswith("/services/web")]
    for page in pages:
        assert {"Restart web", "Stop web"} <= {one["attrs"].get("aria-label") for one in page.of("button")}


@pytest.mark.parametrize(
    ("path", "links"),
    [
        ("/services", "Services Graph Start-up Logs Events Plan Plugins"),
        ("/projects/shop-1/plugins", "Services Graph Start-up Logs Events Plan Plugins"),
        ("/plugins", "Projects Events Plugins"),
        ("/nowhere", "Projects Events Plugins"),
    ],
)
async def test_links_at_the_top_stay_with_the_project_where_there_is_one(serve, path, links):
    async with serve(**ANSWERS).browser() as browser:
        page = Page((await browser.get(path)).text)
    bar = page.of("nav")[0]
    within = [one for one in page.of("a") if bar in one["within"]]
    assert " ".join(one["text"] for one in within) == links
    assert all(one["attrs"]["href"].startswith("/projects/shop-1/") for one in within) is ("Services" in links)


async def test_buttons_are_named_after_what_they_do_and_to_which_service(serve):
    async with serve(**ANSWERS).browser() as browser:
        page = Page((await browser.get("/services")).text)
    names = [one["attrs"].get("aria-label") for one in page.of("button") if "formaction" in one["attrs"]]
    assert names == ["Restart web", "Stop web", "Start db"]


async def test_a_form_that_did_its_work_is_told_once(serve):
    served = serve(**ANSWERS)
    async with served.browser() as browser:
        done = await browser.post("/services/web/stop", data={"csrf": served.csrf(browser)})
        first, second = await browser.get(done.headers["location"]), await browser.get(done.headers["location"])
    assert ["Stopping" in page.text for page in (first, second)] == [True, False]


async def test_the_theme_of_the_cookie_is_that_of_the_page_and_nothing_else_is(serve):
    async with serve(**ANSWERS).browser() as browser:
        for value, told in (("dark", True), ("x y", False)):
            browser.cookies.set("nexsock-theme", f'"{value}"' if " " in value else value)
            assert (f'data-theme="{value}"' in (await browser.get("/services")).text) is told
            browser.cookies.delete("nexsock-theme")


async def test_without_the_daemon_the_page_says_so_and_comes_back(serve):
    away = Unreachable("nexsockd does not run", hint="start it with 'nexsock daemon start'")
    async with serve(list_services=away).browser() as browser:
        answer = await browser.get("/services")
    page = Page(answer.text)
    assert (answer.status_code, page.faults) == (502, [])
    assert any("data-away" in one["attrs"] for one in page.elements)
