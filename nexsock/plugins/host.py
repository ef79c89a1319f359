"""Plugins asked and told, in order, and nothing of their faults let through."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from nexsock import hooks
from nexsock.hooks import Allow, Answer, Deny, Modify, StartVerdict, StopVerdict
from nexsock.model.plugin import Denial, PluginNote, PluginStatus
from nexsock.plugins import merge
from nexsock.plugins.member import Fault, Member
from nexsock.plugins.shelf import Shelf

_log = logging.getLogger(__name__)

Survey = Callable[[str], Iterable[dict[str, Any]]]
"""The services of the project in a folder, for `nexsock.services()`."""


class PluginHost:
    """Asks and tells plugins (nexsock.hooks.Hooks). Close it with the daemon: `await host.close()`.

    Args:
        folder: where the user's own lie.
        state_dir: where their logs and what they keep go; made when it is needed.

    Attributes:
        survey: tells of services, for plugins with the capability.
        faulted: is told of a plugin that has had a fault, after that was logged.
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
        self.survey = survey
        self.faulted = faulted
        self._shelf = Shelf(folder, state_dir, faulted=self._fault, search_path=search_path)

    # -- which there are

    def admit(self, directory: str, paths: Iterable[str]) -> None:
        """Use these plugins for the project in this folder. Call it when something of the project is to run, not
        before: who only looks at a fresh clone runs nothing of it."""
        self._shelf.admit(directory, tuple(paths))

    def dismiss(self, directory: str) -> None:
        """The project is no more."""
        self._shelf.admit(directory, ())

    def warm(self) -> None:
        """Have every plugin loaded, so that the first start need not wait for that."""
        for member in self._shelf.members():
            member.warm()

    def statuses(self, directory: str | None = None, listed: Iterable[str] = ()) -> tuple[PluginStatus, ...]:
        """How each does, in the order in which they are asked.

        Args:
            directory: leave out those of projects in other folders.
            listed: what the project in this folder lists, which may not have been admitted yet.
        """
        known = [one for one in self._shelf.statuses() if directory is None or one.project in ("", directory)]
        waiting = self._shelf.waiting(directory, listed) if directory is not None else ()
        return (*known, *waiting)

    async def settled(self) -> None:
        """Wait until every plugin has heard what it was told so far, and those out of use are gone."""
        await self._shelf.settled()

    async def close(self) -> None:
        """End all of their processes."""
        await self._shelf.close()

    # -- asked and told

    def wanted(self, hook: str, directory: str) -> bool:
        return any(member.listens(hook, directory) for member in self._shelf.members())

    async def pre_command(self, event: hooks.PreCommand) -> Denial | None:
        for member in self._asked("pre_command", event.directory):
            if denied := _denial(member, await self._ask(member, event)):
                return denied
        return None

    async def pre_start(self, event: hooks.PreStart) -> StartVerdict:
        verdict = StartVerdict(command=event.command, environment=event.environment)
        for member in self._asked("pre_start", event.directory):
            now = replace(event, command=verdict.command, environment=verdict.environment)
            answer = await self._ask(member, now)
            if denied := _denial(member, answer):
                return replace(verdict, denied=denied)
            if isinstance(answer, Modify):
                verdict = merge.start(verdict, member.name, answer.changes)
        return verdict

    async def pre_stop(self, event: hooks.PreStop) -> StopVerdict:
        verdict = StopVerdict(grace_s=event.grace_s)
        for member in self._asked("pre_stop", event.directory):
            answer = await self._ask(member, replace(event, grace_s=verdict.grace_s))
            if denied := _denial(member, answer):
                return replace(verdict, denied=denied)
            if isinstance(answer, Modify):
                verdict = merge.stop(verdict, member.name, answer.changes)
        return verdict

    async def on_plan(self, event: hooks.OnPlan) -> tuple[PluginNote, ...]:
        notes: list[PluginNote] = []
        for member in self._asked("on_plan", event.directory):
            answer = await self._ask(member, event)
            if isinstance(answer, Modify):
                notes.extend(PluginNote(plugin=member.name, text=text) for text in answer.changes.notes or ())
        return tuple(notes)

    def tell(self, event: hooks.Notice) -> None:
        hook = hooks.name_of(event)
        for member in self._asked(hook, event.directory):
            member.tell(hook, _arguments(member, event), self._services(member, event.directory))

    def _asked(self, hook: str, directory: str) -> list[Member]:
        """Who is to hear of this, in order."""
        return [member for member in self._shelf.members() if member.listens(hook, directory)]

    async def _ask(self, member: Member, event: hooks.Event) -> Answer | Fault:
        services = self._services(member, event.directory)
        return await member.ask(hooks.name_of(event), _arguments(member, event), services)

    def _services(self, member: Member, directory: str) -> tuple[dict[str, Any], ...]:
        return tuple(self.survey(directory)) if "services" in member.manifest.capabilities else ()

    def _fault(self, member: Member, fault: Fault) -> None:
        _log.warning("plugin '%s' %s", member.name, fault.text)
        self.faulted(self._shelf.status(member))


def _arguments(member: Member, event: hooks.Event) -> dict[str, Any]:
    """What the plugin is told: variables only if it has asked for them."""
    if isinstance(event, hooks.PreStart) and "environment" not in member.manifest.capabilities:
        event = replace(event, environment={})
    return hooks.to_plain(event)


def _denial(member: Member, answer: Answer | Fault) -> Denial | None:
    match answer:
        case Deny(reason=reason):
            return Denial(plugin=member.name, reason=reason)
        case Fault(text=text) if member.manifest.fails_closed:
            return Denial(plugin=member.name, reason=f"it {text}", fault=True)
        case Fault() | Allow() | Modify():
            return None
