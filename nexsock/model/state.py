"""What is recorded of each service and what the machine shows of it.

Times named `*_at` are unix seconds, for people. Times named `*_mono` are seconds of CLOCK_MONOTONIC and are what
decisions use; they mean nothing after a reboot (see `Run.boot_id`).
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from nexsock.model.plan import Hold
from nexsock.model.plugin import Denial, PluginChange
from nexsock.model.service import Service

Phase = Literal[
    "stopped", "blocked", "starting", "running", "ready", "unhealthy", "stopping", "backoff", "completed", "failed"
]
ALIVE: frozenset[Phase] = frozenset({"starting", "running", "ready", "unhealthy", "stopping"})
"""A process of the service may exist."""
SERVING: frozenset[Phase] = frozenset({"running", "ready"})
"""It does what it is for, as far as its healthcheck, if any, can tell."""
SETTLED: frozenset[Phase] = frozenset({"stopped", "running", "ready", "completed", "failed"})
"""Nothing more will happen without an event from outside."""

Intent = Literal["unset", "up", "stopped"]
"""What a person asked of this one service: `stopped` is remembered until `start` or `up` names it."""

CauseKind = Literal["user", "config", "watch", "crash", "dependency", "unhealthy", "adopted"]


class Cause(Struct, frozen=True, kw_only=True):
    """Why a run was started or ended: a kind for programs, a clause for people, and where it came from."""

    kind: CauseKind
    text: str
    origin: str | None = None


class Exit(Struct, frozen=True, kw_only=True):
    """How a run ended. `code` is 0 to 255, or 128 + n after signal n; None means that nobody could see it."""

    code: int | None
    at: float
    signal: str | None = None

    def __str__(self) -> str:
        if self.code is None:
            return "ended, exit status unknown"
        return f"ended by {self.signal}" if self.signal else f"exited with {self.code}"


class Snapshot(Struct, frozen=True, kw_only=True):
    """What a run was launched with: shown values by field, secrets masked; `marks` tell values apart that are hidden
    or cut off (plan.snapshot)."""

    fields: dict[str, str] = {}
    marks: dict[str, str] = {}


class Run(Struct, frozen=True, kw_only=True):
    """One start of a service. `instance` is unique for ever; `start_ticks` is field 22 of /proc/PID/stat.

    Its times in order: it was asked for, its start was begun (between the two it was held), its program was executed,
    it became ready, it exited. `ended` is why it had to end; a crash has its exit for a reason. `commit` is that of
    the checkout that its folder lies in.
    """

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
    """what is equal for runs that inherited the same variables (plan.snapshot.inherited)"""
    altered: tuple[PluginChange, ...] = ()
    """what plugins made different from what the file says, values as they are shown"""
    denied: Denial | None = None
    """the plugin that did not let it start"""


class Stopping(Struct, frozen=True, kw_only=True):
    """How far the end of a service has come (lifecycle.stop)."""

    cause: Cause
    since_mono: float
    kill_mono: float | None
    """when SIGKILL is due; None while the stop command or a hook runs"""
    killed: bool = False
    grace_s: float | None = None
    """how long it has, where a plugin has changed that"""


class Health(Struct, frozen=True, kw_only=True):
    """Counts of the probe (lifecycle.health). `verdict` is what the counts amount to."""

    verdict: Literal["starting", "healthy", "unhealthy"] = "starting"
    successes: int = 0
    failures: int = 0
    probes: int = 0
    last_output: str = ""
    last_ok: bool | None = None
    last_at: float | None = None


class Record(Struct, frozen=True, kw_only=True):
    """Everything that is remembered of one service. Replaced whole, never edited.

    `applied` is the service as it was last started or updated; a difference from the project is what a plan is made
    of. `replace` asks for a new run of what is alive now. `failed_mono` are the ends of failed runs in the window.
    """

    name: str
    phase: Phase = "stopped"
    since_at: float = 0.0
    reason: str = ""
    intent: Intent = "unset"
    applied: Service | None = None
    run: Run | None = None
    replace: Cause | None = None
    stopping: Stopping | None = None
    health: Health | None = None
    restarts: int = 0
    attempts: int = 0
    """failed runs in a row"""
    failed_mono: tuple[float, ...] = ()
    retry_mono: float | None = None
    done_fingerprint: str | None = None
    """of a completed oneshot: it need not run again while this is equal (inputs included)"""
    held: Hold | None = None
    """why its next step cannot be taken yet, as the last plan said"""
    survivors: tuple[int, ...] = ()
    """pids that would not end"""
    asked_at: float | None = None
    """since when a start is wanted that has not been begun yet"""

    @property
    def alive(self) -> bool:
        return self.phase in ALIVE


class Selection(Struct, frozen=True, kw_only=True):
    """What the `up`s since the last `down` asked for: every active service, and the named ones with what they need."""

    everything: bool = False
    names: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    """named without what they need (`up --no-deps`)"""
    scale: dict[str, int] = {}
    """how often services run, where `up --scale` said so"""


class Wants(Struct, frozen=True, kw_only=True):
    """Everything that commands asked for and no `down` took back; `intents` has no "unset" in it."""

    selection: Selection = Selection()
    intents: Mapping[str, Intent] = {}


class ProjectState(Struct, kw_only=True):
    """The actual state of one project: the record of each service, by name, and the selection that stands.

    `up_at` is when the last `up` came that had something to do.
    """

    selection: Selection = Selection()
    records: dict[str, Record] = {}
    up_at: float | None = None

    @property
    def wants(self) -> Wants:
        intents = {name: record.intent for name, record in self.records.items() if record.intent != "unset"}
        return Wants(selection=self.selection, intents=intents)


class Observed(Struct, kw_only=True):
    """What the machine shows beyond the records. Empty is the usual state of a converged world.

    `strays`: runs found alive that no record knows, by service name. `inputs`: digest of the input files of each
    oneshot that declares some, and `changed` the names of those that differ from its last run, where they are known.
    `secrets`: by service and variable, a keyed digest of the values that can be known without running a command.
    """

    strays: dict[str, Run] = {}
    inputs: dict[str, str] = {}
    uncloned: frozenset[str] = frozenset()
    """services whose checkout is not there yet"""
    unprovided: dict[str, str] = {}
    """why the checkout of a service is not as it must be to start it"""
    changed: dict[str, tuple[str, ...]] = {}
    secrets: dict[str, dict[str, str]] = {}

    def fingerprint_of(self, service: Service) -> str:
        """What a run that began now would be known by: "LAUNCH", then "INPUTS", then ";VARIABLE=DIGEST" each."""
        secrets = sorted(self.secrets.get(service.name, {}).items())
        given = "".join(f";{variable}={digest}" for variable, digest in secrets)
        return service.fingerprint + self.inputs.get(service.name, "") + given

    def changed_secrets(self, service: str, fingerprint: str) -> tuple[str, ...]:
        """The variables of a run that would have other values now; where one side is not known, nothing changed."""
        if not (now := self.secrets.get(service)):
            return ()
        then = dict(part.split("=", 1) for part in fingerprint.split(";")[1:])
        return tuple(variable for variable in sorted(now) if then.get(variable, now[variable]) != now[variable])
