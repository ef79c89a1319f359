"""What is told of one project: events, reports and refusals, without the secrets that are known."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from nexsock import errors, masking
from nexsock.model.event import Event, EventKind
from nexsock.model.plugin import PluginChange
from nexsock.model.project import Project
from nexsock.model.report import Altered, LaunchFailed, Noted, Probed, Report
from nexsock.runtime import clock


class Voice:
    """Tells everyone what happens to a project.

    Args:
        veil: hides what it has learned.
        emit: hears every event.
    """

    def __init__(self, project_id: str, veil: masking.Veil, emit: Callable[[Event], None]) -> None:
        self._project_id = project_id
        self._veil = veil
        self._emit = emit

    def learn(self, project: Project, environ: Mapping[str, str]) -> None:
        """Keep out of what is shown what variables hold whose names say that it is secret."""
        self._veil.learn(masking.telling(environ))
        for service in project.services.values():
            hooks = msgspec.structs.astuple(service.hooks)
            for variables in (service.launch.environment, *(hook.environment for kind in hooks for hook in kind)):
                self._veil.learn(masking.telling(variables))

    def emit(self, event: Event) -> None:
        """Tell everyone, without secrets."""
        hidden = self._veil.hide(event.reason) if event.reason else ""
        self._emit(event if hidden == event.reason else replace(event, reason=hidden))

    def tell(self, kind: EventKind, reason: str, origin: str | None = None, service: str | None = None) -> None:
        self.emit(
            Event(
                at=clock.wall(),
                seq=0,
                project=self._project_id,
                kind=kind,
                service=service,
                reason=reason,
                origin=origin,
            )
        )

    def warn(self, text: str) -> None:
        self.tell("warning", text)

    def warn_of(self, service: str, text: str) -> None:
        self.tell("warning", text, service=service)

    def veiled(self, report: Report) -> Report:
        """The report without secrets: hooks and probes show what they like, and from here on it is kept and told."""
        match report:
            case LaunchFailed():
                denied = report.denied and replace(report.denied, reason=self._veil.hide(report.denied.reason))
                return replace(report, message=self._veil.hide(report.message), denied=denied)
            case Noted():
                return replace(report, text=self._veil.hide(report.text))
            case Altered():
                return replace(report, changes=tuple(self._veiled_change(change) for change in report.changes))
            case Probed():
                result = replace(report.result, output=self._veil.hide(report.result.output))
                return replace(report, result=result)
        return report

    def _veiled_change(self, change: PluginChange) -> PluginChange:
        old, new = (None if value is None else self._veil.hide(value) for value in (change.old, change.new))
        return replace(change, old=old, new=new)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """What is refused within is told without secrets."""
        try:
            yield
        except errors.Refused as refusal:
            raise errors.Refused(self._veil.hide(refusal.message), hint=refusal.hint) from refusal
