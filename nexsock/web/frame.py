"""What a page is made of: the template, what to ask for it, and what every page knows besides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nexsock.errors import NexsockError
from nexsock.web.call import Handler


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a page shows around its content. `base` is what every link within the project begins with ("" or
    "/projects/ID").

    A page that is shown again, because what a form asked for was refused, has the `error` and what was `entered`, by
    the names of the form's fields.
    """

    now: float
    path: str
    base: str = ""
    csrf: str = ""
    error: NexsockError | None = None
    entered: Mapping[str, str] = field(default_factory=dict)
    theme: str = ""
    """"light", "dark", or "" for what the system prefers"""
    done: str = ""
    """the operation that a form has just ordered, by its route's name"""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """those of the query, as they were sent"""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A template and what it is filled with.

    Args:
        show: the frame and the answer to the template's variables; pure.
        ask: gets the answer; None: what the route itself answers.
        fragments: the templates of parts, by the id of the element that HTMX replaces (HX-Target).
    """

    template: str
    show: Callable[[Frame, Any], dict[str, Any]]
    ask: Handler | None = None
    fragments: Mapping[str, str] = field(default_factory=dict)
