"""The plugin contract: which hooks there are, what each is told, what it may answer, and what a plugin says of itself.

A plugin is one file with functions named after hooks. Each is given the fields of its call as below (a native plugin
by keyword, only those that it names, and `nexsock` where it names that, see plugins.body; a Lua plugin as one table,
with `nexsock` a global), and answers one of

    nothing                                 allow: it may happen as it is
    {"deny": "why not"}                     deny: it does not happen, and the user reads the reason
    {"environment": {"PORT": "4000"}}       modify: it happens with the changes that the hook takes

    hook          called                                             deny   modify
    pre_command   before a command of the user's changes anything     yes   -
    pre_start     before a service is started                         yes   environment, command
    post_start    when its program has been executed                  -     -
    on_ready      when it is ready                                    -     -
    on_exit       when its main process has ended                     -     -
    pre_stop      before a service is told to end                     yes   grace_s
    post_stop     when nothing of a run is left                       -     -
    on_plan       when a plan was made for somebody                   -     notes

Plugins are asked by priority, the lowest first, then by name. Each sees what those before it have changed; after a
deny nobody else is asked. Everything is plain data: texts, numbers, true and false, lists, tables.
"""

from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from nexsock.model.plugin import Denial, OnFailure, PluginChange, PluginNote

ABI = "1.0"
"""MAJOR.MINOR. A plugin runs here if its major is ours and its minor not above ours: what is added raises the minor."""

HookName = Literal["pre_command", "pre_start", "post_start", "on_ready", "on_exit", "pre_stop", "post_stop", "on_plan"]

# -- what a hook is told. Each has these two, too: `project`, the name of the project, and `directory`, its folder.


class PreCommand(Struct, frozen=True, kw_only=True):
    """A command of the user's that changes something is about to begin. It may be denied, not changed."""

    project: str
    directory: str
    command: str
    """as it is typed: "up", "down", "start", "stop", "restart", "kill", "git checkout" """
    services: tuple[str, ...] = ()
    """those that were named; none: all that are active"""


class PreStart(Struct, frozen=True, kw_only=True):
    """A run of a service is about to begin. Secrets are not among its variables yet.

    With `preview` somebody only wants to see what would happen, or a run is not to be given up for one that would be
    refused: answer the same, and do nothing else.
    """

    project: str
    directory: str
    service: str
    run: int
    """its number, counted from 1"""
    cause: str
    """why it is started, for people: "it was wanted", "environment.PORT changed" """
    command: tuple[str, ...]
    """the program and its arguments"""
    working_dir: str
    environment: dict[str, str] = {}
    """all variables that it will get; empty for a plugin without the capability `environment`"""
    ports: dict[str, int] = {}
    """its own, by name"""
    preview: bool = False


class PostStart(Struct, frozen=True, kw_only=True):
    """The program of a service has been executed. `pid` is None where there is no process (external)."""

    project: str
    directory: str
    service: str
    run: int
    pid: int | None = None


class OnReady(Struct, frozen=True, kw_only=True):
    """A service became ready, `took_s` seconds after its program was executed."""

    project: str
    directory: str
    service: str
    run: int
    pid: int | None = None
    took_s: float | None = None
    ports: dict[str, int] = {}


class OnExit(Struct, frozen=True, kw_only=True):
    """The main process of a service has ended. `exit_code` is 0 to 255, or 128 + n after `signal` n; None: unknown."""

    project: str
    directory: str
    service: str
    run: int
    exit_code: int | None = None
    signal: str | None = None
    """"SIGKILL", where a signal ended it"""
    reason: str = ""
    """for people: "exited with 1" """
    expected: bool = False
    """it was told to end, or is a oneshot that has succeeded"""
    uptime_s: float | None = None


class PreStop(Struct, frozen=True, kw_only=True):
    """A service is about to be told to end, because somebody asked for that or for a new run of it.

    Not called for a run that has failed or must be ended at once, which nothing may keep.
    """

    project: str
    directory: str
    service: str
    run: int
    reason: str = ""
    """for people: "stop was asked for" """
    grace_s: float = 10.0
    """how long it has before it is killed"""


class PostStop(Struct, frozen=True, kw_only=True):
    """Nothing of a run is left, however it came to its end."""

    project: str
    directory: str
    service: str
    run: int
    reason: str = ""
    unhealthy: bool = False
    """its healthcheck had failed, and it was ended to be started again"""


class PlannedStep(Struct, frozen=True, kw_only=True):
    action: str
    """"start", "run", "stop", "restart", "update", "signal", "adopt" or "forget" """
    service: str
    reason: str


class OnPlan(Struct, frozen=True, kw_only=True):
    """A plan was made for a command. With `preview` it is only shown (`nexsock plan`), else it is carried out now."""

    project: str
    directory: str
    steps: tuple[PlannedStep, ...] = ()
    holds: tuple[str, ...] = ()
    """what cannot be done yet, as lines for people"""
    preview: bool = False


Event = PreCommand | PreStart | PostStart | OnReady | OnExit | PreStop | PostStop | OnPlan
Notice = PostStart | OnReady | OnExit | PostStop
"""What has happened already: plugins are told, and nobody waits for an answer."""

EVENTS: dict[str, type[Event]] = {
    "pre_command": PreCommand,
    "pre_start": PreStart,
    "post_start": PostStart,
    "on_ready": OnReady,
    "on_exit": OnExit,
    "pre_stop": PreStop,
    "post_stop": PostStop,
    "on_plan": OnPlan,
}
HOOKS = tuple(EVENTS)
_NAMES = {event: name for name, event in EVENTS.items()}

# -- what a hook may answer


class Changes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that a hook can change; which of it a hook takes is in MAY_CHANGE. None: nothing."""

    environment: dict[str, str | None] | None = None
    """variables to set; None (in Lua: false) takes one away"""
    command: tuple[str, ...] | None = None
    grace_s: float | None = None
    notes: tuple[str, ...] | None = None
    """lines to be shown below the plan"""


class Allow(Struct, frozen=True):
    """It may happen as it is."""


class Modify(Struct, frozen=True):
    """It may happen with these changes."""

    changes: Changes


class Deny(Struct, frozen=True):
    """It must not happen."""

    reason: str


Answer = Allow | Modify | Deny

MAY_DENY = frozenset({"pre_command", "pre_start", "pre_stop"})
MAY_CHANGE: dict[str, frozenset[str]] = {
    "pre_start": frozenset({"environment", "command"}),
    "pre_stop": frozenset({"grace_s"}),
    "on_plan": frozenset({"notes"}),
}

CAPABILITIES = {
    "deny": "may say no",
    "environment": "sees and changes the variables of services",
    "command": "changes the command of services",
    "grace_s": "changes how long services have to end",
    "notes": "adds lines to plans",
    "services": "sees the list of services and how they do",
    "storage": "keeps data of its own",
}
"""What a plugin can ask for in its manifest. It can do nothing that it has not asked for."""

# -- events as plain data, and back


def name_of(event: Event) -> str:
    """The hook that an event is for."""
    return _NAMES[type(event)]


def to_plain(event: Event) -> dict[str, Any]:
    """The arguments of a hook by name."""
    plain: dict[str, Any] = msgspec.to_builtins(event)
    return plain


def from_plain(hook: str, plain: dict[str, Any]) -> Event:
    """The event that `to_plain` was given.

    Raises:
        msgspec.ValidationError: a field is missing or of another type.
    """
    return msgspec.convert(plain, EVENTS[hook])


# -- what a plugin says of itself, as a literal that is read before anything of it runs


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`NEXSOCK_PLUGIN = {"name": "gate", "abi": "1.0", ...}` at the top of the plugin."""

    name: str
    abi: str
    description: str = ""
    priority: int = 50
    """0 to 100, the lowest is asked first"""
    capabilities: tuple[str, ...] = ()
    """see CAPABILITIES"""
    hooks: tuple[str, ...] = ()
    """those that it answers to; empty: those of which it defines a function"""
    variables: tuple[str, ...] = ()
    """variables of the daemon's that a Lua plugin may read with `nexsock.env`; a native one reads them all"""
    on_failure: OnFailure | None = None
    """what holds when it has no answer: "open" lets things happen, "closed" does not. Default: "closed" with the
    capability `deny`, because a gate that is broken is not open; else "open" """
    timeout: float = 2.0
    """seconds that one call may take, 30 at most"""

    @property
    def fails_closed(self) -> bool:
        return (self.on_failure or ("closed" if "deny" in self.capabilities else "open")) == "closed"


# -- how everybody else calls plugins (nexsock.plugins.host does it)


class StartVerdict(Struct, frozen=True, kw_only=True):
    """How a service is to be started: `command` and `environment` are complete, with all `changes` made."""

    command: tuple[str, ...]
    environment: dict[str, str]
    changes: tuple[PluginChange, ...] = ()
    denied: Denial | None = None


class StopVerdict(Struct, frozen=True, kw_only=True):
    grace_s: float
    changes: tuple[PluginChange, ...] = ()
    denied: Denial | None = None


class Hooks(Protocol):
    """Asks and tells plugins. Every answer comes in time, whatever a plugin does; nothing is raised."""

    def wanted(self, hook: HookName, directory: str) -> bool:
        """Whether a plugin listens, in the project in this folder. False: calling would change nothing, so do not."""

    async def pre_command(self, event: PreCommand) -> Denial | None: ...
    async def pre_start(self, event: PreStart) -> StartVerdict: ...
    async def pre_stop(self, event: PreStop) -> StopVerdict: ...
    async def on_plan(self, event: OnPlan) -> tuple[PluginNote, ...]: ...

    def tell(self, event: Notice) -> None:
        """Returns at once; each plugin hears of things in the order in which they were told."""


class NoHooks:
    """Nobody listens."""

    def wanted(self, _hook: HookName, _directory: str) -> bool:
        return False

    async def pre_command(self, _event: PreCommand) -> Denial | None:
        return None

    async def pre_start(self, event: PreStart) -> StartVerdict:
        return StartVerdict(command=event.command, environment=event.environment)

    async def pre_stop(self, event: PreStop) -> StopVerdict:
        return StopVerdict(grace_s=event.grace_s)

    async def on_plan(self, _event: OnPlan) -> tuple[PluginNote, ...]:
        return ()

    def tell(self, event: Notice) -> None: ...
