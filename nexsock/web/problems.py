"""Errors as an answer: a problem document for programs. The page for people is the template error.html.

Source: RFC 9457 (problem details); the HTTP status of each error stands in nexsock.errors.
"""

from http import HTTPStatus
from typing import Any

from nexsock.errors import NexsockError
from nexsock.views import document

MEDIA_TYPE = "application/problem+json"


class HttpError(NexsockError):
    """A request that HTTP itself has words for; everything else is an error of nexsock.errors."""

    code = "http"

    def __init__(self, status: int, message: str, *, hint: str | None = None, allow: str = "") -> None:
        super().__init__(message, hint=hint)
        self.http_status = status
        self.allow = allow


def body(error: NexsockError) -> dict[str, Any]:
    """The problem document: type, title, status, detail of RFC 9457, and what the command line says in --json."""
    told = document.error(error)
    said = told.pop("error")
    outcome = getattr(error, "outcome", None)
    return {
        "version": document.VERSION,
        "type": f"urn:nexsock:problem:{said['code']}",
        "title": title(error.http_status),
        "status": error.http_status,
        "detail": said.pop("message"),
        **said,
        **told,
        **({} if outcome is None else {"outcome": document.outcome(outcome)}),
    }


def title(status: int) -> str:
    """The words for a status: "Not Found"."""
    return next((known.phrase for known in HTTPStatus if known == status), "Client Closed Request")
