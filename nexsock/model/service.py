"""A service as the file wants it, fully resolved: no variables, no defaults left to look up.

A field's place says what a change of it costs: everything in `Launch` needs a restart, `engine` a
re-creation, everything else is applied to the running service in place.
"""

from typing import Literal

from msgspec import Struct

from nexsock.model import packed
from nexsock.model.git import GitSource
from nexsock.model.probe import Healthcheck

Condition = Literal["started", "healthy", "completed", "completed_successfully", "log_ready"]
RestartMode = Literal["no", "on-failure", "always", "unless-stopped"]
WatchAction = Literal["restart", "signal", "exec"]

DEFAULT_SHELL = ("/bin/sh", "-c")
"""What runs a command that is a text."""


class Port(Struct, frozen=True, kw_only=True):
    """A declared port; `number` is 1 to 65535."""

    number: int
    protocol: Literal["tcp", "http"] = "tcp"
    env: str | None = None


class Limits(Struct, frozen=True, kw_only=True):
    nofile: int | None = None
    memory_bytes: int | None = None
    nice: int | None = None


class Secret(Struct, frozen=True, kw_only=True):
    """A value that a service gets and that nobody is shown: where it comes from, never what it is.

    One of `file` (an absolute path), `environment` (a variable of the caller) and `command` (argv) is given.
    """

    name: str
    target: str = ""
    """name of the file with the value, the path of which the variable holds; "": it holds the value itself"""
    file: str = ""
    environment: str = ""
    command: tuple[str, ...] = ()
    directory: str = "/"
    """in which the command runs"""


class Launch(Struct, frozen=True, kw_only=True):
    """What one start is made of. Its fingerprint decides whether a running service is up to date."""

    command: tuple[str, ...] = ()
    """argv; a string command is already wrapped in its shell. Empty for an external service."""
    working_dir: str = "/"
    environment: dict[str, str] = {}
    """what the file says, env files and port variables included; the caller's environment is not in it"""
    inherit_env: bool | tuple[str, ...] = True
    ports: dict[str, Port] = {}
    """by name, in file order; the first one is `PORT`"""
    configs: dict[str, str] = {}
    """sha256 of the rendering, by config name"""
    secrets: dict[str, Secret] = {}
    """by the variable that holds the value or the path of its file"""
    limits: Limits = Limits()
    tty: bool = False
    commit: str = ""
    """what its git checkout has checked out; "" without one"""


class Dependency(Struct, frozen=True, kw_only=True):
    condition: Condition
    required: bool = True
    restart: bool = False
    tunnel: bool = False


class Tunnel(Struct, frozen=True, kw_only=True):
    """A local address of a service's own for a port of something that it needs.

    `on` is the name of the dependency, `port` that of its port, `listen` the number on 127.0.0.1. With `to`
    (host:port) it leads there, and `on` need not be a service; with `ssh` (user@host) it goes through that host.
    """

    on: str
    port: str
    listen: int
    to: str = ""
    ssh: str = ""


class Restart(Struct, frozen=True, kw_only=True):
    """When and how fast a service that ended is started again (lifecycle.restart)."""

    mode: RestartMode = "on-failure"
    max_attempts: int | None = None
    """starts in a row after which it is given up; the N of `on-failure:N`"""
    delay_s: float = 0.1
    factor: float = 2.0
    max_delay_s: float = 30.0
    window_s: float = 60.0
    max_in_window: int = 5
    """failed runs within the window after which the service counts as failed; 0 never gives up"""
    reset_after_s: float = 10.0
    """a run at least this long starts the counting anew"""


class Stop(Struct, frozen=True, kw_only=True):
    signal: str = "SIGTERM"
    grace_s: float = 10.0
    command: tuple[str, ...] = ()


class Hook(Struct, frozen=True, kw_only=True):
    command: tuple[str, ...]
    timeout_s: float = 60.0
    working_dir: str | None = None
    environment: dict[str, str] = {}


class Hooks(Struct, frozen=True, kw_only=True):
    pre_start: tuple[Hook, ...] = ()
    post_start: tuple[Hook, ...] = ()
    pre_stop: tuple[Hook, ...] = ()
    post_stop: tuple[Hook, ...] = ()


class WatchRule(Struct, frozen=True, kw_only=True):
    """Files whose change acts on the service. `path` is absolute, `include` and `ignore` are globs below it."""

    path: str
    include: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    action: WatchAction = "restart"
    signal: str = "SIGHUP"
    command: tuple[str, ...] = ()
    cascade: bool = False
    debounce_s: float = 0.05


class Logging(Struct, frozen=True, kw_only=True):
    max_size_bytes: int = 10 * 1024 * 1024
    max_files: int = 5


class External(Struct, frozen=True, kw_only=True):
    """Something nexsock does not start: probed, waited for, forwarded to."""

    host: str = ""
    port: int = 0
    url: str = ""


class Service(Struct, frozen=True, kw_only=True):
    """One service. `profiles` empty means always active; `active` says whether a plain `up` wants it."""

    name: str
    launch: Launch
    engine: Literal["process", "external"] = "process"
    external: External | None = None
    oneshot: bool = False
    inputs: tuple[str, ...] = ()
    """absolute globs of a oneshot, hashed by content when it is planned"""
    depends_on: dict[str, Dependency] = {}
    tunnels: dict[str, Tunnel] = {}
    """by the name of the dependency ("db") for its first port, "db/admin" for another one"""
    healthcheck: Healthcheck | None = None
    restart: Restart = Restart()
    success_exit_codes: tuple[int, ...] = (0,)
    stop: Stop = Stop()
    hooks: Hooks = Hooks()
    watch: tuple[WatchRule, ...] = ()
    logging: Logging = Logging()
    git: GitSource | None = None
    profiles: tuple[str, ...] = ()
    active: bool = True
    labels: dict[str, str] = {}
    description: str = ""

    @property
    def fingerprint(self) -> str:
        """Hex digest of everything whose change needs a restart or a re-creation."""
        return fingerprint(self.launch, self.engine)


def fingerprint(launch: Launch, engine: str = "process") -> str:
    """32 hex digits that are equal exactly when two launches are."""
    from hashlib import blake2b

    encoded = packed.encode((launch, engine), order="deterministic")
    return blake2b(encoded, digest_size=16).hexdigest()
