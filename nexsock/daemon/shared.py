"""What the projects of a daemon have in common: the keeper, the writer, what hears events, and all plugins."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from nexsock.daemon.checkouts import Checkouts
from nexsock.engines.exits import Exits
from nexsock.engines.growth import Growth
from nexsock.engines.sweep import Sweep
from nexsock.hooks import Hooks, NoHooks
from nexsock.model.event import Event
from nexsock.model.plugin import PluginStatus
from nexsock.places import Places
from nexsock.runtime import hands
from nexsock.runtime.relay import Relay
from nexsock.store.writer import Writer


class Plugins(Hooks, Protocol):
    """All plugins of the daemon (plugins.host)."""

    def admit(self, directory: str, paths: Iterable[str]) -> None:
        """Use these plugins for the project in this folder: something of it is to run."""

    def dismiss(self, directory: str) -> None:
        """The project is no more."""

    def statuses(self, directory: str | None = None, listed: Iterable[str] = ()) -> tuple[PluginStatus, ...]:
        """How each does; see PluginHost."""

    async def close(self) -> None:
        """End everything of them."""


class NoPlugins(NoHooks):
    """There are none."""

    def admit(self, _directory: str, _paths: Iterable[str]) -> None: ...

    def dismiss(self, _directory: str) -> None: ...

    def statuses(self, _directory: str | None = None, _listed: Iterable[str] = ()) -> tuple[PluginStatus, ...]:
        return ()

    async def close(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class Shared:
    """What the projects of a daemon have in common."""

    places: Places
    keeper: hands.Hands
    writer: Writer
    emit: Callable[[Event], None]
    exits: Exits
    growth: Growth
    relay: Relay
    database_url: str = ""
    """where the memory of projects lies (store.locate)"""
    sweep: Sweep = field(default_factory=Sweep)
    checkouts: Checkouts = field(default_factory=Checkouts)
    plugins: Plugins = field(default_factory=NoPlugins)
    new_instance: Callable[[], str] = field(default_factory=lambda: unique(os.urandom(9).hex()))


def unique(prefix: str) -> Callable[[], str]:
    """Gives a name that no run ever had: the prefix is of this brain alone."""
    numbers = count(1)
    return lambda: f"{prefix}-{next(numbers)}"
