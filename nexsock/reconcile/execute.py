"""Take the steps of a plan: each is told with its reason, recorded, and then carried out by the engine.

The record comes before the effect: a brain that is killed between the two finds a start that was never launched and
begins it anew, while the other order would leave a process of which nobody knows. What to do is decided elsewhere.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from nexsock.engines.base import EndOrder, Engine, LaunchOrder
from nexsock.model.plan import Step
from nexsock.model.service import Service
from nexsock.model.state import Cause, CauseKind, Record, Run
from nexsock.plan import snapshot
from nexsock.reconcile import advance, environment
from nexsock.reconcile.ledger import Ledger


class Monitor(Protocol):
    """Asks for the health of runs and reports the answers (reconcile.monitor)."""

    def attend(self, service: Service, run: Run, environment: dict[str, str]) -> None:
        """Probe this run from now on, by this definition; replaces what was attended of the service before."""

    def leave(self, service: str) -> None:
        """Stop asking."""


class Executor:
    """The hands of one project's reconciler.

    Args:
        new_instance: gives a name that no run ever had.
        environ: the caller's environment, the base of what services inherit.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        engine: Engine,
        monitor: Monitor,
        new_instance: Callable[[], str],
        environ: Mapping[str, str],
    ) -> None:
        self._environ = dict(environ)
        self._inherited: dict[bool | tuple[str, ...], str] = {}
        self._ledger = ledger
        self._engine = engine
        self._monitor = monitor
        self._new_instance = new_instance
        self._extra: dict[str, dict[str, str]] = {}
        self._graces: dict[str, tuple[str, float]] = {}

    @property
    def environ(self) -> dict[str, str]:
        """What services inherit that start from now on."""
        return self._environ

    @environ.setter
    def environ(self, variables: Mapping[str, str]) -> None:
        self._environ = dict(variables)
        self._inherited.clear()

    def add(self, name: str, variables: Mapping[str, str]) -> None:
        """Give the next run of a service these variables, too."""
        self._extra[name] = dict(variables)

    def allow(self, name: str, grace_s: float) -> None:
        """Give the current run of a service so much time for its end, when that comes."""
        if (run := self._ledger.record(name).run) is not None:
            self._graces[name] = run.instance, grace_s

    def take(self, step: Step) -> None:
        """Carry out one step."""
        ledger = self._ledger
        record = ledger.record(step.service)
        ledger.tell(
            "plan", step.service, reason=step.reason, origin=step.origin, action=step.action, fields=step.fields
        )
        match step.action:
            case "start" | "run":
                self._start(step, record)
            case "stop" | "restart":
                self._stop(step, record)
            case "signal":
                self._kill(record)
            case "update":
                self._update(record)
            case "adopt":
                self._adopt(record)
            case "forget":
                self._forget(step.service)

    def _start(self, step: Step, record: Record) -> None:
        ledger = self._ledger
        project, service = ledger.project, ledger.project.services[step.service]
        run = Run(
            number=record.run.number + 1 if record.run is not None else 1,
            instance=self._new_instance(),
            cause=_cause_of_start(step, record, service),
            fingerprint=ledger.observed.fingerprint_of(service),
            inherited=self._inherits(service.launch.inherit_env),
        )
        ledger.begin(advance.started(record, service, run, ledger.clock.wall()))
        variables = environment.compose(self.environ, project, service, run, self._extra.pop(service.name, {}))
        configs = tuple(project.configs[name] for name in service.launch.configs if name in project.configs)
        self._engine.launch(
            LaunchOrder(service=service, run=run, environment=variables, configs=configs, caller=self.environ)
        )

    def _inherits(self, inherit: bool | tuple[str, ...]) -> str:
        """What the variables that a service inherits are remembered by; found out once for all that inherit alike."""
        if inherit not in self._inherited:
            digest, marks = snapshot.inherited(environment.inherited(self._environ, inherit))
            self._ledger.remember_environment(digest, marks)
            self._inherited[inherit] = digest
        return self._inherited[inherit]

    def _stop(self, step: Step, record: Record) -> None:
        ledger = self._ledger
        cause, service = _cause_of_end(step, record), ledger.definition(record)
        self.leave(step.service)
        ended = advance.stopped(
            record,
            step,
            cause,
            service,
            ledger.clock.monotonic(),
            ledger.clock.wall(),
            grace_s=self._grace_of(record),
        )
        ledger.put(ended)
        if record.alive:
            self.end(ended, asked=True)

    def _grace_of(self, record: Record) -> float | None:
        instance, grace_s = self._graces.pop(record.name, ("", 0.0))
        return grace_s if record.run is not None and record.run.instance == instance else None

    def _kill(self, record: Record) -> None:
        self._ledger.put(advance.killed(record))
        if record.run is None:
            return
        if not record.alive:
            self.end(record, asked=False)
        self.kill(record)

    def _update(self, record: Record) -> None:
        service = self._ledger.project.services[record.name]
        record = advance.updated(record, service, self._ledger.clock.wall())
        self._ledger.put(record)
        if record.run is not None:
            self._engine.update(service, record.run)
        self.attend(service, record)

    def _adopt(self, record: Record) -> None:
        ledger = self._ledger
        run = ledger.observed.strays.pop(record.name)
        service = ledger.project.services.get(record.name) or ledger.definition(record)
        record = advance.adopted(record, service, run, ledger.clock.wall())
        ledger.put(record)
        self.attend(service, record)

    def _forget(self, name: str) -> None:
        self._extra.pop(name, None)
        self._graces.pop(name, None)
        self._ledger.forget(name)
        self._engine.forget(name)

    # -- effects that follow from a report, or from a step of an earlier brain

    def end(self, record: Record, asked: bool) -> None:
        """Have everything of its run ended, with its stop hooks and command where it was asked to end."""
        if record.run is not None:
            service = self._ledger.definition(record)
            variables = environment.compose(self.environ, self._ledger.project, service, record.run, {})
            self._engine.end(EndOrder(service=service, run=record.run, environment=variables, asked=asked))

    def kill(self, record: Record) -> None:
        """SIGKILL everything of its run, the end of which was ordered before."""
        if record.run is not None:
            self._engine.kill(record.name, record.run.instance)

    def attend(self, service: Service, record: Record) -> None:
        """Have its run probed by this definition from now on, if it has been launched and can be probed."""
        run = record.run
        if service.healthcheck is None or run is None or run.started_mono is None or record.phase == "stopping":
            self.leave(service.name)
            return
        variables = environment.compose(self.environ, self._ledger.project, service, run, {})
        self._monitor.attend(service, run, variables)

    def leave(self, name: str) -> None:
        """Have it probed no more."""
        self._monitor.leave(name)


def _cause_of_start(step: Step, record: Record, service: Service) -> Cause:
    if record.replace is not None:
        return record.replace
    if step.fields:
        return Cause(kind="config", text=step.reason, origin=step.fields[0].origin or step.origin)
    if record.phase == "completed":  # a oneshot that is done runs again for a change only
        return Cause(kind="config", text=step.reason)
    if advance.is_next_try(record, service):
        ended = record.run.ended if record.run is not None else None
        kind: CauseKind = "unhealthy" if ended is not None and ended.kind == "unhealthy" else "crash"
        return Cause(kind=kind, text=step.reason)
    return Cause(kind="user", text="it was wanted")


def _cause_of_end(step: Step, record: Record) -> Cause:
    if step.action == "restart" and record.replace is not None:
        return record.replace
    kind: CauseKind = ("config" if step.fields else "dependency") if step.action == "restart" else "user"
    return Cause(kind=kind, text=step.reason, origin=step.origin)
