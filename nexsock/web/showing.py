"""Answers as they go out: pages, parts of pages, documents, and errors as any of these."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from nexsock.errors import NexsockError
from nexsock.web import negotiate, problems, templating
from nexsock.web.assets import Assets
from nexsock.web.frame import Frame, Page
from nexsock.web.problems import HttpError

THEME_COOKIE, THEMES = "nexsock-theme", ("light", "dark")
"""The cookie is set by the page's own script, or by a form where there are no scripts."""
DONE_COOKIE, DONE_S = "nexsock-done", 20
"""Tells the page that a form leads to what has been ordered."""


class Pages:
    """What makes pages of answers, and of errors what the client asked for.

    Args:
        now: unix seconds.
    """

    def __init__(self, assets: Assets, now: Callable[[], float]) -> None:
        self._templates = templating.environment(assets)
        self._now = now

    def refuse(self, request: Request, error: NexsockError) -> Response:
        """An error as page, fragment or problem document."""
        headers = {"allow": error.allow} if isinstance(error, HttpError) and error.allow else {}
        if error.http_status == 401:
            headers["www-authenticate"] = "Bearer"
        if negotiate.form_of(request.scope["path"], request.headers) == "json":
            return as_json(msgspec.json.encode(problems.body(error)), error.http_status, problems.MEDIA_TYPE, headers)
        template = "sign-in.html" if error.http_status == 401 else "error.html"
        context = {"error": error, "title": problems.title(error.http_status), "frame": self.frame(request)}
        return self.html(template, context, error.http_status, headers)

    def frame(self, request: Request) -> Frame:
        """What stands around the content of every page."""
        project = request.scope.get("path_params", {}).get("project")
        return Frame(
            now=self._now(),
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
        shown = self.html(template, context, status, {"vary": "accept, hx-request, hx-target"})
        if frame.done and template == page.template:
            shown.delete_cookie(DONE_COOKIE, path="/")
        return shown

    def html(
        self, template: str, context: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """A template filled in."""
        text = self._templates.get_template(template).render(context)
        # What services write may hold bytes that are no text (PEP 383): each is a question mark.
        return HTMLResponse(text.encode(errors="replace"), status, headers)


def as_json(
    content: bytes, status: int = 200, kind: str = "application/json", headers: Mapping[str, str] | None = None
) -> Response:
    """A document of JSON."""
    return Response(content, status, {**(headers or {}), "content-type": kind})
