"""What clients are told: the documents behind `ps`, `status`, `why`, `up` and their `--json`.

Field names are the JSON keys that programs rely on (docs/json.md): new ones may be added, none is renamed. Times are
unix seconds here and RFC 3339 strings in JSON (keys `at`, `since`, `*_at`); None is left out of JSON.
"""

from typing import Literal

from msgspec import Struct

from nexsock.model.log import LogSlice
from nexsock.model.plan import FieldChange, Plan, Skip
from nexsock.model.plugin import Denial, PluginChange, PluginNote
from nexsock.model.problem import Problem
from nexsock.model.state import CauseKind, Phase


class GitStatus(Struct, frozen=True, kw_only=True):
    branch: str | None = None
    commit: str | None = None


class ServiceStatus(Struct, frozen=True, kw_only=True):
    """One line of `ps`. `health` is "-" without a healthcheck; `stale` means that a restart is pending."""

    name: str
    phase: Phase
    ready: bool
    health: str = "-"
    reason: str = ""
    pid: int | None = None
    ports: dict[str, int] = {}
    uptime_s: float | None = None
    restarts: int = 0
    exit_code: int | None = None
    run: int | None = None
    stale: bool = False
    git: GitStatus | None = None
    oneshot: bool = False
    active: bool = True
    command: str = ""


class ConfigFault(Struct, frozen=True, kw_only=True):
    """The file on disk is broken; an older, good version is live."""

    since: float
    problems: tuple[Problem, ...]


class ProjectInfo(Struct, frozen=True, kw_only=True):
    name: str
    dir: str
    id: str
    config_error: ConfigFault | None = None
    watching: bool = False
    files: tuple[str, ...] = ()


class ProjectStatus(Struct, frozen=True, kw_only=True):
    """The document of `ps`."""

    project: ProjectInfo
    services: tuple[ServiceStatus, ...]


class DependencyStatus(Struct, frozen=True, kw_only=True):
    name: str
    condition: str
    met: bool
    required: bool = True


class ProbeStatus(Struct, frozen=True, kw_only=True):
    kind: str
    ok: bool | None
    output: str = ""
    at: float | None = None


class TunnelStatus(Struct, frozen=True, kw_only=True):
    """An address at which a service reaches something that it needs. Figures are None where nobody could be asked.

    `connections` are forwarded now, `waiting` not yet. `bytes_in` came from the target, `bytes_out` went to it.
    """

    name: str
    listen: str
    target: str
    connections: int | None = None
    waiting: int | None = None
    bytes_in: int | None = None
    bytes_out: int | None = None
    error: str | None = None
    """what stood in the way of the last try to get there"""


class RunStatus(Struct, frozen=True, kw_only=True):
    """One run of the history, newest first where there are several.

    Between `asked_at` and `begun_at` it was held. `ended` is why it had to end, where that is not its exit; `fields`
    are those that it was launched with otherwise than the run before.
    """

    run: int
    cause: str
    started_at: float | None = None
    ready_at: float | None = None
    exited_at: float | None = None
    exit_code: int | None = None
    exit: str | None = None
    pid: int | None = None
    fingerprint: str = ""
    commit: str | None = None
    origin: str | None = None
    kind: CauseKind = "user"
    asked_at: float | None = None
    begun_at: float | None = None
    ended: str | None = None
    fields: tuple[FieldChange, ...] = ()
    log: tuple[LogSlice, ...] = ()
    altered: tuple[PluginChange, ...] = ()
    """what plugins made different from what the file says"""
    denied: Denial | None = None
    """the plugin that did not let it start"""


class RunDiff(Struct, frozen=True, kw_only=True):
    """The document of `diff SERVICE RUN RUN`. `known`: it is remembered what both were launched with."""

    service: str
    old: RunStatus
    new: RunStatus
    fields: tuple[FieldChange, ...] = ()
    same_launch: bool = True
    known: bool = True
    inherited: tuple[str, ...] = ()
    """names of variables that were inherited with another value, or by one of the two only"""


class Timing(Struct, frozen=True, kw_only=True):
    """One service in the last `up`: held for so long, then starting; `ready_at_s` counts from the `up`."""

    name: str
    held_s: float
    starting_s: float
    ready_at_s: float | None = None
    on_critical_path: bool = False
    phase: str = ""


class Timings(Struct, frozen=True, kw_only=True):
    """The document of `timings`, in the order in which services began. `up_at` None: no `up` is remembered."""

    services: tuple[Timing, ...] = ()
    critical_path: tuple[str, ...] = ()
    total_s: float = 0.0
    up_at: float | None = None


class ServiceDetail(Struct, frozen=True, kw_only=True):
    """The document of `status SERVICE`: the line of `ps` and what stands around it."""

    service: ServiceStatus
    command: str
    working_dir: str
    depends_on: tuple[DependencyStatus, ...] = ()
    required_by: tuple[str, ...] = ()
    probes: tuple[ProbeStatus, ...] = ()
    tunnels: tuple[TunnelStatus, ...] = ()
    history: tuple[RunStatus, ...] = ()
    log_file: str = ""
    origin: str | None = None
    description: str = ""
    project: ProjectInfo | None = None
    labels: dict[str, str] = {}


class Because(Struct, frozen=True, kw_only=True):
    """One link of the chain from symptom to cause."""

    service: str
    because: str
    since: float | None = None
    origin: str | None = None


class Next(Struct, frozen=True, kw_only=True):
    """What nexsock will do next by itself, and when (unix seconds; None: when the event comes)."""

    action: str
    at: float | None = None


class LastChange(Struct, frozen=True, kw_only=True):
    """What a service that does not work is launched with otherwise than in the last run that worked.

    `fields` and commits empty: nothing that nexsock knows of. `run` and `at` are the first run with the change.
    """

    service: str
    worked_run: int
    worked_at: float | None = None
    run: int | None = None
    at: float | None = None
    fields: tuple[FieldChange, ...] = ()
    old_commit: str | None = None
    new_commit: str | None = None
    inherited: tuple[str, ...] = ()


class Why(Struct, frozen=True, kw_only=True):
    """The document of `why SERVICE`. What was said and seen last is of the service at the end of the chain; `run` is
    the current or last one of the service itself."""

    service: str
    phase: Phase
    chain: tuple[Because, ...]
    next: Next | None = None
    last_exit: str | None = None
    last_log: tuple[str, ...] = ()
    last_probe: str | None = None
    config_error: ConfigFault | None = None
    run: RunStatus | None = None
    last_exit_at: float | None = None
    last_change: LastChange | None = None
    advice: str | None = None
    """what a person can do, where nothing goes on by itself"""
    in_file: bool = True
    plugins: tuple[str, ...] = ()
    """what is wrong with plugins that are asked about this service, a sentence each"""


class Failure(Struct, frozen=True, kw_only=True):
    """A service that did not become what was wanted, with everything needed to mend it."""

    service: str
    reason: str
    chain: tuple[Because, ...] = ()
    last_log: tuple[str, ...] = ()
    last_probe: str | None = None
    denied: Denial | None = None
    """the plugin that did not let the culprit start"""


class Outcome(Struct, frozen=True, kw_only=True):
    """The document of `up`, `start`, `restart`, `stop`, `down`, `wait`."""

    ok: bool
    services: tuple[ServiceStatus, ...] = ()
    failed: tuple[Failure, ...] = ()
    took_s: float = 0.0
    project: ProjectInfo | None = None
    warnings: tuple[Problem, ...] = ()
    changes: int = 0
    """steps that were taken"""
    timed_out: bool = False
    skipped: tuple[Skip, ...] = ()
    """oneshots that need not run"""
    unsaved: str | None = None
    """why what was asked for is not on disk: a daemon that is killed before it is would not know of it"""
    notes: tuple[PluginNote, ...] = ()
    """what plugins had to say about the plan"""


class ServiceUsage(Struct, frozen=True, kw_only=True):
    """What a service and everything that it started use; all 0 where nothing of it runs. 100 % is one processor."""

    name: str
    phase: Phase
    pid: int | None = None
    processes: int = 0
    cpu_percent: float = 0.0
    memory_bytes: int = 0
    threads: int = 0
    descriptors: int = 0
    listening: tuple[int, ...] = ()
    """the TCP ports that it really listens on"""


class Usage(Struct, frozen=True, kw_only=True):
    """One document of `top`. `memory` says how it is counted: "pss" shares what processes share, "rss" does not."""

    at: float
    memory: Literal["pss", "rss"]
    services: tuple[ServiceUsage, ...] = ()
    project: ProjectInfo | None = None


class Foreseen(Struct, frozen=True, kw_only=True):
    """What plugins would do to the start of a service: change it, or not let it start."""

    service: str
    changes: tuple[PluginChange, ...] = ()
    denied: Denial | None = None


class PlanStatus(Struct, frozen=True, kw_only=True):
    """The document of `plan`. `digest`, of an `up`, orders this plan or nothing."""

    plan: Plan
    digest: str = ""
    warnings: tuple[Problem, ...] = ()
    project: ProjectInfo | None = None
    plugins: tuple[Foreseen, ...] = ()
    notes: tuple[PluginNote, ...] = ()
    """what plugins have to say about the plan"""


class ProjectSummary(Struct, frozen=True, kw_only=True):
    """One line of `ls`."""

    id: str
    name: str
    dir: str
    services: int
    running: int
    failed: int
    watching: bool = False
    config_error: bool = False
    branch: str | None = None
    """of the git checkout that the project's folder lies in"""


class Leftover(Struct, frozen=True, kw_only=True):
    """What a project that is gone, or a run, has left behind. With `advice`, what has to be done before it can be taken
    away."""

    id: str
    kind: Literal["project", "processes", "ports", "files"]
    text: str
    pids: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    size_bytes: int = 0
    advice: str | None = None


class GraphNode(Struct, frozen=True, kw_only=True):
    name: str
    phase: str


class GraphEdge(Struct, frozen=True, kw_only=True):
    """`from` needs `to`; the key of `from_` in JSON is "from"."""

    from_: str
    to: str
    condition: str
    tunnel: bool = False


class Graph(Struct, frozen=True, kw_only=True):
    """The document of `graph`: `order` is the layers, first the services that need nothing."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    order: tuple[tuple[str, ...], ...]


class ServiceEnvironment(Struct, frozen=True, kw_only=True):
    """The document of `env SERVICE`: what the process gets beyond the caller's own, secrets masked."""

    service: str
    environment: dict[str, str]


class DaemonStatus(Struct, frozen=True, kw_only=True):
    """The document of `daemon status`."""

    pid: int
    keeper_pid: int
    version: str
    protocol: int
    started_at: float
    socket: str
    projects: tuple[ProjectSummary, ...] = ()
    clients: int = 0
