"""The door of the web: every request passes here before anything is routed, and every answer on its way out.

A page of somebody else in the user's browser must not read or change anything, nor another user of the machine:

- the Host is one of ours, port included, whatever else is right: that is what ends DNS rebinding;
- everything but the sign-in needs a session (cookie, SameSite=Strict) or the token (Authorization: Bearer);
- what has an effect comes from a page of ours: Origin, Sec-Fetch-Site, and a CSRF token that only such a page has; and
  its content has one of two types, so that no form elsewhere can make it;
- what is too large, too slow or oddly written is refused before it is looked at.

Source: Fetch Metadata (W3C), RFC 6265bis (cookies), the OWASP cheat sheets on CSRF and headers.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexsock.errors import NexsockError, Refused
from nexsock.web.problems import HttpError
from nexsock.web.sessions import Sessions

BODY_LIMIT = 1 << 20
BODY_S = 10.0
PATH_LIMIT = 2048
QUERY_LIMIT = 4096
CSRF_HEADER = "x-nexsock-csrf"
CSRF_FIELD = "csrf"
ENTRANCE = "/enter/"
SAFE = frozenset({"GET", "HEAD"})
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE"}
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

ANSWER_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no-referrer, browsers send our own forms with "Origin: null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-dns-prefetch-control": "off",
}


def hosts(port: int) -> tuple[str, ...]:
    """The names under which a process on loopback may be asked for; the first is the one that links are made with.

    A cookie of 127.0.0.1 is sent to every port there, also to those of other users; a name of our own keeps it away
    from them. Browsers know every name below .localhost as this machine (RFC 6761, 6.3).
    """
    return (f"nexsock.localhost:{port}", f"127.0.0.1:{port}", f"localhost:{port}")


def cookie_name(port: int) -> str:
    """Cookies are not kept apart by port, so their names are."""
    return f"nexsock_{port}"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who asks: somebody with a session (then with what its forms must send), or a program with the token."""

    csrf: str = ""


class Guard:
    """An ASGI application around another one, which sees only requests that may be answered.

    Args:
        refuse: makes the answer to a request that may not.
    """

    def __init__(
        self, app: ASGIApp, sessions: Sessions, port: int, refuse: Callable[[Request, NexsockError], Response]
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._hosts = frozenset(hosts(port))
        self._cookie = cookie_name(port)
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # RFC 9112, 6.1: what follows such a request on its connection is not believed to be one.
        last = has_two_lengths(Headers(scope=scope))
        answer = _hardened(send, {**ANSWER_HEADERS, "connection": "close"} if last else ANSWER_HEADERS)
        try:
            receive = await self._pass(scope, receive)
        except NexsockError as error:
            await self._refuse(Request(scope), error)(scope, receive, answer)
            return
        await self._app(scope, receive, answer)

    async def _pass(self, scope: Scope, receive: Receive) -> Receive:
        """How to go on with the request: its body is in memory, and `scope["state"]` says who asks.

        Raises:
            NexsockError: it may not be answered.
        """
        scope.setdefault("state", {})["visitor"] = Visitor()
        headers = Headers(scope=scope)
        check_form(scope, headers)
        self._check_host(headers)
        if scope["method"] not in METHODS:
            raise HttpError(405, f"there is no method {scope['method']} here")
        if scope["path"].startswith(ENTRANCE) and scope["method"] in SAFE:
            return receive
        session, by_token = self._who(headers)
        scope["state"]["visitor"] = Visitor(csrf="" if by_token else self._sessions.csrf(session))
        check_fetch(headers, scope["method"])
        check_origin(headers, required=not by_token and scope["method"] not in SAFE)
        if scope["method"] in SAFE:
            return receive
        body = await read_body(headers, receive)
        kind = content_type(headers, body)
        if not by_token:
            self._check_csrf(session, headers, kind, body)
        return replaying(body, receive)

    def _check_host(self, headers: Headers) -> None:
        given = headers.getlist("host")
        if len(given) != 1:
            raise HttpError(400, "a request names one host")
        if given[0].lower() not in self._hosts:
            raise HttpError(421, "this is not the host that was asked for", hint="use the link of 'nexsock web'")

    def _who(self, headers: Headers) -> tuple[str, bool]:
        """(session, whether it is a program with the token).

        Raises:
            HttpError: neither.
        """
        given = headers.getlist("authorization")
        if given:
            scheme, _, token = given[0].partition(" ")
            if len(given) == 1 and scheme.lower() == "bearer" and self._sessions.is_token(token.strip()):
                return "", True
            raise HttpError(401, "this token is not that of this 'nexsock web'")
        for session in cookies(headers, self._cookie):
            if self._sessions.knows(session):
                return session, False
        raise HttpError(401, "you have not signed in here", hint="use the link that 'nexsock web' has printed")

    def _check_csrf(self, session: str, headers: Headers, kind: str, body: bytes) -> None:
        given = headers.getlist(CSRF_HEADER)
        if not given and kind == FORM:
            given = form_fields(body).get(CSRF_FIELD, [])
        if len(given) != 1 or not self._sessions.is_csrf(session, given[0]):
            raise Refused("this request does not come from a page of ours", hint="load the page again, and repeat it")


def cookies(headers: Headers, name: str) -> list[str]:
    """Every value that a cookie is sent with.

    Programs at other ports of the same host set cookies of any writing, one of our name among them, and browsers send
    all of them here. None of them may keep a session from being seen, so nothing is asked of the others.
    """
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    return [value for key, _, value in pairs if key == name]


def has_two_lengths(headers: Headers) -> bool:
    """Whether a proxy might see the end of the content elsewhere than we do, and with it another request behind it."""
    return "content-length" in headers and "transfer-encoding" in headers


def check_form(scope: Scope, headers: Headers) -> None:
    """The request is written as those that we make are: no climbing, no control characters, nothing twice.

    Raises:
        HttpError: 400, 414.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path: str = scope["path"]
    if len(raw) > PATH_LIMIT or len(scope["query_string"]) > QUERY_LIMIT:
        raise HttpError(414, "this address is longer than any of ours")
    parts = path.split("/")
    odd = any(character < " " or character in "\\\x7f" for character in path) or b"%2f" in raw.lower()
    if odd or "" in parts[1:-1] or "." in parts or ".." in parts or not path.startswith("/"):
        raise HttpError(400, "this path is not written as ours are")
    if any(len(headers.getlist(name)) > 1 for name in ("content-length", "content-type", "cookie", "origin")):
        raise HttpError(400, "a header is there twice")
    if has_two_lengths(headers):
        raise HttpError(400, "the content has a length, and is sent in chunks")


def check_fetch(headers: Headers, method: str) -> None:
    """A browser says where a request comes from: only a page of ours, or the user's own hand.

    Raises:
        Refused: another site, or a page of this machine at another port.
    """
    site = headers.get("sec-fetch-site", "")
    if site in ("", "same-origin") or (site == "none" and method in SAFE):
        return
    if method in SAFE and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document":
        return  # a link from elsewhere; it has no cookie with it, unless it is followed from our own sign-in
    raise Refused("this request comes from another site")


def check_origin(headers: Headers, *, required: bool) -> None:
    """A request comes from the host that it is sent to, which is known to be ours.

    Raises:
        Refused: another origin, "null", or none where one is required: for what has an effect.
    """
    origin = headers.get("origin")
    if origin is None and not required:
        return
    if origin is None or origin.lower() != f"http://{headers['host'].lower()}":
        raise Refused("this request comes from another origin")


async def read_body(headers: Headers, receive: Receive) -> bytes:
    """All of the content.

    Raises:
        HttpError: 413 it is too large, 408 it does not come.
    """
    announced = headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > BODY_LIMIT:
        raise HttpError(413, f"the content is larger than {BODY_LIMIT} bytes")
    body = b""
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise HttpError(400, "the request has ended in the middle")
                piece: bytes = message.get("body", b"")
                body += piece
                if len(body) > BODY_LIMIT:
                    raise HttpError(413, f"the content is larger than {BODY_LIMIT} bytes")
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        raise HttpError(408, "the content of the request does not come") from None


def content_type(headers: Headers, body: bytes) -> str:
    """The type of the content: JSON, a form, or "" where there is none.

    Raises:
        HttpError: 415 another one: a form of another site can send text/plain and parts, without asking first.
    """
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if not kind and not body:
        return ""
    if kind not in (FORM, JSON):
        raise HttpError(415, f"content is {JSON}, or {FORM} from a page")
    return kind


def form_fields(body: bytes) -> Mapping[str, list[str]]:
    """The fields of a form, each with its values in order.

    Raises:
        HttpError: 400 it is no form.
    """
    try:
        return parse_qs(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=1000)
    except ValueError:
        raise HttpError(400, f"the content is no {FORM}") from None


def replaying(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the content that was read already, then what comes after it: that the client left."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _hardened(send: Send, wanted: Mapping[str, str]) -> Send:
    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            for name, value in {**wanted, "cache-control": "no-store"}.items():
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        await send(message)

    return hardened
