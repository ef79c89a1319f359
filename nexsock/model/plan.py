"""What is to be done, what waits for what, and why. Data only: plan/ makes it, reconcile/ walks it, views draw it."""

from hashlib import blake2b
from typing import Literal

from msgspec import Struct

from nexsock.model import packed

Action = Literal["start", "run", "stop", "restart", "update", "signal", "adopt", "forget"]
"""One effect each: `run` starts a oneshot, `update` applies live fields to the running service in place."""

FieldClass = Literal["live", "restart", "recreate"]


class FieldChange(Struct, frozen=True, kw_only=True):
    """One field that differs. `old` and `new` are shown values, secrets already masked; None means absent."""

    path: str
    old: str | None
    new: str | None
    origin: str | None = None


class Step(Struct, frozen=True, kw_only=True):
    """One effect on one service. `reason` is a clause in the user's words; `origin` is "file:line:column"."""

    action: Action
    service: str
    reason: str
    origin: str | None = None
    field_class: FieldClass | None = None
    fields: tuple[FieldChange, ...] = ()
    signal: str | None = None
    """only for action `signal` (and the first signal of a `stop`)"""


class Hold(Struct, frozen=True, kw_only=True):
    """A step that cannot be taken yet.

    `waits_for` is a clause ("db to be healthy"); `on` names the services it waits for; `until` is the monotonic time
    at which it is worth looking again, None when only an event ends the wait; `since` is unix seconds.
    """

    service: str
    waits_for: str
    on: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None
    because: str = ""
    """why there is a wait at all, where `waits_for` does not say it ("exited with 1")"""
    failed: bool = False
    """what it waits for has failed: nothing will move without a change"""
    origin: str | None = None


class Skip(Struct, frozen=True, kw_only=True):
    """A oneshot that need not run, and by what that is known ("inputs unchanged since run 3")."""

    service: str
    reason: str
    origin: str | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """Steps that can all be taken now, in order, everything that is held, and what is done already."""

    steps: tuple[Step, ...] = ()
    holds: tuple[Hold, ...] = ()
    skips: tuple[Skip, ...] = ()

    @property
    def changes(self) -> int:
        return len(self.steps)

    @property
    def digest(self) -> str:
        """What tells two plans apart: what is done with which fields, and what is held. Not since when, which moves."""
        held = [(hold.service, hold.on, hold.failed) for hold in self.holds]
        told = (self.steps, held, [skip.service for skip in self.skips])
        return blake2b(packed.encode(told), digest_size=16).hexdigest()

    @property
    def wake_at(self) -> float | None:
        """The monotonic time of the next look, when a hold has one."""
        return min((hold.until for hold in self.holds if hold.until is not None), default=None)
