"""What to answer with: a whole page, the part of one that HTMX asked for, or JSON.

Source: RFC 9110, 12.5.1 (Accept); htmx.org/reference (HX-Request).
"""

from collections.abc import Mapping
from typing import Literal

Form = Literal["page", "fragment", "json"]


def form_of(path: str, headers: Mapping[str, str]) -> Form:
    """Below /api always JSON. Elsewhere what Accept prefers; who names neither, as curl does, gets JSON."""
    if path == "/api" or path.startswith("/api/"):
        return "json"
    if headers.get("hx-request") == "true":
        return "fragment"
    html, json = (_weight(headers.get("accept", ""), kind) for kind in ("text/html", "application/json"))
    return "page" if html > json else "json"


def _weight(accept: str, kind: str) -> float:
    """How much a client wants a media type, 0 to 1, by the most telling of its ranges."""
    found = {"": 0.0}
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        found[media] = next((_quality(given[2:]) for given in parameters if given.startswith("q=")), 1.0)
    group = kind.split("/", maxsplit=1)[0] + "/*"
    return next((found[media] for media in (kind, group, "*/*") if media in found), 0.0)


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
