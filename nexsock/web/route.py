"""One row of the table of routes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from nexsock.web.api import asked
from nexsock.web.call import Call, Handler
from nexsock.web.frame import Page
from nexsock.web.shapes import Shape

Method = Literal["GET", "POST", "PATCH", "DELETE"]
PROJECT = "/projects/{project}"


@dataclass(frozen=True, kw_only=True)
class Route:
    """What one address does.

    Args:
        name: of the operation, as in the OpenAPI document.
        path: below /api and, where there is a page or a form, as it stands. Of a project (`scope`) it exists for the
            project that the web was started in, and below /projects/{project}; `named` is the latter alone.
        handler: asks the daemon. None: a page only, which asks for itself.
        shape: the answer as JSON.
        effect: what it changes, as the end of "this …"; "" for what changes nothing. Only such routes are GET.
        page: the answer for people, and what is shown again when a form was refused.
        form: where a form sends the same, if that is another address; forms can only POST.
        leads: where a form leads when it was done, below the project's base.
        follows: what the answer's items are, for a stream of server-sent events.
    """

    name: str
    path: str
    summary: str
    method: Method = "GET"
    scope: Literal["machine", "project", "named"] = "project"
    handler: Handler | None = None
    shape: Shape | None = None
    query: type[asked.Asked] = asked.Nothing
    body: type[asked.Asked] | None = None
    effect: str = ""
    status: int = 200
    page: Page | None = None
    form: str = ""
    leads: Callable[[Call, Any], str] | None = None
    follows: Literal["", "events", "logs"] = ""

    def __post_init__(self) -> None:
        assert (self.method == "GET") == (not self.effect), f"{self.name}: what is got changes nothing"
        assert not self.effect or self.body is not None, f"{self.name}: what changes something has a content"

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What its paths begin with."""
        match self.scope:
            case "machine":
                return ("",)
            case "named":
                return (PROJECT,)
            case _:
                return ("", PROJECT)

    @property
    def for_programs(self) -> tuple[str, ...]:
        """Its paths below /api."""
        has_answer = self.handler is not None or self.follows
        return tuple(f"/api{prefix}{self.path}" for prefix in self.prefixes) if has_answer else ()

    @property
    def for_people(self) -> tuple[tuple[str, str], ...]:
        """(method, path) of its page or its form."""
        if self.effect:
            return tuple(("POST", prefix + (self.form or self.path)) for prefix in self.prefixes) if self.leads else ()
        return tuple(("GET", prefix + self.path) for prefix in self.prefixes) if self.page or self.follows else ()
