"""Every plugin that is in use, and found again when a file changes.

What is on disk counts, without anybody having to say so: before plugins are asked, their files and folders are looked
at (a few microseconds each), and what has changed is ended and loaded anew.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from nexsock.model import names, packed
from nexsock.model.plugin import PluginStatus
from nexsock.plugins import find, spots, worker
from nexsock.plugins.find import Candidate, Found
from nexsock.plugins.member import STRIKES, Fault, Member
from nexsock.plugins.prints import Prints
from nexsock.plugins.wire import Load
from nexsock.plugins.worker import Worker
from nexsock.runtime import clock, files

_log = logging.getLogger(__name__)


class Shelf:
    """The plugins of the user, of packages, and of the projects that are admitted.

    Args:
        folder: where the user's own lie.
        state_dir: where their logs and what they keep go; made when it is needed.
        faulted: called after each fault.
        search_path: where packages are installed.
    """

    def __init__(
        self,
        folder: str,
        state_dir: str,
        *,
        faulted: Callable[[Member, Fault], None],
        search_path: Sequence[str],
    ) -> None:
        self._folder = folder
        self._state_dir = state_dir
        self._faulted = faulted
        self._search_path = tuple(search_path)
        self._uid = os.getuid()
        self._projects: dict[str, tuple[str, ...]] = {}
        self._stamps: dict[str, spots.Stamp] | None = None
        self._looks = spots.Looks(clock.monotonic)
        self._members: dict[Candidate, Member] = {}
        self._refused: list[Found] = []
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    def admit(self, directory: str, paths: tuple[str, ...]) -> None:
        """What the project in this folder lists; nothing: no more."""
        if self._projects.get(directory, ()) != paths:
            self._projects[directory] = paths
            self._stamps = None
            self._looks.forget()

    def members(self, hook: str = "") -> list[Member]:
        """Those that can be asked, in the order in which they are; for some hooks as it was a moment ago."""
        if self._looks.is_due(hook):
            self._refresh()
        return list(self._members.values())

    def statuses(self) -> list[PluginStatus]:
        """Those, and behind them what was refused."""
        used = [self.status(member) for member in self.members()]
        return [*used, *map(find.described, self._refused)]

    def waiting(self, directory: str, listed: Iterable[str]) -> list[PluginStatus]:
        """What a project lists and is not admitted yet. Nothing of it is run."""
        admitted = self._projects.get(directory, ())
        later = find.of_project(directory, (path for path in listed if path not in admitted))
        return [_waiting(find.look(candidate, self._uid)) for candidate in later]

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

    # -- found again

    def _refresh(self) -> None:
        """Take up what has changed on disk. What is as it was keeps its process and its strikes."""
        if self._closed or (self._stamps is not None and self._unchanged(self._stamps)):
            return
        candidates = self._candidates()
        self._stamps = spots.stamps(self._folder, self._search_path, (candidate.path for candidate in candidates))
        self._refused = []
        looked = [self._look(candidate) for candidate in candidates]
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
        self._members = dict(sorted(self._members.items(), key=lambda pair: pair[1].order))
        for found in self._refused:
            _log.warning("plugin %s is not used: %s", found.candidate.path, found.fault)

    def _look(self, candidate: Candidate) -> Found:
        try:
            return find.look(candidate, self._uid)
        except Exception as error:  # a fault of ours must not keep services from starting
            _log.exception("plugin %s cannot be looked at", candidate.path)
            return Found(candidate=candidate, fault=f"nexsock met a fault of its own: {error!r}")

    def _unchanged(self, stamps: dict[str, spots.Stamp]) -> bool:
        return all(spots.stamp(path) == then for path, then in stamps.items())

    def _candidates(self) -> list[Candidate]:
        """What may be plugins. Of two with one name the first counts."""
        listed = [one for directory, paths in self._projects.items() for one in find.of_project(directory, paths)]
        return [*find.in_folder(self._folder), *find.installed(self._search_path), *listed]

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
        with contextlib.suppress(OSError):  # then there are no logs, and each storage says that it is not kept
            os.makedirs(self._state_dir, mode=0o700, exist_ok=True)
        process = Worker(
            worker.command(found.candidate.kind),
            lambda: self._load(found, key),
            instance=f"plugin {self._state_dir} {key}",
            environment=worker.environment(found.candidate.kind, os.environ),
            prints=Prints(self._log_of(key)),
        )
        return Member(
            found,
            process,
            keep=lambda storage: self._keep(key, storage),
            faulted=self._faulted,
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
            root=found.candidate.root,
            capabilities=found.manifest.capabilities,
            hooks=found.manifest.hooks,
            variables={name: os.environ[name] for name in found.manifest.variables if name in os.environ},
            storage=self._stored(key) if "storage" in found.manifest.capabilities else {},
        )

    def _kept(self, found: Found) -> Member | None:
        """The member that this plugin has already, if nothing of it has changed."""
        member = self._members.get(found.candidate)
        return member if member is not None and member.found.source == found.source else None

    def _let_go(self, member: Member) -> None:
        """End its process; who comes after it under the same name waits for that."""
        key = self._key(member.found)
        self._closing[key] = closing = asyncio.create_task(member.retire(), name=f"retire plugin {key}")
        closing.add_done_callback(lambda done: self._closing.pop(key) if self._closing.get(key) is done else None)

    # -- what is kept of each

    def _log_of(self, key: str) -> str:
        return f"{self._state_dir}/{key}.log"

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
            files.write_atomically(f"{self._state_dir}/{key}.storage", packed.encode(storage))
        except OSError as error:
            _log.warning("what plugin '%s' keeps cannot be written: %s", key, error.strerror)

    def status(self, member: Member) -> PluginStatus:
        last, is_aside = member.last_fault, member.is_set_aside
        return replace(
            find.described(member.found),
            state="set_aside" if is_aside else "loaded",
            reason=f"{STRIKES} faults" if is_aside else "",
            hint="mend it and save the file, and it is used again" if is_aside else "",
            calls=member.calls,
            strikes=member.strikes,
            last_fault=last.text if last is not None else "",
            last_fault_at=last.at if last is not None else None,
            log=self._log_of(self._key(member.found)),
        )


def _waiting(found: Found) -> PluginStatus:
    status = find.described(found)
    return replace(status, reason="it runs once something of its project does") if found.manifest else status
