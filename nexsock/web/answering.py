"""A route of the table at work: the request as a call, the handler asked, and its answer as what was asked for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nexsock.errors import NexsockError, NotFound, UsageError
from nexsock.model import packed
from nexsock.model.event import Event
from nexsock.model.project import ProjectRef
from nexsock.protocol.api import Api
from nexsock.views import document
from nexsock.web import follow, forms, negotiate, security, stream
from nexsock.web.api import asked
from nexsock.web.call import Call
from nexsock.web.hub import Hub
from nexsock.web.meter import Meter
from nexsock.web.problems import HttpError
from nexsock.web.route import Route
from nexsock.web.sessions import Sessions
from nexsock.web.showing import DONE_COOKIE, DONE_S, Pages, as_json


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


@dataclass(frozen=True, kw_only=True)
class Means:
    """What all routes answer with."""

    around: Surroundings
    pages: Pages
    hub: Hub
    meter: Meter


class Answering:
    """One route of the table at work."""

    def __init__(self, route: Route, means: Means) -> None:
        self._route = route
        self._means = means

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
        answer = RedirectResponse(self._means.pages.frame(request).base + route.leads(call, found), 303)
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
            else self._means.pages.page(request, page, self._means.pages.frame(request), found)
        )

    async def _again(self, request: Request, error: NexsockError, fields: Mapping[str, list[str]] | None) -> Response:
        """The page of a form that was refused, with what was entered and what is wrong with it."""
        page = self._route.page
        if page is None or page.ask is None or fields is None:
            raise error
        entered = {name: values[-1] for name, values in fields.items() if name != security.CSRF_FIELD}
        frame = replace(self._means.pages.frame(request), error=error, entered=entered)
        return self._means.pages.page(
            request, page, frame, await page.ask(self._call(request, None)), error.http_status
        )

    def _call(self, request: Request, body: Any) -> Call:
        around = self._means.around
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
            meter=self._means.meter.looked,
            resume=request.headers.get("last-event-id", "")[:64],
        )

    def _document(self, call: Call, found: Any) -> Response:
        assert self._route.shape is not None
        made = {"version": document.VERSION, **self._route.shape.make(call, found)}
        return as_json(packed.to_json(made), self._route.status)

    def _follow(self, call: Call) -> ASGIApp:
        if self._route.follows == "logs":
            return stream.EventStream(follow.log_batches(call), self._means.hub.hold)
        project = call.path.get("project")

        def wanted(event: Event) -> bool:
            return project is None or event.project in (project, "")

        return stream.EventStream(self._means.hub.listen(call.resume, wanted), self._means.hub.hold)


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
