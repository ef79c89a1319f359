"""Plugins asked, for one project, whether what runs may be ended or replaced: by a command, a watch or a newer file."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from nexsock import errors
from nexsock.daemon import consent
from nexsock.daemon.surroundings import Surroundings
from nexsock.daemon.voice import Voice
from nexsock.hooks import Hooks
from nexsock.model.project import Project
from nexsock.model.state import Cause, Selection
from nexsock.reconcile.reconciler import Reconciler


class Permission:
    """What plugins let happen to the runs of a project. Refusals are told without secrets."""

    def __init__(self, hooks: Hooks, reconciler: Reconciler, surroundings: Surroundings, voice: Voice) -> None:
        self._hooks = hooks
        self._reconciler = reconciler
        self._surroundings = surroundings
        self._voice = voice
        self._replacing: set[asyncio.Task[None]] = set()

    async def to_apply(
        self,
        project: Project,
        selection: Selection,
        names: Sequence[str] = (),
        force: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Ask whether what `up` with this version of the file would end may be told to.

        Raises:
            Refused: a plugin does not let one of them.
        """
        if consent.is_asked(self._hooks, project):
            observed = await self._surroundings.look(project, environ)
            plan = self._reconciler.preview(project, selection, names, force, observed)
            records = self._reconciler.state.records
            ending = consent.replaced(plan, records)
            await self.to_replace(consent.renewed(plan, records), project, environ)
            await self.to_end(ending, "it is replaced")

    async def to_replace(
        self, starts: Mapping[str, str], project: Project | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        """Ask whether these services, of a version of the file, may have a new run; see consent.to_replace."""
        known = self._reconciler
        with self._voice.refusing():
            await consent.to_replace(
                self._hooks, project or known.project, starts, known.state.records, environ or known.environ
            )

    async def to_end(self, names: Iterable[str], reason: str, grace_s: float | None = None) -> None:
        """Ask whether the runs of these services may be told to end; see consent.to_end."""
        with self._voice.refusing():
            await consent.to_end(self._hooks, self._reconciler, names, reason, grace_s)

    def replace(self, name: str, cause: Cause, cascade: bool) -> None:
        """Give a service a new run, once plugins let the one that it has be ended."""
        if not consent.is_asked(self._hooks, self._reconciler.project):
            self._reconciler.replace(name, cause, cascade)
            return
        task = asyncio.create_task(self._replace_if_let(name, cause, cascade), name=f"replace {name}")
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _replace_if_let(self, name: str, cause: Cause, cascade: bool) -> None:
        try:
            await self.to_replace({name: cause.text})
            await self.to_end([name], cause.text)
        except errors.Refused as refusal:
            self._voice.warn_of(name, f"{cause.text}, and it is not restarted: {refusal.message}")
            return
        self._reconciler.replace(name, cause, cascade)

    def close(self) -> None:
        """Wait for no more answers."""
        for task in self._replacing:
            task.cancel()
