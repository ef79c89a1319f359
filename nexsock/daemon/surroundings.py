"""What lies around one project's processes: the files that oneshots read, checkouts, and the values of secrets."""

from collections.abc import Iterable, Mapping

from nexsock.daemon.checkouts import Checkouts
from nexsock.daemon.inputs import InputFiles
from nexsock.daemon.values import SecretValues
from nexsock.daemon.voice import Voice
from nexsock.model.project import Project
from nexsock.model.state import Observed
from nexsock.model.status import GitStatus
from nexsock.reconcile.reconciler import Reconciler
from nexsock.runtime import commits


class Surroundings:
    """Looked at before the reconciler plans, for it has no eyes for them."""

    def __init__(
        self, reconciler: Reconciler, inputs: InputFiles, values: SecretValues, checkouts: Checkouts, voice: Voice
    ) -> None:
        self._reconciler = reconciler
        self._inputs = inputs
        self._values = values
        self._checkouts = checkouts
        self._voice = voice

    async def observe(self, project: Project, environ: Mapping[str, str] | None = None) -> None:
        """Look, and have the next plan know what was found.

        `environ` is the caller's environment, where there is a newer one.
        """
        self._voice.learn(project, environ or {})
        found = await self._inputs.observe(project, self._reconciler.state.records)
        observed = self._reconciler.observed
        observed.inputs, observed.changed, observed.uncloned = found.inputs, found.changed, uncloned(project)
        observed.secrets = await self._values.look(project, environ or self._reconciler.environ)

    async def have_changed(self) -> bool:
        """Look again, where the project says the same: what it names may hold another secret or another input."""
        observed = self._reconciler.observed
        before = observed.secrets, observed.inputs
        await self.observe(self._reconciler.project)
        return (observed.secrets, observed.inputs) != before

    async def look(self, project: Project, environ: Mapping[str, str] | None = None) -> Observed:
        """What would be observed of a version of the project; nothing is changed."""
        found = await self._inputs.look(project, self._reconciler.state.records)
        found.strays = self._reconciler.observed.strays
        found.secrets = await self._values.look(project, environ or self._reconciler.environ)
        found.uncloned = uncloned(project)
        return found

    async def provide(self, project: Project, names: Iterable[str], environ: Mapping[str, str] | None) -> bool:
        """Have the checkouts of these services made and moved as a version of the file says.

        Returns:
            Whether one is another now, so that the file has to be read again.
        """

        def say(name: str, what: str) -> None:
            self._voice.tell("git", what, service=name)

        names, observed = tuple(names), self._reconciler.observed
        moved, faults = await self._checkouts.provide(project, names, environ or self._reconciler.environ, say)
        kept = {name: fault for name, fault in observed.unprovided.items() if name not in names}
        observed.unprovided = {**kept, **faults}
        return moved


def head(project: Project, name: str) -> GitStatus | None:
    """What the checkout of a service has now; None for a service without one."""
    service = project.services.get(name)
    return None if service is None or service.git is None else commits.head_of(service.git.path)


def uncloned(project: Project) -> frozenset[str]:
    """The services whose checkout is not there yet."""
    sources = {name: service.git for name, service in project.services.items() if service.git is not None}
    return frozenset(name for name, source in sources.items() if not commits.is_checkout(source.path))
