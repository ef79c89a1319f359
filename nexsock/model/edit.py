"""What may be changed in a project's file by a command, and what came of it."""

from typing import Any, Literal

from msgspec import Struct

from nexsock.model.plan import Plan

EditAction = Literal["add", "remove", "update", "add_dependency", "remove_dependency"]


class Edit(Struct, frozen=True, kw_only=True):
    """One change of the file, of a service.

    `fields` are values in YAML by their path: "environment.PORT" to "3001"; with add_dependency they are those of the
    dependency ("condition" to "healthy"). A dot in a name is written "\\." there. `unset` are paths that are taken out.
    `others` are the services of add_dependency and remove_dependency. `force` removes a service together with the
    dependencies on it. `digest` is that of the file that the change was thought of with: one that differs is refused.
    """

    action: EditAction
    service: str
    fields: dict[str, str] = {}
    unset: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    force: bool = False
    digest: str | None = None


class Edited(Struct, frozen=True, kw_only=True):
    """`files` are those that were written, absolute; none when everything was so already. `origin` is the service's."""

    files: tuple[str, ...] = ()
    origin: str | None = None


class EditStatus(Struct, frozen=True, kw_only=True):
    """What an edit came to: the files that were written, and the plan that it set in motion.

    `plan` is None where nothing is up, the change does not concern what is up, or applying was not asked for.
    """

    service: str
    files: tuple[str, ...] = ()
    origin: str | None = None
    applied: bool = False
    plan: Plan | None = None


class ListedDependency(Struct, frozen=True, kw_only=True):
    """`service` needs `on`; `condition` is the effective one. `tunnel` says whether it goes through one."""

    service: str
    on: str
    condition: str
    required: bool = True
    restart: bool = False
    tunnel: bool = False
    origin: str | None = None


class Definition(Struct, frozen=True, kw_only=True):
    """A service as its files define it: `config` is complete, as plain values; `origins` by path within the service.

    `file` is the one that it stands in, `digest` that of its content, for an Edit that must not undo somebody else's.
    """

    service: str
    file: str
    digest: str
    origin: str
    config: dict[str, Any]
    origins: dict[str, str] = {}
