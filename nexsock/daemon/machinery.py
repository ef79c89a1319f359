"""All that one project's reconciler acts through, put together: engines, probes, logs, terminals, secrets, alarm."""

import asyncio
from collections.abc import Callable, Iterable
from signal import Signals

from nexsock import masking
from nexsock.daemon.beside import Beside
from nexsock.daemon.lending import Lending
from nexsock.daemon.memory import Memory
from nexsock.daemon.output import Output
from nexsock.daemon.shared import Shared
from nexsock.daemon.viewers import Viewers
from nexsock.daemon.voice import Voice
from nexsock.engines.asking import Asking
from nexsock.engines.external import ExternalEngine
from nexsock.engines.kinds import ByKind
from nexsock.engines.mail import Mail
from nexsock.engines.process import ProcessEngine
from nexsock.engines.terminals import Terminals
from nexsock.engines.tunnels import Tunnels
from nexsock.model.report import Launched, Report
from nexsock.model.state import Health, Record
from nexsock.reconcile import restore
from nexsock.reconcile.monitor import ProbingMonitor
from nexsock.reconcile.reconciler import Reconciler
from nexsock.runtime import clock
from nexsock.runtime.secrets import Secrets


class Machinery:
    """What carries out the steps of a project and reports what became of them.

    Args:
        runs: what the keeper has of the project from an earlier brain; reports wait until they are `heard`.
        reconciler: gives the one that acts through this; it is made later.
    """

    def __init__(
        self,
        shared: Shared,
        project_id: str,
        runs: Iterable[restore.Kept],
        *,
        reconciler: Callable[[], Reconciler],
        memory: Memory,
        voice: Voice,
        veil: masking.Veil,
    ) -> None:
        places, logs_dir = shared.places, shared.places.project_logs(project_id)
        runs = tuple(runs)
        self._reconciler = reconciler
        self._voice = voice
        self._unheard: list[Report] | None = [] if runs else None
        self._timer: asyncio.TimerHandle | None = None
        secrets = Secrets(places.project_secrets(project_id))
        self.lending = Lending(secrets, veil)
        secrets.keep_only([*(kept.run.instance for kept in runs), *self.lending.lent()])
        veil.learn(secrets.values())
        self.tunnels = Tunnels(project_id, shared.relay, self._environ, voice.warn_of)
        self.processes = ProcessEngine(
            project_id,
            keeper=shared.keeper,
            exits=shared.exits,
            sweep=shared.sweep,
            report=self._report,
            remembered=memory.saved,
            logs_dir=logs_dir,
            fifos_dir=places.project_runtime(project_id),
            mail=Mail(shared.keeper, places.notify_dir),
            secrets=secrets,
            learn=veil.learn,
            tunnels=self.tunnels,
            terminals=Terminals(shared.keeper),
        )
        self.asking = Asking(
            self.processes,
            shared.plugins,
            project=lambda: reconciler().project,
            report=self._report,
            learn=veil.learn,
        )
        self.engine = ByKind(self.asking, ExternalEngine(self._report))
        self.output = Output(logs_dir, shared.growth, self._instances)
        self.beside = Beside(
            self.processes, self.asking, secrets, self.output, record=self._record, environ=self._environ
        )
        self.monitor = ProbingMonitor(self.beside.attempt, self.beside.listen, self._report, self._health_of, clock)
        self.viewers = Viewers(
            logs_dir,
            self.output,
            self.processes.terminals,
            record=self._record,
            wanted=lambda name: name in reconciler().wanted,
            hide=veil.hide,
        )

    def heard(self) -> tuple[Report, ...]:
        """What was reported before this moment; from here on the reconciler hears by itself."""
        reports, self._unheard = tuple(self._unheard or ()), None
        return reports

    def send(self, service: str, number: Signals) -> None:
        """Send a signal to a service's current run, if there is one."""
        record = self._record(service)
        if record.alive and record.run is not None:
            self.engine.signal(service, record.run.instance, number)

    def set_alarm(self, at: float | None) -> None:
        """Have the reconciler plan at this time, and at no other that was set before."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, at - clock.monotonic()), self._reconciler().due)

    async def close(self) -> None:
        """Let go of everything; what runs goes on."""
        self.set_alarm(None)
        self.lending.close()
        await self.asking.close()
        await self.monitor.close()
        await self.processes.close()

    def _report(self, report: Report) -> None:
        report = self._voice.veiled(report)
        if isinstance(report, Launched):
            self.output.launched(report.service)
        if self._unheard is None:
            self._reconciler().receive(report)
        else:
            self._unheard.append(report)

    def _record(self, service: str) -> Record:
        return self._reconciler().record(service)

    def _instances(self, services: Iterable[str]) -> list[str]:
        """The runs of these services that may write."""
        records = (self._record(name) for name in services)
        return [record.run.instance for record in records if record.run is not None and record.alive]

    def _health_of(self, service: str) -> Health | None:
        return self._record(service).health

    def _environ(self) -> dict[str, str]:
        return self._reconciler().environ
