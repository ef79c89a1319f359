"""Every route against requests that a page of somebody else, or another user, could make: none is answered.

The routes come from the table, so a new one is tried from its first day. The Api counts: it must not be asked at all.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from nexsock.web import security
from nexsock.web.route import Route
from nexsock.web.routes import ROUTES
from tests.web.conftest import COOKIE, HOST, ORIGIN, PORT, TOKEN, Served

CONTENTS: dict[str, Any] = {
    "add_service": {"service": "new", "fields": {"command": "true"}},
    "add_dependency": {"on": ["db"]},
}
"""What routes need that need something."""


READING = {
    *("list_services", "service_status", "why", "history", "diff", "environment", "graph", "timings", "top", "plan"),
    *("get_config", "list_dependencies", "git_status", "git_branches", "git_log", "logs", "events", "list_projects"),
    *("system_status", "ping", "plugins"),
}
"""Operations of the daemon that change nothing."""


@dataclass(frozen=True)
class Attempt:
    """A request as it goes out, good as it is built below."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    content: bytes = b""
    query: str = ""

    def with_header(self, name: str, *values: str) -> "Attempt":
        """With these values of a header instead of others."""
        kept = tuple((key, value) for key, value in self.headers if key != name)
        return replace(self, headers=(*kept, *((name, value) for value in values)))


Shape = Callable[[Attempt], Attempt]

ANY: dict[str, Shape] = {
    "a foreign host": lambda one: one.with_header("host", "evil.example"),
    "a name that was rebound to this machine": lambda one: one.with_header("host", f"evil.example:{PORT}").with_header(
        "origin", f"http://evil.example:{PORT}"
    ),
    "our name at another port": lambda one: one.with_header("host", "nexsock.localhost:1"),
    "our name below another": lambda one: one.with_header("host", f"nexsock.localhost:{PORT}.evil.example"),
    "the address of all interfaces": lambda one: one.with_header("host", f"0.0.0.0:{PORT}"),
    "no host": lambda one: one.with_header("host"),
    "two hosts": lambda one: one.with_header("host", HOST, "evil.example"),
    "no cookie": lambda one: one.with_header("cookie"),
    "a wrong cookie": lambda one: one.with_header("cookie", f"{COOKIE}=guess"),
    "the cookie of another port": lambda one: one.with_header(
        "cookie", dict(one.headers)["cookie"].replace(str(PORT), "1")
    ),
    "a wrong token": lambda one: one.with_header("authorization", "Bearer guess"),
    "the token in the wrong way": lambda one: one.with_header("authorization", f"Basic {TOKEN}"),
    "a foreign origin": lambda one: one.with_header("origin", "https://evil.example"),
    "the origin of another port": lambda one: one.with_header("origin", "http://nexsock.localhost:1"),
    "the origin of our other name": lambda one: one.with_header("origin", f"http://127.0.0.1:{PORT}"),
    "a null origin": lambda one: one.with_header("origin", "null"),
    "another site": lambda one: one.with_header("sec-fetch-site", "cross-site"),
    "another port of this machine": lambda one: one.with_header("sec-fetch-site", "same-site"),
    "a preflight": lambda one: replace(one.with_header("access-control-request-method", one.method), method="OPTIONS"),
    "a method of ours that is none": lambda one: replace(one, method="TRACE"),
    "two ways to tell where the content ends": lambda one: one.with_header("content-length", "0").with_header(
        "transfer-encoding", "chunked"
    ),
    "a path that climbs": lambda one: replace(one, path="/static/../.." + one.path),
    "a path that climbs in disguise": lambda one: replace(one, path="/%2e%2e" + one.path),
    "a path with a folder in a name": lambda one: replace(one, path=one.path + "%2f..%2f.."),
    "a path with a line end": lambda one: replace(one, path=one.path + "%0d%0aset-cookie:%20x"),
    "a path with an empty part": lambda one: replace(one, path="/" + one.path),
    "a path without an end": lambda one: replace(one, path=one.path + "/" + "x" * 9000),
    "a query without an end": lambda one: replace(one, query="x=" + "y" * 9000),
}
WITH_EFFECT: dict[str, Shape] = {
    "no origin": lambda one: one.with_header("origin"),
    "an address that was typed": lambda one: one.with_header("sec-fetch-site", "none"),
    "no CSRF token": lambda one: one.with_header(security.CSRF_HEADER),
    "a wrong CSRF token": lambda one: one.with_header(security.CSRF_HEADER, "guess"),
    "two CSRF tokens": lambda one: one.with_header(
        security.CSRF_HEADER, dict(one.headers)[security.CSRF_HEADER], "guess"
    ),
    "plain text": lambda one: one.with_header("content-type", "text/plain"),
    "a form in parts": lambda one: one.with_header("content-type", "multipart/form-data; boundary=x"),
    "no type of content": lambda one: replace(one.with_header("content-type"), content=b"x"),
    "two types of content": lambda one: one.with_header("content-type", "application/json", "text/plain"),
    "content that is too large": lambda one: replace(one, content=b" " * (security.BODY_LIMIT + 1)),
    "content that says so": lambda one: one.with_header("content-length", str(1 << 40)),
    "a form of another site": lambda one: replace(
        one.with_header(security.CSRF_HEADER).with_header("content-type", security.FORM), content=b"wait=true"
    ),
    "content that is no JSON": lambda one: replace(one, content=b"{"),
    "content of another kind": lambda one: replace(one, content=b"[1]"),
    "content with more than is asked for": lambda one: replace(one, content=b'{"surprise": 1}'),
}

BESIDE = {("GET", "/"), ("GET", "/enter/{code}"), ("GET", "/static/{path:path}"), ("GET", "/api/openapi.json")}
"""What is no row of the table and changes nothing; the entrance has tests of its own (test_sign_in)."""
THEME = ("POST", "/theme")
"""The one that changes something, in the browser that asks."""


def addresses(*, effect: bool | None = None) -> list[tuple[Route, str, str]]:
    """(route, method, path) of every address, names filled in."""
    return [
        (route, method, re.sub(r"{\w+}", "web", path))
        for route in ROUTES
        if effect is None or bool(route.effect) == effect
        for method, path in [*((route.method, path) for path in route.for_programs), *route.for_people]
    ]


def good(served: Served, route: Route, method: str, path: str) -> Attempt:
    """What a script on a page of ours sends."""
    session = served.sessions.exchange(served.sessions.link())
    assert session is not None
    headers = [
        ("host", HOST),
        ("cookie", f"{COOKIE}={session}"),
        ("origin", ORIGIN),
        ("sec-fetch-site", "same-origin"),
        (security.CSRF_HEADER, served.sessions.csrf(session)),
        ("content-type", "application/json"),
    ]
    content = httpx.Request("POST", "http://x", json=CONTENTS.get(route.name, {})).content if route.effect else b""
    return Attempt(method, path, tuple(headers), content)


async def send(served: Served, attempt: Attempt) -> tuple[int, list[tuple[str, str]], str]:
    """(status, headers, text) of the answer, by the ASGI protocol itself: no client between that would tidy up."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": attempt.method,
        "scheme": "http",
        "path": unquote(attempt.path),
        "raw_path": attempt.path.encode(),
        "query_string": attempt.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in attempt.headers],
        "server": ("127.0.0.1", PORT),
        "client": ("127.0.0.1", 40_000),
        "root_path": "",
    }
    given = [{"type": "http.request", "body": attempt.content, "more_body": False}]
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return given.pop() if given else {"type": "http.disconnect"}

    async def take(message: dict[str, Any]) -> None:
        told.append(message)

    await served.web(scope, receive, take)
    headers = [(name.decode(), value.decode()) for name, value in told[0]["headers"]]
    return told[0]["status"], headers, b"".join(message.get("body", b"") for message in told[1:]).decode()


def check_says_nothing(headers: list[tuple[str, str]], text: str, served: Served, attempt: Attempt) -> None:
    """An answer lets nobody else in, and has no secret in it."""
    names = {name for name, _ in headers}
    assert "content-security-policy" in names
    assert not {name for name in names if name.startswith("access-control-")}
    sent = dict(attempt.headers)
    assert TOKEN not in text
    assert sent.get("cookie", "").partition("=")[2] not in (*text.split('"'),)


@pytest.mark.parametrize(("route", "method", "path"), addresses(), ids=lambda value: str(getattr(value, "name", value)))
async def test_no_hostile_request_reaches_anybody(serve, route, method, path):
    served = serve()
    built = good(served, route, method, path)
    shapes = {**ANY, **(WITH_EFFECT if route.effect else {})}
    answered = {}
    for name, shape in shapes.items():
        status, headers, text = await send(served, shape(built))
        answered[name] = status
        check_says_nothing(headers, text, served, built)
    assert {name: status for name, status in answered.items() if not 400 <= status < 500} == {}
    assert served.api.asked == []


@pytest.mark.parametrize(
    ("route", "method", "path"), addresses(effect=True), ids=lambda value: str(getattr(value, "name", value))
)
async def test_the_same_request_without_hostility_is_carried_out(serve, route, method, path):
    served = serve()
    status, _, text = await send(served, good(served, route, method, path))
    assert served.api.asked, (status, text)


@pytest.mark.parametrize(
    ("route", "method", "path"), addresses(effect=True), ids=lambda value: str(getattr(value, "name", value))
)
async def test_what_is_got_has_no_effect_whatever_method_it_claims(serve, route, method, path):
    served = serve()
    one = good(served, route, method, path).with_header("x-http-method-override", method)
    await send(served, replace(one, method="GET", query=f"_method={method}", content=b""))
    await send(served, replace(one, method="HEAD", content=b""))
    assert {name for name, _ in served.api.asked} - READING == set()


def test_no_address_is_left_out(serve):
    served = {(method, path.path) for path in serve().web.paths for method in path.methods - {"HEAD"}}
    table = {
        (method, path)
        for route in ROUTES
        for method, path in [*((route.method, path) for path in route.for_programs), *route.for_people]
    }
    assert served == table | BESIDE | {THEME}


async def test_the_theme_is_chosen_by_nobody_else(serve):
    served, (method, path) = serve(), THEME
    choose = next(route for route in ROUTES if route.effect)
    built = replace(good(served, choose, method, path), content=b"theme=dark").with_header(
        "content-type", security.FORM
    )
    answered = {name: await send(served, shape(built)) for name, shape in {**ANY, **WITH_EFFECT}.items()}
    kept = {name: status for name, (status, headers, _) in answered.items() if status < 400 or "set-cookie" in headers}
    assert kept == {}
    status, headers, _ = await send(served, built)
    assert (status, "nexsock-theme=dark" in dict(headers)["set-cookie"]) == (303, True)


@pytest.mark.parametrize(
    ("referer", "leads"),
    [
        (f"{ORIGIN}/services?filter=a", "/services?filter=a"),
        ("http://evil.example/x", "/"),
        (f"{ORIGIN}//evil.example", "/"),
        (f"{ORIGIN}@evil.example/", "/"),
        ("", "/"),
    ],
)
async def test_who_has_chosen_a_theme_comes_back_to_a_page_of_ours(serve, referer, leads):
    served = serve()
    async with served.browser(referer=referer) as browser:
        answer = await browser.post("/theme", data={"csrf": served.csrf(browser), "theme": "light"})
    assert answer.headers["location"] == leads


def test_every_route_with_an_effect_is_no_get():
    assert [route.name for route in ROUTES if (route.method == "GET") == bool(route.effect)] == []


async def test_behind_a_request_with_two_lengths_no_other_one_is_believed(serve):
    served = serve()
    route, method, path = addresses(effect=False)[0]
    lengths = good(served, route, method, path).with_header("content-length", "0")
    _, headers, _ = await send(served, lengths.with_header("transfer-encoding", "chunked"))
    assert ("connection", "close") in headers
