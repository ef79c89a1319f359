"""Where a service's source comes from, how its checkout stands, and what git tells of it."""

from typing import Literal

from msgspec import Struct

Auth = Literal["agent", "key", "token", "none"]
Pin = Literal["", "ref", "branch", "tag", "commit"]
State = Literal[
    "missing", "occupied", "wrong_origin", "unborn", "dirty", "diverged", "behind", "ahead", "detached", "clean"
]
"""How a checkout stands. `occupied`: there is something else in its place; `unborn`: it has no commit yet."""


class GitSource(Struct, frozen=True, kw_only=True):
    """The repository that a service lives in. `path` is absolute; without `url` it is a checkout of one's own.

    `pin` says which of ref, branch, tag and commit `ref` was written as; "" is the default branch of the remote.
    """

    path: str
    url: str = ""
    pin: Pin = ""
    ref: str = ""
    auth: Auth = "agent"
    key_file: str = ""
    token_env: str = ""
    depth: int | None = None
    submodules: bool = False
    update: Literal["never", "ff"] = "never"
    own: bool = False
    """it lies outside the project, so that nexsock does not make it"""


class Facts(Struct, frozen=True, kw_only=True):
    """What git says of a checkout; `exists` and `is_checkout` False leave the rest without meaning.

    `changed` counts tracked files that differ, conflicts among them. `ahead` and `behind` count commits against the
    upstream and are None without one.
    """

    exists: bool = True
    is_checkout: bool = True
    branch: str | None = None
    commit: str | None = None
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None
    changed: int = 0
    untracked: int = 0
    origin: str | None = None
    shallow: bool = False


class CheckoutStatus(Struct, frozen=True, kw_only=True):
    """The document of `git status`: one service's checkout. `state` is the most pressing of `states`.

    `advice` is the command that a person would run about it; None where there is nothing to do.
    """

    service: str
    path: str
    state: State
    states: tuple[State, ...] = ()
    branch: str | None = None
    commit: str | None = None
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None
    changed: int = 0
    untracked: int = 0
    shallow: bool = False
    url: str | None = None
    pin: str | None = None
    on_pin: bool = True
    """whether what is checked out is what the file asks for"""
    advice: str | None = None


class Commit(Struct, frozen=True, kw_only=True):
    """One line of `git log`. `at` is unix seconds."""

    commit: str
    author: str
    email: str
    at: float
    subject: str
    body: str = ""


class Branch(Struct, frozen=True, kw_only=True):
    """`remote` is the name of the remote that it is a branch of, None for one's own."""

    name: str
    commit: str
    current: bool = False
    remote: str | None = None
    upstream: str | None = None


class GitItem(Struct, frozen=True, kw_only=True):
    """An item of the streams of clone, fetch, pull and checkout: how far a service's is, and at its end how it stands.

    `failed` is the sentence that says why it was not done; then `status` may be None.
    """

    service: str
    progress: str = ""
    percent: int | None = None
    done: str = ""
    failed: str = ""
    status: CheckoutStatus | None = None
