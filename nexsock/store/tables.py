"""The tables of a project's state document, row by row. A changed column is a new migration (see migrations/).

    {"meta": {"1": MetaRow}, "service": {"1": ServiceRow, ...}, "service_config": {...}, "service_dependency": {...},
     "run": {...}, "launch": {...}, "environment": {...}}

Row ids count from 1 in each table and stand in the row too. Values of the environment are only in `launch`, as they
are shown: no secret is in any table, and of what was inherited only the names, with a mark of 16 bits each.
"""

from typing import Any, Literal, TypeAlias

from msgspec import Struct

from nexsock.model.plugin import Denial, PluginChange
from nexsock.model.service import Condition
from nexsock.model.state import Cause, Exit, Intent, Phase, Selection, Stopping

META, SERVICE, CONFIG, DEPENDENCY, RUN = "meta", "service", "service_config", "service_dependency", "run"
LAUNCH, ENVIRONMENT = "launch", "environment"
TABLES = (META, SERVICE, CONFIG, DEPENDENCY, RUN, LAUNCH, ENVIRONMENT)

Document: TypeAlias = dict[str, dict[str, dict[str, Any]]]
"""A whole state as plain values: table, row id as text, row. What migrations work on."""


class MetaRow(Struct, frozen=True, kw_only=True):
    """The one row of `meta`: the schema of the document, and the project it belongs to."""

    schema: int
    id: str = ""
    name: str = ""
    directory: str = ""
    files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    watching: bool = False
    selection: Selection = Selection()
    up_at: float | None = None


class ServiceRow(Struct, frozen=True, kw_only=True):
    """One service. `status` None: declared in the file, nothing recorded yet.

    `port` is the first declared one; `repo_url` and `repo_path` are None for a service without its own repository.
    `run` is the number of the latest run, in table `run`.
    """

    id: int
    name: str
    repo_url: str | None = None
    repo_path: str | None = None
    port: int | None = None
    status: Phase | None = None
    config_id: int | None = None
    since_at: float = 0.0
    reason: str = ""
    intent: Intent = "unset"
    run: int | None = None
    replace: Cause | None = None
    stopping: Stopping | None = None
    health: Literal["starting", "healthy", "unhealthy"] | None = None
    restarts: int = 0
    attempts: int = 0
    failed_mono: tuple[float, ...] = ()
    retry_mono: float | None = None
    done_fingerprint: str | None = None
    survivors: tuple[int, ...] = ()


class ConfigRow(Struct, frozen=True, kw_only=True):
    """How a service is run: its first rendered config, if any, and its command.

    The command may hold what the file interpolated into it; of that, secrets are masked.
    """

    id: int
    filename: str | None
    format: str | None
    run_command: str


class DependencyRow(Struct, frozen=True, kw_only=True):
    """`service_id` needs `dependent_service_id` (the name is that of the first schema)."""

    id: int
    service_id: int
    dependent_service_id: int
    condition: Condition
    tunnel_enabled: bool


class RunRow(Struct, frozen=True, kw_only=True):
    """One start of a service (model.state.Run)."""

    id: int
    service_id: int
    number: int
    instance: str
    cause: Cause
    fingerprint: str
    pid: int | None = None
    start_ticks: int | None = None
    boot_id: str = ""
    started_at: float | None = None
    started_mono: float | None = None
    ready_at: float | None = None
    ready_mono: float | None = None
    exit: Exit | None = None
    commit: str | None = None
    asked_at: float | None = None
    begun_at: float | None = None
    ended: Cause | None = None
    inherited: str | None = None
    altered: tuple[PluginChange, ...] = ()
    denied: Denial | None = None


class LaunchRow(Struct, frozen=True, kw_only=True):
    """What the runs of a service with this fingerprint were launched with (model.state.Snapshot)."""

    id: int
    service_id: int
    fingerprint: str
    fields: dict[str, str] = {}
    marks: dict[str, str] = {}


class EnvironmentRow(Struct, frozen=True, kw_only=True):
    """The variables that runs inherited (plan.snapshot.inherited)."""

    id: int
    digest: str
    marks: dict[str, str] = {}


Row: TypeAlias = MetaRow | ServiceRow | ConfigRow | DependencyRow | RunRow | LaunchRow | EnvironmentRow
ROWS: dict[str, type[Row]] = {
    META: MetaRow,
    SERVICE: ServiceRow,
    CONFIG: ConfigRow,
    DEPENDENCY: DependencyRow,
    RUN: RunRow,
    LAUNCH: LaunchRow,
    ENVIRONMENT: EnvironmentRow,
}
