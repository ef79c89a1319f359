"""What the loading worker is asked, and what it answers."""

from msgspec import Struct

from nexsock.model.edit import Definition, Edit, Edited
from nexsock.model.problem import Problem
from nexsock.model.project import Project, ProjectRef
from nexsock.model.settings import Told


class Reserved(Struct, frozen=True, kw_only=True):
    """What ports that are `auto` may not be, and what they have been.

    `ports` are the numbers of every known project by its id and "SERVICE/PORT". A fresh number lies from `first` to
    `last` and is none of `avoid`. The usual range lies below the ephemeral one of Linux (32768 to 60999, ip(7)), so
    that no outgoing connection ever sits on a reserved number, and above what people choose by hand.
    """

    ports: dict[str, dict[str, int]] = {}
    avoid: tuple[int, ...] = ()
    first: int = 20_000
    last: int = 29_999


class LoadRequest(Struct, frozen=True, kw_only=True):
    """Load the project of `ref`; or, with `edit`, change its files; or, with `look`, say how they define a service; or
    read the file of settings at `settings`."""

    ref: ProjectRef
    reserved: Reserved = Reserved()
    uncloned: bool = False
    """leave out what is included from checkouts that are not there yet"""
    edit: Edit | None = None
    look: str | None = None
    settings: str | None = None


class LoadAnswer(Struct, frozen=True, kw_only=True):
    """What was asked for, or why it is not there: then `message` is a sentence and `problems` may be empty.

    `code` is that of the error (see nexsock.errors).
    """

    project: Project | None = None
    edited: Edited | None = None
    definition: Definition | None = None
    settings: dict[str, Told] | None = None
    code: str = "config"
    message: str = ""
    hint: str | None = None
    problems: tuple[Problem, ...] = ()
