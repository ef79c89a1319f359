"""The phases of a service and every way from one to another. What is not in the table is a mistake of ours.

    stopped ──start──▶ starting ──running──▶ running ─┐
       ▲                  │  └─────ready───▶ ready ◀──┼─recovered── unhealthy
       │               exited, stop          exited, stop
       │                  ▼                     ▼
       └────gone─────  stopping  ──▶ completed | backoff | failed

Each end of a process passes through `stopping`: it lasts until nothing of the service is left, so that a
replacement can never meet its predecessor.
"""

from typing import Literal

from nexsock.model.state import ALIVE, Phase

Happening = Literal[
    "hold",  # it should start, and has to wait
    "start",  # a start was begun
    "running",  # executed, and there is no healthcheck (any more) to wait for
    "ready",  # the healthcheck succeeded
    "unhealthy",  # the healthcheck failed too often
    "exited",  # the main process ended by itself
    "stop",  # an end was begun
    "gone",  # nothing of it is left, and it was asked to end
    "done",  # nothing of it is left, and that is well
    "retry",  # it failed, and will be tried again
    "give_up",  # it failed for good
    "release",  # it is not wanted any more, and nothing of it runs
    "adopt",  # a process of it was found alive
]

_AT_REST: frozenset[Phase] = frozenset({"stopped", "blocked", "backoff", "completed", "failed"})
_UP: frozenset[Phase] = ALIVE - {"stopping"}

_WAYS: dict[Happening, tuple[frozenset[Phase], Phase]] = {
    "hold": (_AT_REST, "blocked"),
    "start": (_AT_REST, "starting"),
    "running": (frozenset({"starting", "ready", "unhealthy"}), "running"),
    "ready": (frozenset({"starting", "unhealthy", "running"}), "ready"),
    "unhealthy": (frozenset({"starting", "ready", "running"}), "unhealthy"),
    "exited": (_UP, "stopping"),
    "stop": (_UP, "stopping"),
    "gone": (frozenset({"stopping"}), "stopped"),
    "done": (frozenset({"stopping"}), "completed"),
    "retry": (frozenset({"stopping", "starting"}), "backoff"),
    "give_up": (frozenset({"stopping", "starting"}), "failed"),
    "release": (frozenset({"blocked", "backoff", "failed"}), "stopped"),
    "adopt": (_AT_REST, "starting"),
}

TABLE: dict[tuple[Phase, Happening], Phase] = {
    (before, happening): after for happening, (befores, after) in _WAYS.items() for before in befores
}


class WrongTurn(AssertionError):
    """A happening that the phase does not allow."""


def after(phase: Phase, happening: Happening) -> Phase:
    """The phase that follows."""
    try:
        return TABLE[phase, happening]
    except KeyError:
        raise WrongTurn(f"a service that is {phase} cannot {happening}") from None
