"""Asks plugins before a run is launched, and has it launched as they say. Runs of other services do not wait for that.

What plugins have changed is the run's alone: the definition of the service stays the file's, so that no plan takes the
change for one of the file. Health checks, stop commands and whatever else is run in the place of the run get the same
variables; a later brain finds them where the process has them.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from msgspec.structs import replace

from nexsock import masking
from nexsock.engines.base import EndOrder, Engine, LaunchOrder, Reporter
from nexsock.hooks import Hooks, PreStart, StartVerdict
from nexsock.model.plugin import PluginChange
from nexsock.model.project import Project
from nexsock.model.report import Altered, LaunchFailed
from nexsock.model.service import Service
from nexsock.model.state import Run
from nexsock.runtime import identity

_log = logging.getLogger(__name__)
_VARIABLE = "environment."


class _Question:
    """A launch that waits for its answer."""

    def __init__(self, order: LaunchOrder) -> None:
        self.order = order
        self.task: asyncio.Task[None] | None = None


class Asking:
    """An engine in front of another one. Where no plugin listens, nothing of it is in the way.

    Args:
        project: gives the project as it is now.
        learn: is told values that are not for showing.
    """

    def __init__(
        self,
        engine: Engine,
        hooks: Hooks,
        *,
        project: Callable[[], Project],
        report: Reporter,
        learn: Callable[[Iterable[str]], None],
    ) -> None:
        self._engine = engine
        self._hooks = hooks
        self._project = project
        self._report = report
        self._learn = learn
        self._questions: dict[str, _Question] = {}
        self._given: dict[str, tuple[str, Mapping[str, str | None]]] = {}
        """by service: the run that it is for, and the variables; None takes one away"""

    # -- orders

    def launch(self, order: LaunchOrder) -> None:
        if not self._hooks.wanted("pre_start", self._project().directory):
            self._engine.launch(order)
            return
        name = order.service.name
        question = self._questions[name] = _Question(order)
        question.task = asyncio.create_task(self._ask(question), name=f"ask about {name}")

    def end(self, order: EndOrder) -> None:
        self._withdraw(order.service.name)
        changed = self.variables(order.service.name, order.run.instance, order.environment)
        self._engine.end(replace(order, environment=changed))

    def kill(self, service: str, instance: str) -> None:
        self._engine.kill(service, instance)

    def signal(self, service: str, instance: str, number: int) -> None:
        self._engine.signal(service, instance, number)

    def update(self, service: Service, run: Run) -> None:
        if (question := self._questions.get(service.name)) is not None:
            question.order = replace(question.order, service=service)
        self._engine.update(service, run)

    def forget(self, service: str) -> None:
        self._withdraw(service)
        self._given.pop(service, None)
        self._engine.forget(service)

    def resume(self, service: str, run: Run) -> None:
        """Take up a run that an earlier brain launched: what plugins have given it, it has."""
        names = {change.field.removeprefix(_VARIABLE) for change in run.altered if change.field.startswith(_VARIABLE)}
        if names and run.pid and run.exit is None:
            with suppress(ProcessLookupError, PermissionError):
                found = identity.executed_with(run.pid)
                self._given[service] = run.instance, {name: found.get(name) for name in names}

    def variables(self, service: str, instance: str, environment: Mapping[str, str]) -> dict[str, str]:
        """These variables of a run as plugins have changed them."""
        of, changes = self._given.get(service, ("", {}))
        if of != instance:
            return dict(environment)
        return {name: value for name, value in {**environment, **changes}.items() if value is not None}

    async def close(self) -> None:
        tasks = [question.task for question in self._questions.values() if question.task is not None]
        for name in list(self._questions):
            self._withdraw(name)
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- a question

    async def _ask(self, question: _Question) -> None:
        order = question.order
        event = start_of(self._project(), order.service, order.run.number, order.run.cause.text, order.environment)
        try:
            verdict = await self._hooks.pre_start(event)
        except Exception as error:  # a fault of ours must not leave the service "starting" for ever
            _log.exception("plugins cannot be asked about service '%s'", order.service.name)
            self._answered(question, f"nexsock met a fault of its own: {error!r}; see 'nexsock daemon logs'")
            return
        self._learn(masking.telling(verdict.environment))
        self._answered(question, verdict)

    def _answered(self, question: _Question, verdict: StartVerdict | str) -> None:
        order = question.order
        name, instance = order.service.name, order.run.instance
        del self._questions[name]
        if isinstance(verdict, str):
            self._report(LaunchFailed(service=name, instance=instance, message=verdict))
            return
        if verdict.changes:
            self._given[name] = instance, given(verdict)
            self._report(Altered(service=name, instance=instance, changes=shown(verdict)))
        if verdict.denied is not None:
            denied = verdict.denied
            self._report(LaunchFailed(service=name, instance=instance, message=str(denied), denied=denied))
            return
        self._engine.launch(replace(order, environment=verdict.environment, command=verdict.command))

    def _withdraw(self, name: str) -> None:
        """Nobody needs the answer any more."""
        if (question := self._questions.pop(name, None)) is not None and question.task is not None:
            question.task.cancel()


def start_of(
    project: Project, service: Service, run: int, cause: str, environment: Mapping[str, str], *, preview: bool = False
) -> PreStart:
    """What plugins are told of a start."""
    return PreStart(
        project=project.name,
        directory=project.directory,
        service=service.name,
        run=run,
        cause=cause,
        command=service.launch.command,
        working_dir=service.launch.working_dir,
        environment=dict(environment),
        ports={name: port.number for name, port in service.launch.ports.items()},
        preview=preview,
    )


def given(verdict: StartVerdict) -> dict[str, str | None]:
    """The variables that plugins have changed, as they are now; None: taken away."""
    names = (change.field.removeprefix(_VARIABLE) for change in verdict.changes if change.field.startswith(_VARIABLE))
    return {name: verdict.environment.get(name) for name in names}


def shown(verdict: StartVerdict) -> tuple[PluginChange, ...]:
    """The changes with their values as they may be shown."""
    secret = masking.telling(verdict.environment)
    return tuple(
        replace(change, old=_shown(change.field, change.old, secret), new=_shown(change.field, change.new, secret))
        for change in verdict.changes
    )


def _shown(field: str, value: str | None, secret: tuple[str, ...]) -> str | None:
    if value is None:
        return None
    name = field.removeprefix(_VARIABLE)
    return masking.hidden(masking.masked(name, value) if name != field else value, secret)
