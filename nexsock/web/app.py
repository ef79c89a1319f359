"""The web as one ASGI application: the table of routes behind the guard, answered as page, fragment, JSON or stream."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import msgspec
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Router
from starlette.routing import Route as Path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexsock.errors import NexsockError, NotFound, UsageError
from nexsock.model import packed
from nexsock.model.event import Event
from nexsock.model.project import ProjectRef
from nexsock.protocol.api import Api
from nexsock.views import document
from nexsock.web import assets, follow, forms, hub, negotiate, openapi, problems, security, stream, templating
from nexsock.web.api import asked
from nexsock.web.call import Call
from nexsock.web.frame import Frame, Page
from nexsock.web.meter import Meter
from nexsock.web.problems import HttpError
from nexsock.web.route import Route
from nexsock.web.routes import ROUTES
from nexsock.web.sessions import Sessions

LOG = logging.getLogger("nexsock.web")
THEME_COOKIE, THEMES = "nexsock-theme", ("light", "dark")
"""The cookie is set by the page's own script, or by a form where there are no scripts."""
THEME_S = 31_536_000
DONE_COOKIE, DONE_S = "nexsock-done", 20
"""Tells the page that a form leads to what has been ordered."""
COMPRESSED_FROM, FASTEST = 1024, 1
"""Bytes, and zlib's level: 190 KB of table in 3 ms, to 25 KB; level 9 makes 21 KB of it in 11 ms."""
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the application needs of the outside.

    Args:
        project: the one that the web was started in.
        now: unix seconds.
    """

    api: Api
    sessions: Sessions
    port: int
    now: Callable[[], float]
    project: ProjectRef | None = None


class Web:
    """The application; `close` ends the streams, which would never end by themselves."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.hub = hub.Hub(around.api)
        self.meter = Meter(around.api, around.now)
        self.assets = assets.Assets()
        self._templates = templating.environment(self.assets)
        self._description = b""
        self._cookie = security.cookie_name(around.port)
        self.paths = [
            Path("/", self._first, methods=["GET"]),
            Path(security.ENTRANCE + "{code}", self._enter, methods=["GET"]),
            Path("/theme", self._theme, methods=["POST"]),
            Path(assets.PREFIX + "{path:path}", self._asset, methods=["GET"]),
            Path("/api/openapi.json", self._described, methods=["GET"]),
        ]
        for route in ROUTES:
            answering = Answering(route, self)
            self.paths += [Path(path, answering, methods=[route.method]) for path in route.for_programs]
            self.paths += [Path(path, answering, methods=[method]) for method, path in route.for_people]
        router = Router(self.paths, redirect_slashes=False, default=_nowhere)
        answers = GZipMiddleware(_catching(router, self.paths, self.refuse), COMPRESSED_FROM, FASTEST)
        self._guarded = security.Guard(answers, around.sessions, around.port, self.refuse)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # with an application, the router raises what it would otherwise answer in its own words
        await self._guarded(scope, receive, send)

    def close(self) -> None:
        self.hub.close()
        self.meter.close()

    # ------------------------------------------------------------------------- what is no row of the table

    async def _first(self, _: Request) -> Response:
        return RedirectResponse("/projects" if self.around.project is None else "/services", 303)

    async def _enter(self, request: Request) -> Response:
        """A one-time link becomes a cookie, and its address is left at once."""
        if request.method == "HEAD":
            return Response()  # who only looks uses nothing up
        session = self.around.sessions.exchange(request.path_params["code"])
        if session is None:
            raise HttpError(401, "this link is used or too old", hint="have 'nexsock web' print another one")
        # From another site, a redirect would still count as coming from there, and the cookie would not go with it.
        direct = request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        answer: Response = RedirectResponse("/", 303) if direct else self._html("entered.html", {})
        answer.headers["referrer-policy"] = "no-referrer"
        answer.set_cookie(self._cookie, session, httponly=True, samesite="strict", path="/")
        return answer

    async def _theme(self, request: Request) -> Response:
        """The look of pages, for this browser alone: nothing of nexsock changes."""
        theme = security.form_fields(await request.body()).get("theme", [""])[-1]
        answer = RedirectResponse(_back(request), 303)
        if theme in THEMES:
            answer.set_cookie(THEME_COOKIE, theme, max_age=THEME_S, samesite="strict", path="/")
        else:
            answer.delete_cookie(THEME_COOKIE, path="/")
        return answer

    async def _described(self, _: Request) -> Response:
        self._description = self._description or openapi.to_bytes(ROUTES)
        return _json(self._description)

    async def _asset(self, request: Request) -> Response:
        found = self.assets.at(request.scope["path"])
        if found is None:
            raise HttpError(404, "there is no such file")
        coding, content = found.best(request.headers.get("accept-encoding", ""))
        headers = {"content-type": found.type, "cache-control": FOREVER, "vary": "accept-encoding"}
        return Response(content, headers=headers | ({"content-encoding": coding} if coding else {}))

    # ------------------------------------------------------------------------- answers

    def refuse(self, request: Request, error: NexsockError) -> Response:
        """An error as page, fragment or problem document."""
        headers = {"allow": error.allow} if isinstance(error, HttpError) and error.allow else {}
        if error.http_status == 401:
            headers["www-authenticate"] = "Bearer"
        if negotiate.form_of(request.scope["path"], request.headers) == "json":
            return _json(msgspec.json.encode(problems.body(error)), error.http_status, problems.MEDIA_TYPE, headers)
        template = "sign-in.html" if error.http_status == 401 else "error.html"
        context = {"error": error, "title": problems.title(error.http_status), "frame": self.frame(request)}
        return self._html(template, context, error.http_status, headers)

    def frame(self, request: Request) -> Frame:
        project = request.scope.get("path_params", {}).get("project")
        return Frame(
            now=self.around.now(),
            path=request.scope["path"],
            base=f"/projects/{project}" if project else "",
            csrf=request.scope["state"]["visitor"].csrf,
            theme=theme if (theme := request.cookies.get(THEME_COOKIE, "")) in THEMES else "",
            done=request.cookies.get(DONE_COOKIE, ""),
            parameters=dict(request.query_params),
        )

    def page(self, request: Request, page: Page, frame: Frame, answer: Any, status: int = 200) -> Response:
        """A page, or of it the part that HTMX asked for."""
        template = page.template
        if request.headers.get("hx-request") == "true":
            template = page.fragments.get(request.headers.get("hx-target", ""), template)
        context = {**page.show(frame, answer), "frame": frame}
        shown = self._html(template, context, status, {"vary": "accept, hx-request, hx-target"})
        if frame.done and template == page.template:
            shown.delete_cookie(DONE_COOKIE, path="/")
        return shown

    def _html(
        self, template: str, context: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        text = self._templates.get_template(template).render(context)
        # What services write may hold bytes that are no text (PEP 383): each is a question mark.
        return HTMLResponse(text.encode(errors="replace"), status, headers)


class Answering:
    """One route of the table at work."""

    def __init__(self, route: Route, web: Web) -> None:
        self._route = route
        self._web = web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await self._answer(request)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        route = self._route
        if route.follows:
            return self._follow(self._call(request, None))
        if not route.effect:
            return await self._show(request)
        content = await request.body()
        fields = _form(request, content)
        try:
            call = self._call(request, _body(route, content, fields))
            assert route.handler is not None
            found = await route.handler(call)
        except NexsockError as error:
            return await self._again(request, error, fields)
        if negotiate.form_of(request.scope["path"], request.headers) == "json":
            return self._document(call, found)
        assert route.leads is not None
        answer = RedirectResponse(self._web.frame(request).base + route.leads(call, found), 303)
        answer.set_cookie(DONE_COOKIE, route.name, max_age=DONE_S, httponly=True, samesite="strict", path="/")
        return answer

    async def _show(self, request: Request) -> Response:
        route = self._route
        form = negotiate.form_of(request.scope["path"], request.headers)
        call = self._call(request, None)
        page = route.page if form != "json" or route.handler is None else None
        ask = route.handler if page is None else page.ask or route.handler
        assert ask is not None
        found = await ask(call)
        return (
            self._document(call, found)
            if page is None
            else self._web.page(request, page, self._web.frame(request), found)
        )

    async def _again(self, request: Request, error: NexsockError, fields: Mapping[str, list[str]] | None) -> Response:
        """The page of a form that was refused, with what was entered and what is wrong with it."""
        page = self._route.page
        if page is None or page.ask is None or fields is None:
            raise error
        entered = {name: values[-1] for name, values in fields.items() if name != security.CSRF_FIELD}
        frame = replace(self._web.frame(request), error=error, entered=entered)
        return self._web.page(request, page, frame, await page.ask(self._call(request, None)), error.http_status)

    def _call(self, request: Request, body: Any) -> Call:
        around = self._web.around
        for kind, name in request.path_params.items():
            if not re.fullmatch(asked.NAME, name):
                raise NotFound(f"no {kind} has a name like {name!r}")
        named = request.path_params.get("project")
        ref = ProjectRef(name=named) if named else around.project if self._route.scope == "project" else None
        return Call(
            api=around.api,
            now=around.now(),
            ref=ref,
            path=request.path_params,
            query=_query(request, self._route.query),
            body=body,
            meter=self._web.meter.looked,
            resume=request.headers.get("last-event-id", "")[:64],
        )

    def _document(self, call: Call, found: Any) -> Response:
        assert self._route.shape is not None
        made = {"version": document.VERSION, **self._route.shape.make(call, found)}
        return _json(packed.to_json(made), self._route.status)

    def _follow(self, call: Call) -> ASGIApp:
        if self._route.follows == "logs":
            return stream.EventStream(follow.log_batches(call), self._web.hub.hold)
        project = call.path.get("project")

        def wanted(event: Event) -> bool:
            return project is None or event.project in (project, "")

        return stream.EventStream(self._web.hub.listen(call.resume, wanted), self._web.hub.hold)


async def _nowhere(_: Scope, __: Receive, ___: Send) -> None:
    raise HttpError(404, "there is nothing at this address")


def _back(request: Request) -> str:
    """The page of ours that a form was sent from; it names itself (Referer), and nothing else leads anywhere."""
    came_from = urlsplit(request.headers.get("referer", ""))
    ours = came_from.netloc == request.headers["host"] and not came_from.path.startswith("//")
    return urlunsplit(("", "", came_from.path or "/", came_from.query, "")) if ours else "/"


def _query(request: Request, kind: type[Any]) -> Any:
    try:
        return forms.convert(parse_qs(request.scope["query_string"].decode(), keep_blank_values=True), kind)
    except (ValueError, msgspec.ValidationError) as error:
        raise UsageError(f"the query of this address: {error}") from None


def _form(request: Request, content: bytes) -> Mapping[str, list[str]] | None:
    """The fields of a form; None where the content is JSON or nothing."""
    if security.content_type(request.headers, content) != security.FORM:
        return None
    if request.scope["path"].startswith("/api/"):
        raise HttpError(415, f"content here is {security.JSON}")
    return security.form_fields(content)


def _body(route: Route, content: bytes, fields: Mapping[str, list[str]] | None) -> Any:
    """The content as the struct that the route names. Who sends a form sees the page at once, and the rest happen."""
    assert route.body is not None
    try:
        if fields is None:
            return msgspec.json.decode(content or b"{}", type=route.body)
        found = forms.convert(fields, route.body)
        return msgspec.structs.replace(found, wait=False) if hasattr(found, "wait") else found
    except msgspec.ValidationError as error:
        raise HttpError(422, f"the content is not what is asked for here: {error}") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise HttpError(400, f"the content is no JSON: {error}") from None


def _json(
    content: bytes, status: int = 200, kind: str = "application/json", headers: Mapping[str, str] | None = None
) -> Response:
    return Response(content, status, {**(headers or {}), "content-type": kind})


def _methods(scope: Scope, paths: Sequence[BaseRoute]) -> str:
    """What an address can be asked with: "GET, HEAD, POST"."""
    here = [path for path in paths if isinstance(path, Path) and path.matches(scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for path in here for method in path.methods or ()}))


def _catching(app: ASGIApp, paths: Sequence[BaseRoute], refuse: Callable[[Request, NexsockError], Response]) -> ASGIApp:
    """Errors as answers. A mistake of ours is written to the log with its trace, and tells the client nothing."""

    async def caught(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def begin(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, begin)
        except NexsockError as error:
            await refuse(Request(scope), error)(scope, receive, send)
        except HTTPException as error:
            told = HttpError(
                error.status_code, f"{scope['method']} is not possible at this address", allow=_methods(scope, paths)
            )
            await refuse(Request(scope), told)(scope, receive, send)
        except Exception:
            if begun:
                raise  # the server logs it, and breaks the answer off
            LOG.exception("%s %s", scope["method"], scope["path"])
            told = HttpError(500, "this is a mistake of nexsock", hint="the terminal of 'nexsock web' shows it")
            await refuse(Request(scope), told)(scope, receive, send)

    return caught
