"""A project: one nexsock.yaml, resolved, with everything later rooms need to know already in it."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from nexsock.model.problem import Problem
from nexsock.model.service import Service


class RenderedConfig(Struct, frozen=True, kw_only=True):
    """A file that services read, ready to be written. `target` is absolute; `mode` is permission bits."""

    name: str
    target: str
    text: str
    digest: str
    """sha256 of all that its readers find: target (below the project), mode and text; hex"""
    mode: int = 0o600
    within: str = ""
    """the folder that no link on the way to the target may lead out of; "" where the caller allows it"""


class Project(Struct, frozen=True, kw_only=True):
    """The desired state. Two loads of unchanged files are equal.

    `services` is in start order: each service after everything it depends on, ties in file order.
    `origins` says where a value stands: "services.web.environment.PORT" to "nexsock.yaml:14:7", file names relative
    to `directory` where they lie below it. A service without a place of its own is at "services.NAME".
    """

    id: str
    name: str
    directory: str
    files: tuple[str, ...] = ()
    """absolute paths of the files that were merged, includes among them"""
    watched: tuple[str, ...] = ()
    """absolute paths whose change may change this project: the files, env files, templates"""
    services: dict[str, Service] = {}
    layers: tuple[tuple[str, ...], ...] = ()
    """the services by depth: everything in a layer depends only on earlier layers"""
    configs: dict[str, RenderedConfig] = {}
    origins: dict[str, str] = {}
    warnings: tuple[Problem, ...] = ()
    profiles: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    auto_ports: dict[str, int] = {}
    """the numbers of ports that are `auto`, by "SERVICE/PORT" (web/http)"""
    groups: dict[str, tuple[str, ...]] = {}
    """the instances of services that run several times, by their name in the file (web: web-1, web-2)"""

    def members(self, names: Iterable[str]) -> tuple[str, ...]:
        """The services of these names, each once: of one that runs several times all instances."""
        return tuple(dict.fromkeys(one for name in names for one in self.groups.get(name, (name,))))

    def origin(self, path: str) -> str | None:
        """The place of a value, or of the nearest thing around it that has one."""
        while path:
            if found := self.origins.get(path):
                return found
            path = path.rpartition(".")[0]
        return None

    def origin_of(self, service: str, field: str) -> str | None:
        """The place of a service's field; of a variable that others gave it, of the variable or the env file there."""
        own = f"services.{service}.{field}"
        if field.startswith("environment.") and own not in self.origins:
            for path in (field, f"services.{service}.env_file", "env_file"):
                if found := self.origins.get(path):
                    return found
        return self.origin(own)


def check_variables(variables: Mapping[str, str]) -> None:
    """Raises ValueError where no process could be given these: a NUL byte, or "=" in a name."""
    if any("\0" in name or "\0" in value for name, value in variables.items()):
        raise ValueError("a variable holds a NUL byte")
    if any("=" in name for name in variables):
        raise ValueError("the name of a variable holds '='")


class ProjectRef(Struct, frozen=True, kw_only=True):
    """How a client names a project. Paths are absolute.

    `files` are what discovery found or -f named, first the main one; empty means: the known project `name`.
    `environ` is the caller's environment: it feeds interpolation and is the base of what services inherit. It is
    None in requests that start nothing and load nothing. `discovered`: nobody named the files, so that others may be
    found when they are read again.
    """

    directory: str = ""
    files: tuple[str, ...] = ()
    name: str | None = None
    profiles: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    environ: dict[str, str] | None = None
    discovered: bool = False
    scale: dict[str, int] = {}
    """how often services run, where that was asked for otherwise than the file says"""

    def __post_init__(self) -> None:
        """Refuse what no system call takes, before anything is done with it."""
        if any("\0" in path for path in (self.directory, *self.files, *self.env_files)):
            raise ValueError("a path holds a NUL byte")
        check_variables(self.environ or {})
