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


class Asker:
    """What plugins.host hands everything on to as soon as there is a plugin; the same methods, and arguments."""

    def __init__(
        self,
        folder: str,
        state_dir: str,
        *,
        survey: Callable[[str], Iterable[dict[str, Any]]],
        faulted: Callable[[PluginStatus], None],
        search_path: Sequence[str],
    ) -> None:
        self._survey = survey
        self._faulted = faulted
        self._shelf = Shelf(folder, state_dir, faulted=self._fault, search_path=search_path)

    # -- which there are

    def admit(self, directory: str, paths: tuple[str, ...]) -> None:
        self._shelf.admit(directory, paths)

    def warm(self) -> None:
        for member in self._shelf.members():
            member.warm()

    def statuses(self, directory: str | None, listed: Iterable[str]) -> tuple[PluginStatus, ...]:
        known = [one for one in self._shelf.statuses() if directory is None or one.project in ("", directory)]
        waiting = self._shelf.waiting(directory, listed) if directory is not None else ()
        return (*known, *waiting)

    async def settled(self) -> None:
        await self._shelf.settled()

    async def close(self) -> None:
        await self._shelf.close()

    # -- asked and told

    def wanted(self, hook: str, directory: str) -> bool:
        return any(member.listens(hook, directory) for member in self._shelf.members(hook))

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
        return [member for member in self._shelf.members(hook) if member.listens(hook, directory)]

    async def _ask(self, member: Member, event: hooks.Event) -> Answer | Fault:
        services = self._services(member, event.directory)
        return await member.ask(hooks.name_of(event), _arguments(member, event), services)

    def _services(self, member: Member, directory: str) -> tuple[dict[str, Any], ...]:
        return tuple(self._survey(directory)) if "services" in member.manifest.capabilities else ()

    def _fault(self, member: Member, fault: Fault) -> None:
        _log.warning("plugin '%s' %s", member.name, fault.text)
        self._faulted(self._shelf.status(member))


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
