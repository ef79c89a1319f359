"""Plugins as everybody else sees them: what there is, what one has changed or refused, and how each does."""

from typing import Literal

from msgspec import Struct

OnFailure = Literal["open", "closed"]
"""What holds when a plugin has no answer: the thing happens (open), or it does not (closed)."""

PluginKind = Literal["native", "lua", "package"]
PluginState = Literal["loaded", "waiting", "set_aside", "refused"]
"""Waiting: a project's, of which nothing was to run yet. Set aside: it had three faults. Refused: nothing of it was
run, for what it says of itself or for who may write it."""


class PluginChange(Struct, frozen=True, kw_only=True):
    """One thing that a plugin made different. `field` is as in a plan: "environment.PORT", "command", "grace_s".

    `old` and `new` are values as they are, not yet as they may be shown; None means absent.
    """

    plugin: str
    field: str
    old: str | None
    new: str | None


class Denial(Struct, frozen=True, kw_only=True):
    """A plugin's no, or the no that stands for a plugin which had no answer (`fault`) and asked for that."""

    plugin: str
    reason: str
    fault: bool = False

    def __str__(self) -> str:
        return f"plugin '{self.plugin}' {'has no answer' if self.fault else 'says no'}: {self.reason}"


class PluginNote(Struct, frozen=True, kw_only=True):
    """A line that a plugin adds to a plan."""

    plugin: str
    text: str


class PluginStatus(Struct, frozen=True, kw_only=True):
    """One plugin that was found. `reason` says why it is not loaded; `last_fault` what went wrong last, if anything.

    `variables` are those of the daemon's that it reads, as far as it has to say so. `strikes` are the faults that
    count now. `project` is the folder of the project that brought it, "" for the user's.
    """

    name: str
    kind: PluginKind
    path: str
    state: PluginState
    reason: str = ""
    hint: str = ""
    project: str = ""
    description: str = ""
    abi: str = ""
    priority: int = 0
    hooks: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    on_failure: OnFailure = "open"
    timeout_s: float = 0.0
    calls: int = 0
    strikes: int = 0
    last_fault: str = ""
    last_fault_at: float | None = None
    log: str = ""
    """the file with what it has printed"""
