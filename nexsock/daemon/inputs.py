"""What oneshots read, compared with what they last ran with: whether it differs, and which files do.

The files as they were are remembered in the state folder, so that a daemon that was restarted can name what changed,
too, and need not read again what did not.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Mapping

import msgspec

from nexsock.model import packed
from nexsock.model.project import Project
from nexsock.model.service import Service
from nexsock.model.state import Observed, Record, Run
from nexsock.runtime import files, inputs

FILE = "inputs.msgpack"

Known = dict[str, dict[str, inputs.Found]]
"""by service and by the digest of all of its files"""


class InputFiles:
    """The input files of one project's oneshots.

    Args:
        folder: where they are remembered.
        directory: of the project; files below it are named as seen from there.
        warn: told of what is not looked at.
    """

    def __init__(self, folder: str, directory: str, warn: Callable[[str], None]) -> None:
        self._path = f"{folder}/{FILE}"
        self._directory = directory
        self._warn = warn
        self._known: Known | None = None

    async def look(self, project: Project, records: Mapping[str, Record]) -> Observed:
        """The digests of now, and the names of what differs from the last run; read in a thread. Nothing is kept."""
        return (await self._look(project, records))[0]

    async def observe(self, project: Project, records: Mapping[str, Record]) -> Observed:
        """As `look`, and remember what was found."""
        observed, found = await self._look(project, records)
        known, self._known = self._known or {}, found
        if _contents(found) != _contents(known):
            await asyncio.to_thread(self._save, found)
        return observed

    async def _look(self, project: Project, records: Mapping[str, Record]) -> tuple[Observed, Known]:
        declared = [service for service in project.services.values() if service.oneshot and service.inputs]
        if not declared:
            return Observed(), {}
        if self._known is None:
            self._known = await asyncio.to_thread(self._load)
        known = self._known
        found = await asyncio.to_thread(_look_at, declared, known)
        for service in declared:
            if len(found[service.name]) > inputs.MAX_FILES:
                self._warn(
                    f"the inputs of '{service.name}' are more than {inputs.MAX_FILES:,} files, and the rest of them do "
                    "not count: name fewer of them"
                )
        return self._compare(found, known, records)

    def _compare(
        self, found: Mapping[str, inputs.Found], known: Known, records: Mapping[str, Record]
    ) -> tuple[Observed, Known]:
        """What was found beside what is known of each service's last run; of both, what to remember."""
        observed = Observed()
        kept: Known = {}
        for name, now in found.items():
            observed.inputs[name] = digest = inputs.digest(now)
            record = records.get(name)
            ran_with = _digest_of(record.run) if record is not None else ""
            kept[name] = {digest: now}
            if ran_with != digest and (then := known.get(name, {}).get(ran_with)) is not None:
                differing = inputs.differences(then, now)
                observed.changed[name] = tuple(os.path.relpath(path, self._directory) for path in differing)
                kept[name][ran_with] = then
        return observed, kept

    def _load(self) -> Known:
        """What is remembered; nothing where that cannot be read: then files are read again, and none is named."""
        with contextlib.suppress(OSError, msgspec.DecodeError), open(self._path, "rb") as file:
            return packed.decode(file.read(), Known)
        return {}

    def _save(self, known: Known) -> None:
        try:
            files.write_atomically(self._path, packed.encode(known))
        except OSError as error:
            self._warn(f"changed input files will not be named: {error}")


def _look_at(services: Iterable[Service], known: Known) -> dict[str, inputs.Found]:
    found = {}
    for service in services:
        before: inputs.Found = {}
        for earlier in known.get(service.name, {}).values():
            before.update(earlier)
        found[service.name] = inputs.look(service.inputs, before)
    return found


def _contents(known: Known) -> dict[str, set[str]]:
    """What has to be on disk: times alone are not worth a write."""
    return {service: set(found) for service, found in known.items()}


def _digest_of(run: Run | None) -> str:
    """The digest of the input files that a run was started with: a run's fingerprint ends with it."""
    return run.fingerprint.partition(";")[0][32:] if run is not None else ""
