"""What requests may carry: a struct for each kind of query and content, which the OpenAPI document describes, too."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
NAME = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Of a service (model.names), and of what a project is known by."""

Name = Annotated[str, Meta(pattern=NAME)]
Text = Annotated[str, Meta(max_length=4096)]
Fields = dict[Annotated[str, Meta(min_length=1, max_length=512)], Annotated[str, Meta(max_length=65_536)]]


Variables = dict[
    Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[^=\x00]+$")],
    Annotated[str, Meta(max_length=65_536, pattern=r"^[^\x00]*$")],
]


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing may be sent that is not understood."""


class Nothing(Asked, frozen=True, kw_only=True):
    """No content."""


class Listing(Asked, frozen=True, kw_only=True):
    """`services`: only these."""

    services: tuple[Name, ...] = ()


class Planned(Asked, frozen=True, kw_only=True):
    """What an `up` would be about; `services` empty: everything that is active."""

    services: tuple[Name, ...] = ()
    no_deps: bool = False
    force_restart: bool = False


class Applied(Planned, frozen=True, kw_only=True):
    """Do what was previewed, if it is still what would be done: `digest` is that of the preview."""

    digest: Annotated[str, Meta(max_length=128)] = ""
    wait: bool = True
    timeout_s: Seconds = 60.0


class Acted(Asked, frozen=True, kw_only=True):
    """`wait`: answer when it has settled, at most after `timeout_s`. `environment`: variables for this run only."""

    wait: bool = True
    timeout_s: Seconds = 60.0
    environment: Variables = {}


class Ended(Asked, frozen=True, kw_only=True):
    """`grace_s` replaces the grace period; 0 kills at once."""

    wait: bool = True
    grace_s: Seconds | None = None


class EndedSome(Ended, frozen=True, kw_only=True):
    """`services` empty: everything."""

    services: tuple[Name, ...] = ()


class Signalled(Asked, frozen=True, kw_only=True):
    """A signal's name or number."""

    signal: Annotated[str, Meta(min_length=1, max_length=16)] = "SIGTERM"


class Watched(Asked, frozen=True, kw_only=True):
    """Whether changed files are applied by themselves."""

    on: bool = True


class Added(Asked, frozen=True, kw_only=True):
    """A new service; `fields` are values in YAML by their path: "environment.PORT" to "3001"."""

    service: Annotated[str, Meta(max_length=256)]
    fields: Fields = {}
    apply: bool = True


class Removed(Asked, frozen=True, kw_only=True):
    """`force`: together with the dependencies on it."""

    force: bool = False
    apply: bool = True


class Updated(Asked, frozen=True, kw_only=True):
    """`fields` as when one is added; `unset` are paths that are taken out. `digest` is that of the file as it was when
    the change was thought of: with another one it is refused."""

    fields: Fields = {}
    unset: tuple[Text, ...] = ()
    digest: Annotated[str, Meta(max_length=128)] | None = None
    apply: bool = True


class Edited(Asked, frozen=True, kw_only=True):
    """The path of a field that is to be written."""

    field: Annotated[str, Meta(max_length=512)] = ""


class Needed(Asked, frozen=True, kw_only=True):
    """Services that are needed from now on; `fields` are those of a dependency, such as condition: healthy."""

    on: Annotated[tuple[Name, ...], Meta(min_length=1)]
    fields: Fields = {}
    apply: bool = True


Run = Annotated[int, Meta(ge=-1_000_000, le=1_000_000_000)]


class Compared(Asked, frozen=True, kw_only=True):
    """Two runs; below 1 it counts from the last (0). Without: the last but one, and the last."""

    first: Run | None = None
    second: Run | None = None


class Lines(Asked, frozen=True, kw_only=True):
    """`lines` are the last ones of what the rest selects. `since` and `until` are unix seconds; `run` -1: the last but
    one."""

    services: tuple[Name, ...] = ()
    lines: Annotated[int, Meta(ge=0, le=10_000)] = 200
    since: Annotated[float, Meta(ge=0, le=1e11)] | None = None
    until: Annotated[float, Meta(ge=0, le=1e11)] | None = None
    grep: Annotated[str, Meta(max_length=1024)] | None = None
    run: Run | None = None
    stream: Literal["stdout", "stderr"] | None = None


class Past(Asked, frozen=True, kw_only=True):
    """Events since a moment, in unix seconds."""

    since: Annotated[float, Meta(ge=0, le=1e11)] | None = None
    services: tuple[Name, ...] = ()


class Branches(Asked, frozen=True, kw_only=True):
    """`remote`: also those of remotes."""

    remote: bool = False


class Commits(Asked, frozen=True, kw_only=True):
    """`branch` empty: of what is checked out."""

    count: Annotated[int, Meta(ge=1, le=1000)] = 20
    branch: Annotated[str, Meta(max_length=255)] = ""


class CheckedOut(Asked, frozen=True, kw_only=True):
    """`ref` is a branch, or with `commit` the id of one; empty: what the file asks for. `create` makes the branch."""

    ref: Annotated[str, Meta(max_length=255)] = ""
    commit: bool = False
    create: bool = False
