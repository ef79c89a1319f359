"""What the loading worker answers to a `ProjectRef`."""

from msgspec import Struct

from nexsock.model.problem import Problem
from nexsock.model.project import Project


class LoadAnswer(Struct, frozen=True, kw_only=True):
    """The project, or why there is none: then `message` is a sentence and `problems` may be empty."""

    project: Project | None = None
    message: str = ""
    hint: str | None = None
    problems: tuple[Problem, ...] = ()
