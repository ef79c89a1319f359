"""The web as one ASGI application: the table of routes and the few addresses beside it, behind the guard."""

import logging
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit, urlunsplit

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Router
from starlette.routing import Route as Path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexsock.errors import NexsockError
from nexsock.web import assets, openapi, security
from nexsock.web.answering import Answering, Means, Surroundings
from nexsock.web.hub import Hub
from nexsock.web.meter import Meter
from nexsock.web.problems import HttpError
from nexsock.web.routes import ROUTES
from nexsock.web.showing import THEME_COOKIE, THEMES, Pages, as_json

LOG = logging.getLogger("nexsock.web")
THEME_S = 31_536_000
COMPRESSED_FROM, FASTEST = 1024, 1
"""Bytes, and zlib's level: 190 KB of table in 3 ms, to 25 KB; level 9 makes 21 KB of it in 11 ms."""
FOREVER = "public, max-age=31536000, immutable"


class Web:
    """The application; `close` ends the streams, which would never end by themselves."""

    def __init__(self, around: Surroundings) -> None:
        self.assets = assets.Assets()
        self._around = around
        self._pages = Pages(self.assets, around.now)
        self._means = Means(around=around, pages=self._pages, hub=Hub(around.api), meter=Meter(around.api, around.now))
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
            answering = Answering(route, self._means)
            self.paths += [Path(path, answering, methods=[route.method]) for path in route.for_programs]
            self.paths += [Path(path, answering, methods=[method]) for method, path in route.for_people]
        router = Router(self.paths, redirect_slashes=False, default=_nowhere)
        answers = GZipMiddleware(_catching(router, self.paths, self._pages.refuse), COMPRESSED_FROM, FASTEST)
        self._guarded = security.Guard(answers, around.sessions, around.port, self._pages.refuse)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # with an application, the router raises what it would otherwise answer in its own words
        await self._guarded(scope, receive, send)

    def close(self) -> None:
        self._means.hub.close()
        self._means.meter.close()

    # -- what is no row of the table

    async def _first(self, _: Request) -> Response:
        return RedirectResponse("/projects" if self._around.project is None else "/services", 303)

    async def _enter(self, request: Request) -> Response:
        """A one-time link becomes a cookie, and its address is left at once."""
        if request.method == "HEAD":
            return Response()  # who only looks uses nothing up
        session = self._around.sessions.exchange(request.path_params["code"])
        if session is None:
            raise HttpError(401, "this link is used or too old", hint="have 'nexsock web' print another one")
        # From another site, a redirect would still count as coming from there, and the cookie would not go with it.
        direct = request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        answer: Response = RedirectResponse("/", 303) if direct else self._pages.html("entered.html", {})
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
        return as_json(self._description)

    async def _asset(self, request: Request) -> Response:
        found = self.assets.at(request.scope["path"])
        if found is None:
            raise HttpError(404, "there is no such file")
        coding, content = found.best(request.headers.get("accept-encoding", ""))
        headers = {"content-type": found.type, "cache-control": FOREVER, "vary": "accept-encoding"}
        return Response(content, headers=headers | ({"content-encoding": coding} if coding else {}))


async def _nowhere(_: Scope, __: Receive, ___: Send) -> None:
    raise HttpError(404, "there is nothing at this address")


def _back(request: Request) -> str:
    """The page of ours that a form was sent from; it names itself (Referer), and nothing else leads anywhere."""
    came_from = urlsplit(request.headers.get("referer", ""))
    ours = came_from.netloc == request.headers["host"] and not came_from.path.startswith("//")
    return urlunsplit(("", "", came_from.path or "/", came_from.query, "")) if ours else "/"


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


def _methods(scope: Scope, paths: Sequence[BaseRoute]) -> str:
    """What an address can be asked with: "GET, HEAD, POST"."""
    here = [path for path in paths if isinstance(path, Path) and path.matches(scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for path in here for method in path.methods or ()}))
