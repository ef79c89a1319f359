"""Every plugin that is in use: found again when a file changes, asked in order, and nothing of its faults let through.

What is on disk counts, without anybody having to say so: before plugins are asked, their files and folders are looked
at (a few microseconds each), and what has changed is ended and loaded anew.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from nexsock import hooks
from nexsock.hooks import Allow, Answer, Deny, Modify, StartVerdict, StopVerdict
from nexsock.model import names, packed
from nexsock.model.plugin import Denial, PluginNote, PluginStatus
from nexsock.plugins import find, merge, trust, worker
from nexsock.plugins.find import Candidate, Found, Stamp
from nexsock.plugins.member import STRIKES, Fault, Member
from nexsock.plugins.prints import Prints
from nexsock.plugins.wire import Load
from nexsock.plugins.worker import Worker
from nexsock.runtime import clock, files

_log = logging.getLogger(__name__)

Survey = Callable[[str], Iterable[dict[str, Any]]]
"""The services of the project in a folder, for `nexsock.services()`."""


class PluginHost:
    """Asks and tells plugins (nexsock.hooks.Hooks). Close it with the daemon: `await host.close()`.

    Args:
        folder: where the user's own lie.
        state_dir: where their logs and what they keep go; made when it is needed.
        survey: tells of services, for plugins with the capability.
        faulted: is told of a plugin that has had a fault, after it was logged.
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
        uid: int | None = None,
    ) -> None:
        self._folder = folder
        self._state_dir = state_dir
        self._survey = survey
        self._faulted = faulted
        self._search_path = tuple(sys.path if search_path is None else search_path)
        self._uid = os.getuid() if uid is None else uid
        self._projects: dict[str, tuple[str, ...]] = {}
        self._stamps: dict[str, Stamp] | None = None
        self._members: dict[Candidate, Member] = {}
        self._refused: list[Found] = []
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    # -- which there are

    def admit(self, directory: str, paths: Iterable[str]) -> None:
        """Use these plugins for the project in this folder. Call it when something of the project is to run, not
        before: who only looks at a fresh clone runs nothing of it."""
        listed = tuple(paths)
        if self._projects.get(directory, ()) != listed:
            self._projects[directory] = listed
            self._stamps = None

    def dismiss(self, directory: str) -> None:
        """The project is no more."""
        if self._projects.pop(directory, None):
            self._stamps = None

    def warm(self) -> None:
        """Have every plugin loaded, so that the first start need not wait for that."""
        self._refresh()
        for member in self._members.values():
            member.warm()

    def statuses(self, directory: str | None = None) -> tuple[PluginStatus, ...]:
        """How each does, in the order in which they are asked; those of other projects are left out where a folder is
        given."""
        self._refresh()
        used = [self._status(member) for member in sorted(self._members.values(), key=_order)]
        refused = [_refusal(found) for found in self._refused]
        return tuple(one for one in (*used, *refused) if directory is None or one.project in ("", directory))

    async def settled(self) -> None:
        """Wait until every plugin has heard what it was told so far, and those out of use are gone."""
        for member in list(self._members.values()):
            await member.told()
        await asyncio.gather(*self._closing.values())

    async def close(self) -> None:
        """End all of their processes."""
        self._closed = True
        members, self._members = self._members, {}
        await asyncio.gather(*self._closing.values(), *(member.close() for member in members.values()))

    # -- asked and told

    def wanted(self, hook: str, directory: str) -> bool:
        self._refresh()
        return any(True for _ in self._listening(hook, directory))

    async def pre_command(self, event: hooks.PreCommand) -> Denial | None:
        for member in self._asked("pre_command", event.directory):
            if denied := _denial(member, await self._ask(member, event)):
                return denied
        return None

    async def pre_start(self, event: hooks.PreStart) -> StartVerdict:
        verdict = StartVerdict(command=event.command, environment=event.environment)
        for member in self._asked("pre_start", event.directory):
            now = msgspec.structs.replace(event, command=verdict.command, environment=verdict.environment)
            answer = await self._ask(member, now)
            if denied := _denial(member, answer):
                return msgspec.structs.replace(verdict, denied=denied)
            if isinstance(answer, Modify):
                verdict = merge.start(verdict, member.name, answer.changes)
        return verdict

    async def pre_stop(self, event: hooks.PreStop) -> StopVerdict:
        verdict = StopVerdict(grace_s=event.grace_s)
        for member in self._asked("pre_stop", event.directory):
            answer = await self._ask(member, msgspec.structs.replace(event, grace_s=verdict.grace_s))
            if denied := _denial(member, answer):
                return msgspec.structs.replace(verdict, denied=denied)
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
        self._refresh()
        return sorted(self._listening(hook, directory), key=_order)

    def _listening(self, hook: str, directory: str) -> Iterable[Member]:
        return (
            member
            for candidate, member in self._members.items()
            if hook in member.manifest.hooks and candidate.project in ("", directory)
        )

    async def _ask(self, member: Member, event: hooks.Event) -> Answer | Fault:
        services = self._services(member, event.directory)
        return await member.ask(hooks.name_of(event), _arguments(member, event), services)

    def _services(self, member: Member, directory: str) -> tuple[dict[str, Any], ...]:
        return tuple(self._survey(directory)) if "services" in member.manifest.capabilities else ()

    # -- found again

    def _refresh(self) -> None:
        """Take up what has changed on disk. What is as it was keeps its process and its strikes."""
        if self._closed or (self._stamps is not None and self._unchanged(self._stamps)):
            return
        candidates, unsafe = self._candidates()
        self._stamps = {path: find.stamp(path) for path in self._looked_at(candidates)}
        self._refused = [*unsafe]
        looked = [find.look(candidate, self._uid) for candidate in candidates]
        kept = {found.candidate: member for found in looked if (member := self._kept(found)) is not None}
        for candidate, member in self._members.items():
            if candidate not in kept:
                self._let_go(member)
        self._members = {}
        for found in looked:
            if (clash := self._clash(found)) is not None:
                self._refused.append(clash)
            elif found.manifest is None:
                self._refused.append(found)
            else:
                member = kept.pop(found.candidate, None)
                self._members[found.candidate] = member if member is not None else self._member(found)
        for left in kept.values():
            self._let_go(left)
        for found in self._refused:
            _log.warning("plugin %s is not used: %s", found.candidate.path, found.fault)

    def _unchanged(self, stamps: dict[str, Stamp]) -> bool:
        return all(find.stamp(path) == then for path, then in stamps.items())

    def _candidates(self) -> tuple[list[Candidate], list[Found]]:
        """What may be plugins; and where somebody else could have put them, the folder instead."""
        unsafe: list[Found] = []
        own = find.in_folder(self._folder)
        if own and (fault := self._folder_fault()):
            unsafe, own = [Found(candidate=one, fault=str(fault), hint=fault.hint) for one in own], []
        listed = [one for directory, paths in self._projects.items() for one in find.of_project(directory, paths)]
        return [*own, *find.installed(self._search_path), *listed], unsafe

    def _folder_fault(self) -> trust.Distrusted | None:
        try:
            trust.check_folder(self._folder, frozenset({self._uid}))
        except trust.Distrusted as fault:
            return fault
        return None

    def _looked_at(self, candidates: Iterable[Candidate]) -> list[str]:
        return [*find.watched(self._folder, self._search_path), *(candidate.path for candidate in candidates)]

    def _clash(self, found: Found) -> Found | None:
        """A plugin whose name another one has that the same project would ask."""
        for candidate, member in self._members.items():
            if member.name == found.name and candidate.project in ("", found.candidate.project):
                fault = f"its name '{found.name}' is that of {candidate.path}"
                return Found(candidate=found.candidate, fault=fault, hint="give it another name, or remove one")
        return None

    def _member(self, found: Found) -> Member:
        assert found.manifest is not None
        key = self._key(found)
        made = worker.environment(found.candidate.kind, os.environ)
        log = f"{self._dir()}/{key}.log"
        process = Worker(
            worker.command(found.candidate.kind),
            lambda: self._load(found, key),
            instance=f"plugin {self._state_dir} {key}",
            environment=made,
            prints=Prints(log),
        )
        return Member(
            found,
            process,
            keep=lambda storage: self._keep(key, storage),
            faulted=self._fault,
            monotonic=clock.monotonic,
            wall=clock.wall,
            after=self._closing.get(key),
        )

    def _key(self, found: Found) -> str:
        """What its log and storage are called; a project's plugin is another one than the user's of the same name."""
        project = found.candidate.project
        return f"{found.name}@{names.project_id(project)}" if project else found.name

    def _load(self, found: Found, key: str) -> Load:
        assert found.manifest is not None
        return Load(
            name=found.name,
            path=found.candidate.path,
            source=found.source,
            module=found.candidate.module,
            capabilities=found.manifest.capabilities,
            hooks=found.manifest.hooks,
            storage=self._stored(key) if "storage" in found.manifest.capabilities else {},
            variables={name: os.environ[name] for name in found.manifest.variables if name in os.environ},
        )

    def _kept(self, found: Found) -> Member | None:
        """The member that this plugin has already, if nothing of it has changed."""
        member = self._members.get(found.candidate)
        return member if member is not None and member.found.source == found.source else None

    def _let_go(self, member: Member) -> None:
        """End its process; who comes after it under the same name waits for that."""
        key = self._key(member.found)
        self._closing[key] = closing = asyncio.create_task(member.close(), name=f"close plugin {key}")
        closing.add_done_callback(lambda done: self._closing.pop(key) if self._closing.get(key) is done else None)

    # -- what is kept of each

    def _dir(self) -> str:
        os.makedirs(self._state_dir, mode=0o700, exist_ok=True)
        return self._state_dir

    def _stored(self, key: str) -> dict[str, Any]:
        try:
            with open(f"{self._state_dir}/{key}.storage", "rb") as file:
                return packed.decode(file.read(), dict[str, Any])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            _log.warning("what plugin '%s' keeps cannot be read: %s", key, error)
            return {}

    def _keep(self, key: str, storage: dict[str, Any]) -> None:
        try:
            files.write_atomically(f"{self._dir()}/{key}.storage", packed.encode(storage))
        except OSError as error:
            _log.warning("what plugin '%s' keeps cannot be written: %s", key, error.strerror)

    def _fault(self, member: Member, fault: Fault) -> None:
        _log.warning("plugin '%s' %s", member.name, fault.text)
        self._faulted(self._status(member))

    def _status(self, member: Member) -> PluginStatus:
        candidate, said, last = member.found.candidate, member.manifest, member.last_fault
        return PluginStatus(
            name=member.name,
            kind=candidate.kind,
            path=candidate.path,
            state="set_aside" if member.is_set_aside else "loaded",
            reason=f"{STRIKES} faults" if member.is_set_aside else "",
            hint="mend it and save the file, and it is used again" if member.is_set_aside else "",
            project=candidate.project,
            abi=said.abi,
            priority=said.priority,
            hooks=said.hooks,
            capabilities=said.capabilities,
            on_failure="closed" if said.fails_closed else "open",
            timeout_s=said.timeout,
            calls=member.calls,
            strikes=member.strikes,
            last_fault=last.text if last is not None else "",
            last_fault_at=last.at if last is not None else None,
            log=f"{self._state_dir}/{self._key(member.found)}.log",
        )


def _refusal(found: Found) -> PluginStatus:
    candidate = found.candidate
    return PluginStatus(
        name=found.name,
        kind=candidate.kind,
        path=candidate.path,
        state="refused",
        reason=found.fault,
        hint=found.hint,
        project=candidate.project,
    )


def _order(member: Member) -> tuple[int, str]:
    return member.order


def _arguments(member: Member, event: hooks.Event) -> dict[str, Any]:
    """What the plugin is told: variables only if it has asked for them."""
    if isinstance(event, hooks.PreStart) and "environment" not in member.manifest.capabilities:
        event = msgspec.structs.replace(event, environment={})
    return hooks.to_plain(event)


def _denial(member: Member, answer: Answer | Fault) -> Denial | None:
    match answer:
        case Deny(reason=reason):
            return Denial(plugin=member.name, reason=reason)
        case Fault(text=text) if member.manifest.fails_closed:
            return Denial(plugin=member.name, reason=f"it {text}", fault=True)
        case Fault() | Allow() | Modify():
            return None
