"""Keep one project as it is wanted.

Everything that happens comes in as a call: a command, a report of an engine, a probe's answer, an alarm. Each
changes records and ends in `converge`, where the planner alone decides; the steps it gives are taken by the
executor. Nothing here waits.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from msgspec.structs import replace

from nexsock.engines.base import Engine
from nexsock.hooks import Hooks, NoHooks, StopVerdict
from nexsock.model.event import Event
from nexsock.model.plan import Plan
from nexsock.model.project import Project
from nexsock.model.report import Report
from nexsock.model.service import Service
from nexsock.model.state import Cause, Observed, ProjectState, Record, Run, Selection, Wants
from nexsock.model.tunnel import Route
from nexsock.plan import planner, tunnels, wanted
from nexsock.plan.wanted import asked_about, with_dependents, with_needs
from nexsock.reconcile import advance, hearing
from nexsock.reconcile.execute import Executor, Monitor
from nexsock.reconcile.ledger import Clock, Ledger, Memory

_STARTING = frozenset({"start", "run", "restart"})


class Reconciler:
    """One project: what is wanted of it, and the funnel through which that and its records change.

    Args:
        route: called with where tunnels lead, by the port at which each listens, whenever that has changed: before what
            the same plan ordered is carried out.
        intend: called with all that is wanted, each time that changes and before anything is done for it; what it keeps
            has to outlive this process when it returns.
        alarm: called with the monotonic time at which `due` should be called, or None when there is none.
        emit: called with each event, `seq` still 0.
        new_instance: gives a name that no run ever had.
        environ: the caller's environment, the base of what services inherit.
        hooks: told of what happens to runs. Who may be asked is asked elsewhere: nothing here waits.
    """

    def __init__(
        self,
        project: Project,
        state: ProjectState,
        *,
        engine: Engine,
        monitor: Monitor,
        memory: Memory,
        route: Callable[[Mapping[int, Route]], None],
        intend: Callable[[Wants], None],
        clock: Clock,
        alarm: Callable[[float | None], None],
        emit: Callable[[Event], None],
        new_instance: Callable[[], str],
        environ: Mapping[str, str],
        hooks: Hooks | None = None,
    ) -> None:
        self._hooks = hooks or NoHooks()
        self._ledger = Ledger(project, state, memory=memory, clock=clock, emit=emit)
        self._executor = Executor(
            self._ledger, engine=engine, monitor=monitor, new_instance=new_instance, environ=environ
        )
        self._route = route
        self._routes: Mapping[int, Route] = {}
        self._tunnelled = tunnels.dependents(project, state.records)
        self._intend = intend
        self._wants = state.wants
        self._clock = clock
        self._alarm = alarm
        self._wakes: dict[str, float] = {}
        self._reports: deque[Report] = deque()
        self._converging = False
        self._desired = wanted.desire(project, state)

    @property
    def project(self) -> Project:
        return self._ledger.project

    @property
    def state(self) -> ProjectState:
        return self._ledger.state

    @property
    def observed(self) -> Observed:
        return self._ledger.observed

    @property
    def environ(self) -> dict[str, str]:
        """What services inherit that start from now on."""
        return self._executor.environ

    @property
    def wanted(self) -> frozenset[str]:
        """The services that should be up."""
        return self._desired.up

    def record(self, name: str) -> Record:
        """The record of a service; an empty one where it has none."""
        return self._ledger.record(name)

    def use(self, project: Project, environ: Mapping[str, str] | None = None) -> None:
        """Take a version of the file, and of what services inherit, as the one that counts; nothing is done yet."""
        self._ledger.project = project
        self._tunnelled = tunnels.dependents(project, self.state.records)
        if environ is not None:
            self.inherit(environ)

    def inherit(self, environ: Mapping[str, str]) -> None:
        """Let services that start from now on inherit these variables."""
        self._executor.environ = dict(environ)

    # -- what people and files want

    def preview(
        self, project: Project, selection: Selection, names: Sequence[str], force: bool, observed: Observed
    ) -> Plan:
        """The plan that `up` would begin with at this moment. Changes nothing."""
        state = ProjectState(
            selection=selection, records={**self.state.records, **self._wanted_records(project, names)}
        )
        desired = wanted.desire(project, state)
        forced = frozenset(names or desired.up) if force else frozenset()
        again = {
            name: _asked_up(state.records[name], project.services[name], name in forced)
            for name in desired.up & asked_about(project, selection, names)
            if name in state.records
        }
        records = {**state.records, **again}
        return planner.plan(desired, records, observed, now=self._clock.monotonic())

    def need_not_run(self, name: str, observed: Observed) -> str:
        """Why a run of this service would change nothing; "" for all but oneshots that are done."""
        skip = planner.up_to_date(self._desired, self.state.records, observed, name)
        return skip.reason if skip is not None else ""

    def up(self, selection: Selection, names: Sequence[str] = (), force: bool = False) -> Plan:
        """Want this selection; services named are wanted again even when stopped by hand.

        What failed or ended is tried again: what was named and what that needs, or all; with `force`, what runs is
        replaced: the named ones, or all. Returns the plan's first round.
        """
        self._ledger.select(selection)
        for named in self._wanted_records(self.project, names).values():
            self._ledger.put(named)
        self._desire()
        came_at = self._clock.wall()
        forced = frozenset(names or self._desired.up) if force else frozenset()
        plan = self._ask_up(asked_about(self.project, selection, names), forced)
        if any(step.action in _STARTING for step in plan.steps) or plan.holds:
            self._ledger.note_up(came_at)
        return plan

    def start(self, names: Sequence[str], extra: Mapping[str, str] | None = None) -> None:
        """Want these services, and what they need; `extra` variables hold for the run that this starts."""
        for name in names:
            record = self.record(name)
            if extra and (record.phase == "stopping" or not record.alive):
                self._executor.add(name, extra)
            self._ledger.put(replace(record, intent="up"))
        self._desire()
        self._ask_up(with_needs(self.project, names))

    def restart(
        self, names: Sequence[str], extra: Mapping[str, str] | None = None, grace_s: float | None = None
    ) -> None:
        """A new run of each, whatever its state; `extra` variables hold for that run."""
        for name in names:
            if extra:
                self._executor.add(name, extra)
            cause = Cause(kind="user", text="restart was asked for")
            self._ledger.put(replace(self.record(name), intent="up", replace=cause))
        self._desire()
        self.converge()
        self._hurry(names, grace_s)

    def stop(self, names: Sequence[str], grace_s: float | None = None) -> None:
        """Stop these and remember it; a second stop of what is already stopping kills it."""
        for name in names:
            record = self.record(name)
            if record.phase == "stopping" and record.intent == "stopped":
                record = advance.hurried(record, self._clock.monotonic())
            self._ledger.put(replace(record, intent="stopped", replace=None))
        self._desire()
        self.converge()
        self._hurry(names, grace_s)

    def grant(self, name: str, verdict: StopVerdict) -> None:
        """Plugins let the current run of a service be told to end: when it is, it has as long as they say."""
        if verdict.changes:
            self._ledger.put(advance.granted(self.record(name), verdict.changes))
            self._executor.allow(name, verdict.grace_s)

    def down(self, names: Sequence[str] = (), grace_s: float | None = None) -> None:
        """Stop the named services and what requires them, or everything."""
        if names:
            self.stop(tuple(dict.fromkeys((*with_dependents(self.project, names), *names))), grace_s)
            return
        self._ledger.select(Selection())
        everything = list(self.state.records)
        for name in everything:
            self._ledger.put(replace(self.state.records[name], intent="unset", replace=None))
        self._desire()
        self.converge()
        self._hurry(everything, grace_s)

    def apply(self, project: Project) -> Plan:
        """Want what a newer version of the file says."""
        self.use(project)
        self._desire()
        return self.converge()

    def replace(self, name: str, cause: Cause, cascade: bool = False) -> None:
        """Something about a service changed on disk: give it a new run, if it is wanted at all."""
        names = with_dependents(self.project, [name]) if cascade else (name,)
        for each in names:
            if each in self._desired.up:
                because = cause if each == name else Cause(kind="dependency", text=f"{name} is replaced")
                self._ledger.put(replace(self.record(each), replace=because))
        self.converge(names)

    # -- what happens

    def resume(self, strays: Mapping[str, Run], reports: Iterable[Report]) -> Plan:
        """Go on where an earlier brain was ended (see restore): take up what it was at, then hear what it missed.

        The engine knows of the runs that live.
        """
        self.observed.strays.update(strays)
        for record in list(self.state.records.values()):
            self._ledger.remember(record)
            if record.phase == "stopping":
                self._executor.end(record, asked=record.stopping is not None and record.stopping.kill_mono is None)
                if record.stopping is not None and record.stopping.killed:
                    self._executor.kill(record)
            elif record.alive:
                self._executor.attend(self._ledger.definition(record), record)
        self._reports.extend(reports)
        return self.converge()

    def receive(self, report: Report) -> None:
        """A fact about a run. One that an engine tells in the middle of a plan's steps is heard after them."""
        self._reports.append(report)
        if not self._converging:
            self.converge(())

    def due(self) -> None:
        """The alarm went off: plan what waited for this moment."""
        now = self._clock.monotonic()
        self.converge([name for name, at in self._wakes.items() if at <= now])
        self._set_alarm()

    def _listen(self) -> set[str]:
        """Take in the reports that have come; return the services of which more than a probe's count changed."""
        moved = set()
        while self._reports:
            report = self._reports.popleft()
            if hearing.hear(report, self._ledger, self._executor, self._hooks):
                moved.add(report.service)
        return moved

    # -- the funnel

    def converge(self, touched: Iterable[str] | None = None) -> Plan:
        """Plan what was touched and its neighbours, take the steps, until nothing follows. Returns the first plan."""
        first: Plan | None = None
        self._converging = True
        try:
            heard = self._listen()
            names = None if touched is None else self._neighbourhood({*touched, *heard})
            while names is None or names:
                now = self._clock.monotonic()
                plan = planner.plan(self._desired, self.state.records, self.observed, now=now, only=names)
                first = first or plan
                moved = self._hold(plan, names)
                moved.update(step.service for step in plan.steps)
                for step in plan.steps:
                    self._executor.take(step)
                if any(step.action in ("forget", "adopt") for step in plan.steps):
                    self._desire()
                names = self._neighbourhood(moved | self._listen())
        finally:
            self._converging = False
        self._lead()
        if first is not None:
            self._set_alarm()
        return first or Plan()

    def _lead(self) -> None:
        """Have tunnels lead to where things are now. Costs nothing where nobody has any."""
        if not self._tunnelled and not self._routes:
            return
        routes = tunnels.routes(self.project, self.state.records, self._desired.up, self._tunnelled)
        if routes != self._routes:
            self._routes = routes
            self._route(routes)

    def _hold(self, plan: Plan, names: set[str] | None) -> set[str]:
        """Write down what is held since when.

        Returns:
            The services of which others have to think again: their wait became hopeless or hopeful, or somebody's
            wait for them is new.
        """
        wall, moved = self._clock.wall(), set()
        holds = {hold.service: hold for hold in plan.holds}
        for name in names if names is not None else list(self.state.records):
            self._wakes.pop(name, None)
            record = self.state.records.get(name)
            if record is not None and record.held is not None and name not in holds:
                self._ledger.put(replace(record, held=None))
        for name, hold in holds.items():
            before = self.record(name)
            record = advance.held(before, hold, wall)
            if hold.until is not None:
                self._wakes[name] = hold.until
            if record is before:
                continue
            self._ledger.put(record)
            if record.phase != before.phase or _outlook(before) != _outlook(record):
                moved.add(name)
            if names is not None:
                moved.update(other for other in hold.on if other not in names)
        return moved

    # -- shared

    def _desire(self) -> None:
        """Take what commands asked for as what counts; a brain that is killed from here on leaves it to the next."""
        before = self._desired.up
        self._desired = wanted.desire(self.project, self.state)
        if (wants := self.state.wants) != self._wants:
            self._wants = wants
            self._intend(wants)
        if self._desired.up != before:
            told = f"{len(self._desired.up)} of {len(self.project.services)} services"
            self._ledger.tell("wanted", None, reason=told)

    def _ask_up(self, about: Set[str], forced: frozenset[str] = frozenset()) -> Plan:
        """Try again what ended of these, replace what is forced, and converge."""
        for name in self._desired.up & about:
            if (record := self.state.records.get(name)) is not None:
                self._ledger.put(_asked_up(record, self.project.services[name], name in forced))
        return self.converge()

    def _set_alarm(self) -> None:
        self._alarm(min(self._wakes.values(), default=None))

    def _wanted_records(self, project: Project, names: Iterable[str]) -> dict[str, Record]:
        """The records of named services, no longer stopped by hand."""
        return {name: replace(self.record(name), intent="unset") for name in names if name in project.services}

    def _hurry(self, names: Sequence[str], grace_s: float | None) -> None:
        if grace_s is None:
            return
        for name in names:
            record = self.state.records.get(name)
            if record is not None and record.phase == "stopping":
                self._ledger.put(advance.hurried(record, self._clock.monotonic(), grace_s))
        self.converge(names)

    def _neighbourhood(self, names: Iterable[str]) -> set[str]:
        """The services whose plan may change with these: what needs them and what they need."""
        found: set[str] = set()
        for name in names:
            found.add(name)
            found.update(self._desired.dependents.get(name, ()))
            if (service := self.project.services.get(name)) is not None:
                found.update(service.depends_on)
            elif (record := self.state.records.get(name)) is not None and record.applied is not None:
                found.update(record.applied.depends_on)
        return found


def _asked_up(record: Record, service: Service, forced: bool) -> Record:
    """What an `up` changes of a wanted service: what ended is tried again, what is forced is replaced."""
    again = record.phase in ("failed", "backoff") or (record.phase == "completed" and not service.oneshot)
    if not (again or (forced and (record.alive or record.phase == "completed"))):
        return record
    return replace(record, replace=Cause(kind="user", text="up was asked for" if again else "up was forced"))


def _outlook(record: Record) -> tuple[bool, str]:
    """What others see of its wait: whether it is hopeless, and why."""
    return (record.held.failed, record.held.because) if record.held is not None else (False, "")
