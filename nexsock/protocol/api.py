"""Every operation of the daemon, once. The daemon implements `Api`; clients call it; the table puts it on the wire.

A request names its project by `ProjectRef`. Operations that return an AsyncIterator are streams: items, then the
end; all others answer once. Errors are those of nexsock.errors.
"""

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from msgspec import Struct

from nexsock.model.edit import Definition, EditStatus, ListedDependency
from nexsock.model.event import Event
from nexsock.model.git import Branch, CheckoutStatus, Commit, GitItem
from nexsock.model.log import LogLine, LogQuery
from nexsock.model.plugin import PluginStatus
from nexsock.model.project import ProjectRef, check_variables
from nexsock.model.status import (
    DaemonStatus,
    Graph,
    Leftover,
    Outcome,
    PlanStatus,
    ProjectStatus,
    ProjectSummary,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceEnvironment,
    Timings,
    Usage,
    Why,
)
from nexsock.model.terminal import TerminalPiece


class Nothing(Struct, frozen=True):
    """No arguments, or no result."""


class UpRequest(Struct, frozen=True, kw_only=True):
    """`services` empty: everything that is active. `project.environ` is required."""

    project: ProjectRef
    services: tuple[str, ...] = ()
    no_deps: bool = False
    force_restart: bool = False
    watch: bool | None = None
    """True turns watching on, False off, None leaves it"""
    wait: bool = True
    """stream until everything wanted has settled; False ends the stream when the plan was taken up"""
    timeout_s: float | None = None
    digest: str | None = None
    """that of the plan that was looked at: if anything else would be done by now, nothing is"""


class DownRequest(Struct, frozen=True, kw_only=True):
    """`services` empty: everything. `timeout_s` replaces the grace period; 0 kills at once."""

    project: ProjectRef
    services: tuple[str, ...] = ()
    timeout_s: float | None = None


class ServicesRequest(Struct, frozen=True, kw_only=True):
    """start, stop, restart. `project.environ` is required to start."""

    project: ProjectRef
    services: tuple[str, ...]
    timeout_s: float | None = None
    wait: bool = True
    environment: dict[str, str] = {}
    """start and restart: variables for this run only"""

    def __post_init__(self) -> None:
        check_variables(self.environment)


class ServiceRequest(Struct, frozen=True, kw_only=True):
    project: ProjectRef
    service: str
    pid: int | None = None
    """only for `command`: the process that will become it; its secrets are fetched, and lie there until it ends"""
    verb: Literal["run", "exec"] = "run"
    """only for `command`: as what it was typed"""


class DiffRequest(Struct, frozen=True, kw_only=True):
    """Two runs by number; below 1 it counts from the last (0). None: the last but one, and the last."""

    project: ProjectRef
    service: str
    first: int | None = None
    second: int | None = None


class KillRequest(Struct, frozen=True, kw_only=True):
    project: ProjectRef
    services: tuple[str, ...]
    signal: str = "SIGKILL"


class WaitTarget(Struct, frozen=True, kw_only=True):
    """`condition` as in depends_on, or "stopped"; None is the default of a dependency on it."""

    service: str
    condition: str | None = None


class WaitRequest(Struct, frozen=True, kw_only=True):
    project: ProjectRef
    targets: tuple[WaitTarget, ...]
    timeout_s: float | None = None


class PlanRequest(Struct, frozen=True, kw_only=True):
    project: ProjectRef
    services: tuple[str, ...] = ()
    no_deps: bool = False
    force_restart: bool = False


class WatchRequest(Struct, frozen=True, kw_only=True):
    project: ProjectRef
    on: bool = True


class LogsRequest(Struct, frozen=True, kw_only=True):
    project: ProjectRef
    query: LogQuery
    follow: bool = False


class TopRequest(Struct, frozen=True, kw_only=True):
    """`services` empty: all. `samples` None: as long as somebody reads. The first comes after one interval."""

    project: ProjectRef
    services: tuple[str, ...] = ()
    interval_s: float = 1.0
    samples: int | None = 1


class EventsRequest(Struct, frozen=True, kw_only=True):
    """`project` None: of all projects."""

    project: ProjectRef | None = None
    follow: bool = False
    since: float | None = None
    services: tuple[str, ...] = ()


class AttachRequest(Struct, frozen=True, kw_only=True):
    """Look at a service's terminal. `viewer` is a name that nobody else has; the terminal is as large as the smallest
    of its viewers' (`rows`, `columns`).

    `place` None: begin with the last screenful. Else that of the last piece that was drawn: go on behind it.
    """

    project: ProjectRef
    service: str
    viewer: str
    rows: int
    columns: int
    place: int | None = None


class TypeRequest(Struct, frozen=True, kw_only=True):
    """Bytes as a keyboard sends them."""

    project: ProjectRef
    service: str
    keys: bytes


class Typed(Struct, frozen=True, kw_only=True):
    """How many of the bytes the terminal took; it takes no more while the service does not read."""

    taken: int


class ResizeRequest(Struct, frozen=True, kw_only=True):
    """A viewer that is attached has another size now."""

    project: ProjectRef
    service: str
    viewer: str
    rows: int
    columns: int


class GitCheckoutRequest(Struct, frozen=True, kw_only=True):
    """`ref` is a branch, or with `commit` the id of a commit; "" is what the file asks for.

    `create` makes the branch.
    """

    project: ProjectRef
    service: str
    ref: str = ""
    commit: bool = False
    create: bool = False


class GitBranchesRequest(Struct, frozen=True, kw_only=True):
    project: ProjectRef
    service: str
    remote: bool = False


class GitLogRequest(Struct, frozen=True, kw_only=True):
    """`branch` "": what is checked out. `count` is at most 10,000."""

    project: ProjectRef
    service: str
    count: int = 20
    branch: str = ""


class CommandSpec(Struct, frozen=True, kw_only=True):
    """What a client needs to run a command as a service would: the answer to `run` and `exec`.

    The client itself runs it, on its own terminal; `environment` is complete.
    """

    command: tuple[str, ...]
    working_dir: str
    environment: dict[str, str]
    skip: str = ""
    """why a oneshot need not run, where that is known"""
    values: dict[str, str] = {}
    """the paths of files with the values of more variables: no answer has a secret in it"""


class RenderRequest(Struct, frozen=True, kw_only=True):
    """A hot command: the daemon does it and renders the text, so that the client need not load a renderer.

    `services` and the options below are what followed the command's name; `status` takes exactly one service.
    """

    project: ProjectRef
    command: Literal["ps", "status", "start", "stop", "restart", "logs", "up", "down"]
    services: tuple[str, ...] = ()
    json: bool = False
    colour: bool = False
    columns: int = 80
    all: bool = False
    lines: int | None = None
    follow: bool = False
    no_deps: bool = False
    force_restart: bool = False
    watch: bool | None = None

    def __post_init__(self) -> None:
        if self.command == "status" and not self.services:
            raise ValueError("'status' needs the name of a service")


class Rendered(Struct, frozen=True, kw_only=True):
    """A piece of output; the last piece carries the exit status."""

    out: str = ""
    err: str = ""
    exit_status: int | None = None


class Progress(Struct, frozen=True, kw_only=True):
    """An item of the streams of up, down, start, stop, restart, wait: an event, or at the end the outcome."""

    event: Event | None = None
    outcome: Outcome | None = None


class DatabaseRequest(Struct, frozen=True, kw_only=True):
    """`status` looks, `migrate` goes to the newest schema, `rollback` goes back `steps` and leaves the store closed."""

    project: ProjectRef
    action: Literal["status", "migrate", "rollback"] = "status"
    steps: int = 1


class DatabaseStatus(Struct, frozen=True, kw_only=True):
    """`applied` and `pending` are names of migrations, in order."""

    path: str
    version: int
    newest: int
    applied: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


class LeftoversRequest(Struct, frozen=True, kw_only=True):
    """`remove`: ids of leftovers to take away; what is answered are those that were. Empty: look only."""

    remove: tuple[str, ...] = ()


class PluginsRequest(Struct, frozen=True, kw_only=True):
    """`project` None: of all projects."""

    project: ProjectRef | None = None


class ShutdownRequest(Struct, frozen=True, kw_only=True):
    """`restart` replaces the brain by new code; services stay in either case."""

    restart: bool = False


class AddServiceRequest(Struct, frozen=True, kw_only=True):
    """`fields` as in model.edit.Edit. With `apply`, a project that is up takes the change up at once.

    `project.environ` is required by all requests that change the file: it is validated with these variables.
    """

    project: ProjectRef
    service: str
    fields: dict[str, str] = {}
    apply: bool = True


class RemoveServiceRequest(Struct, frozen=True, kw_only=True):
    """`force`: together with the dependencies on it."""

    project: ProjectRef
    service: str
    force: bool = False
    apply: bool = True


class UpdateConfigRequest(Struct, frozen=True, kw_only=True):
    """`fields`, `unset` and `digest` as in model.edit.Edit."""

    project: ProjectRef
    service: str
    fields: dict[str, str] = {}
    unset: tuple[str, ...] = ()
    digest: str | None = None
    apply: bool = True


class DependencyRequest(Struct, frozen=True, kw_only=True):
    """`service` needs, or no longer needs, each of `others`; `fields` are those of a dependency: "condition"."""

    project: ProjectRef
    service: str
    others: tuple[str, ...]
    fields: dict[str, str] = {}
    apply: bool = True


class Api(Protocol):
    """The daemon as its clients see it (daemon.local in process, client.remote over a socket)."""

    async def ping(self, request: Nothing) -> Nothing: ...
    async def system_status(self, request: Nothing) -> DaemonStatus: ...
    async def shutdown(self, request: ShutdownRequest) -> Nothing: ...
    async def leftovers(self, request: LeftoversRequest) -> tuple[Leftover, ...]: ...
    async def list_projects(self, request: Nothing) -> tuple[ProjectSummary, ...]: ...

    def up(self, request: UpRequest) -> AsyncIterator[Progress]: ...
    def down(self, request: DownRequest) -> AsyncIterator[Progress]: ...
    def start_service(self, request: ServicesRequest) -> AsyncIterator[Progress]: ...
    def stop_service(self, request: ServicesRequest) -> AsyncIterator[Progress]: ...
    def restart_service(self, request: ServicesRequest) -> AsyncIterator[Progress]: ...
    def wait(self, request: WaitRequest) -> AsyncIterator[Progress]: ...
    async def kill(self, request: KillRequest) -> ProjectStatus: ...
    async def watch(self, request: WatchRequest) -> ProjectStatus: ...

    async def plan(self, request: PlanRequest) -> PlanStatus: ...
    async def list_services(self, request: ServicesRequest) -> ProjectStatus: ...
    async def service_status(self, request: ServiceRequest) -> ServiceDetail: ...
    async def why(self, request: ServiceRequest) -> Why: ...
    async def history(self, request: ServiceRequest) -> tuple[RunStatus, ...]: ...
    async def diff(self, request: DiffRequest) -> RunDiff: ...
    async def timings(self, request: ServicesRequest) -> Timings: ...
    async def graph(self, request: PlanRequest) -> Graph: ...
    async def environment(self, request: ServiceRequest) -> ServiceEnvironment: ...
    async def command(self, request: ServiceRequest) -> CommandSpec: ...

    async def add_service(self, request: AddServiceRequest) -> EditStatus: ...
    async def remove_service(self, request: RemoveServiceRequest) -> EditStatus: ...
    async def update_config(self, request: UpdateConfigRequest) -> EditStatus: ...
    async def get_config(self, request: ServiceRequest) -> Definition: ...
    async def add_dependency(self, request: DependencyRequest) -> EditStatus: ...
    async def remove_dependency(self, request: DependencyRequest) -> EditStatus: ...
    async def list_dependencies(self, request: ServicesRequest) -> tuple[ListedDependency, ...]: ...

    async def git_status(self, request: ServicesRequest) -> tuple[CheckoutStatus, ...]: ...
    async def git_branches(self, request: GitBranchesRequest) -> tuple[Branch, ...]: ...
    async def git_log(self, request: GitLogRequest) -> tuple[Commit, ...]: ...
    def git_clone(self, request: ServicesRequest) -> AsyncIterator[GitItem]: ...
    def git_fetch(self, request: ServicesRequest) -> AsyncIterator[GitItem]: ...
    def git_pull(self, request: ServicesRequest) -> AsyncIterator[GitItem]: ...
    def git_checkout(self, request: GitCheckoutRequest) -> AsyncIterator[GitItem]: ...

    async def database(self, request: DatabaseRequest) -> DatabaseStatus: ...
    async def plugins(self, request: PluginsRequest) -> tuple[PluginStatus, ...]: ...

    def logs(self, request: LogsRequest) -> AsyncIterator[LogLine]: ...
    def events(self, request: EventsRequest) -> AsyncIterator[Event]: ...
    def top(self, request: TopRequest) -> AsyncIterator[Usage]: ...
    def attach(self, request: AttachRequest) -> AsyncIterator[TerminalPiece]: ...
    async def type_keys(self, request: TypeRequest) -> Typed: ...
    async def resize_terminal(self, request: ResizeRequest) -> Nothing: ...
    def render(self, request: RenderRequest) -> AsyncIterator[Rendered]: ...


class Operation(Struct, frozen=True, kw_only=True):
    """One row of the table: the number on the wire, the method of `Api`, and the types that travel."""

    number: int
    name: str
    request: type
    reply: object
    stream: bool = False
    command: str = ""
    """as it is typed, of what changes something in a project: plugins are asked before it (hooks.PreCommand)"""


OPERATIONS: tuple[Operation, ...] = (
    Operation(number=1, name="start_service", request=ServicesRequest, reply=Progress, stream=True, command="start"),
    Operation(number=2, name="stop_service", request=ServicesRequest, reply=Progress, stream=True, command="stop"),
    Operation(
        number=3, name="restart_service", request=ServicesRequest, reply=Progress, stream=True, command="restart"
    ),
    Operation(number=4, name="service_status", request=ServiceRequest, reply=ServiceDetail),
    Operation(number=5, name="add_service", request=AddServiceRequest, reply=EditStatus, command="add"),
    Operation(number=6, name="remove_service", request=RemoveServiceRequest, reply=EditStatus, command="remove"),
    Operation(number=7, name="list_services", request=ServicesRequest, reply=ProjectStatus),
    Operation(number=8, name="update_config", request=UpdateConfigRequest, reply=EditStatus, command="config update"),
    Operation(number=9, name="get_config", request=ServiceRequest, reply=Definition),
    Operation(number=10, name="add_dependency", request=DependencyRequest, reply=EditStatus, command="dependency add"),
    Operation(
        number=11, name="remove_dependency", request=DependencyRequest, reply=EditStatus, command="dependency remove"
    ),
    Operation(number=12, name="up", request=UpRequest, reply=Progress, stream=True, command="up"),
    Operation(number=13, name="down", request=DownRequest, reply=Progress, stream=True, command="down"),
    Operation(number=14, name="plan", request=PlanRequest, reply=PlanStatus),
    Operation(number=15, name="wait", request=WaitRequest, reply=Progress, stream=True),
    Operation(number=16, name="kill", request=KillRequest, reply=ProjectStatus, command="kill"),
    Operation(number=17, name="watch", request=WatchRequest, reply=ProjectStatus, command="watch"),
    Operation(number=18, name="why", request=ServiceRequest, reply=Why),
    Operation(number=19, name="history", request=ServiceRequest, reply=tuple[RunStatus, ...]),
    Operation(number=23, name="graph", request=PlanRequest, reply=Graph),
    Operation(number=24, name="environment", request=ServiceRequest, reply=ServiceEnvironment),
    Operation(number=25, name="command", request=ServiceRequest, reply=CommandSpec, command="run"),
    Operation(number=31, name="git_status", request=ServicesRequest, reply=tuple[CheckoutStatus, ...]),
    Operation(
        number=32, name="git_checkout", request=GitCheckoutRequest, reply=GitItem, stream=True, command="git checkout"
    ),
    Operation(number=33, name="git_pull", request=ServicesRequest, reply=GitItem, stream=True, command="git pull"),
    Operation(number=34, name="git_log", request=GitLogRequest, reply=tuple[Commit, ...]),
    Operation(number=35, name="git_branches", request=GitBranchesRequest, reply=tuple[Branch, ...]),
    Operation(number=36, name="git_clone", request=ServicesRequest, reply=GitItem, stream=True, command="git clone"),
    Operation(number=37, name="git_fetch", request=ServicesRequest, reply=GitItem, stream=True, command="git fetch"),
    Operation(number=30, name="database", request=DatabaseRequest, reply=DatabaseStatus),
    Operation(number=26, name="logs", request=LogsRequest, reply=LogLine, stream=True),
    Operation(number=27, name="events", request=EventsRequest, reply=Event, stream=True),
    Operation(number=28, name="render", request=RenderRequest, reply=Rendered, stream=True),
    Operation(number=29, name="list_projects", request=Nothing, reply=tuple[ProjectSummary, ...]),
    Operation(number=39, name="list_dependencies", request=ServicesRequest, reply=tuple[ListedDependency, ...]),
    Operation(number=40, name="shutdown", request=ShutdownRequest, reply=Nothing),
    Operation(number=41, name="system_status", request=Nothing, reply=DaemonStatus),
    Operation(number=42, name="ping", request=Nothing, reply=Nothing),
    Operation(number=51, name="diff", request=DiffRequest, reply=RunDiff),
    Operation(number=52, name="timings", request=ServicesRequest, reply=Timings),
    Operation(number=53, name="top", request=TopRequest, reply=Usage, stream=True),
    Operation(number=54, name="leftovers", request=LeftoversRequest, reply=tuple[Leftover, ...]),
    Operation(number=55, name="plugins", request=PluginsRequest, reply=tuple[PluginStatus, ...]),
    Operation(number=60, name="attach", request=AttachRequest, reply=TerminalPiece, stream=True),
    Operation(number=61, name="type_keys", request=TypeRequest, reply=Typed),
    Operation(number=62, name="resize_terminal", request=ResizeRequest, reply=Nothing),
)
"""Numbers up to 42 follow the first generation of the protocol where the meaning is the same; none is used twice."""

BY_NUMBER = {operation.number: operation for operation in OPERATIONS}
BY_NAME = {operation.name: operation for operation in OPERATIONS}
