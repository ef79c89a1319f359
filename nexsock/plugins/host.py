"""The daemon's plugins (nexsock.hooks.Hooks), at next to no cost where there are none.

Everything else of this room is loaded with the first plugin that turns up: it takes 15 ms and 1 MiB.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nexsock import hooks
from nexsock.hooks import NoHooks, StartVerdict, StopVerdict
from nexsock.model.plugin import Denial, PluginNote, PluginStatus
from nexsock.plugins import spots
from nexsock.runtime import clock

if TYPE_CHECKING:
    from nexsock.plugins.asker import Asker

Survey = Callable[[str], Iterable[dict[str, Any]]]
"""The services of the project in a folder, for `nexsock.services()`."""

_NOBODY = NoHooks()


class PluginHost:
    """Asks and tells plugins. Close it with the daemon: `await host.close()`.

    Args:
        folder: where the user's own lie.
        state_dir: where their logs and what they keep go; made when it is needed.
        survey: tells of services, for plugins with the capability.
        faulted: is told of a plugin that has had a fault, after that was logged.
        search_path: where packages are installed.
    """

    def __init__(
        self,
        folder: str,
        state_dir: str,
        *,
        survey: Survey = lambda _directory: (),
        faulted: Callable[[PluginStatus], None] = lambda _status: None,
        search_path: Sequence[str] | None = None,
    ) -> None:
        self._folder = folder
        self._state_dir = state_dir
        self._survey = survey
        self._faulted = faulted
        self._search_path = tuple(sys.path if search_path is None else search_path)
        self._stamps: dict[str, spots.Stamp] = {}
        self._looks = spots.Looks(clock.monotonic)
        self._asker: Asker | None = None

    # -- which there are

    def admit(self, directory: str, paths: Iterable[str]) -> None:
        """Use these plugins for the project in this folder. Call it when something of the project is to run, not
        before: who only looks at a fresh clone runs nothing of it."""
        listed = tuple(paths)
        if listed or self._asker is not None:
            self._load().admit(directory, listed)

    def dismiss(self, directory: str) -> None:
        """The project is no more."""
        self.admit(directory, ())

    def warm(self) -> None:
        """Have every plugin loaded, so that the first start need not wait for that."""
        if (asker := self._needed()) is not None:
            asker.warm()

    def statuses(self, directory: str | None = None, listed: Iterable[str] = ()) -> tuple[PluginStatus, ...]:
        """How each does, in the order in which they are asked.

        Args:
            directory: leave out those of projects in other folders.
            listed: what the project in this folder lists, which may not have been admitted yet.
        """
        paths = tuple(listed)
        asker = self._load() if paths else self._needed()
        return asker.statuses(directory, paths) if asker is not None else ()

    async def settled(self) -> None:
        """Wait until every plugin has heard what it was told so far, and those out of use are gone."""
        if self._asker is not None:
            await self._asker.settled()

    async def close(self) -> None:
        """End all of their processes."""
        if self._asker is not None:
            await self._asker.close()

    def _needed(self, hook: str = "") -> "Asker | None":
        """Who asks, once there has been anybody to ask."""
        if self._asker is None and self._looks.is_due(hook):
            stamps = spots.stamps(self._folder, self._search_path)
            if stamps != self._stamps:
                self._stamps = stamps
                if spots.any_there(self._folder, self._search_path):
                    self._load()
        return self._asker

    def _load(self) -> "Asker":
        from nexsock.plugins.asker import Asker

        if self._asker is None:
            self._asker = Asker(
                self._folder,
                self._state_dir,
                survey=self._survey,
                faulted=self._faulted,
                search_path=self._search_path,
            )
        return self._asker

    # -- asked and told

    def wanted(self, hook: hooks.HookName, directory: str) -> bool:
        return (self._needed(hook) or _NOBODY).wanted(hook, directory)

    async def pre_command(self, event: hooks.PreCommand) -> Denial | None:
        return await (self._needed() or _NOBODY).pre_command(event)

    async def pre_start(self, event: hooks.PreStart) -> StartVerdict:
        return await (self._needed("pre_start") or _NOBODY).pre_start(event)

    async def pre_stop(self, event: hooks.PreStop) -> StopVerdict:
        return await (self._needed() or _NOBODY).pre_stop(event)

    async def on_plan(self, event: hooks.OnPlan) -> tuple[PluginNote, ...]:
        return await (self._needed() or _NOBODY).on_plan(event)

    def tell(self, event: hooks.Notice) -> None:
        (self._needed(hooks.name_of(event)) or _NOBODY).tell(event)
