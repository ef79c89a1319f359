"""One request, understood: whom to ask, about which project, with what. What handlers in `web/api` are given."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nexsock.errors import NotFound
from nexsock.model.project import ProjectRef
from nexsock.model.status import Usage
from nexsock.protocol.api import Api


@dataclass(frozen=True, kw_only=True)
class Call:
    """`query` and `body` are structs of the types that the route names; `now` is unix seconds.

    `resume` is what a client of a stream has seen last.
    """

    api: Api
    now: float
    ref: ProjectRef | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    body: Any = None
    resume: str = ""
    meter: Callable[[ProjectRef], tuple[Usage, ...]] = lambda _: ()
    """what a project's services used in the last minutes"""

    @property
    def project(self) -> ProjectRef:
        """Raises NotFound when no project is named, and there is none where the web was started."""
        if self.ref is None:
            raise NotFound("there is no nexsock.yaml where 'nexsock web' was started", hint="choose one of /projects")
        return self.ref

    def looked(self) -> tuple[Usage, ...]:
        """What the project's services used, oldest look first; asking keeps the looks coming."""
        return self.meter(self.project)

    @property
    def service(self) -> str:
        return self.path["service"]


Handler = Callable[[Call], Awaitable[Any]]
"""Asks the daemon; raises the errors of nexsock.errors."""
