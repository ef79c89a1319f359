"""The real reconciler with doubles of what it acts through; all of it is lost when the brain is killed."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from nexsock.engines.base import EndOrder, LaunchOrder
from nexsock.lifecycle import health as judging
from nexsock.lifecycle.stop import UNKILLABLE_AFTER_S
from nexsock.model.event import Event
from nexsock.model.probe import ProbeResult
from nexsock.model.project import Project
from nexsock.model.report import Altered, Exited, Gone, Launched, LaunchFailed, Probed, Report, Signalled
from nexsock.model.service import Service
from nexsock.model.state import Health, ProjectState, Record, Run, Selection, Snapshot, Wants
from nexsock.reconcile.reconciler import Reconciler
from nexsock.reconcile.restore import Kept, Restored, intended, restore
from tests.simulation.world import BOOT_ID, Behaviour, Process, Violation, World

LATENCY_S = 0.0005
FLUSH_AFTER_S = 0.05


class Memory:
    """Keeps what the store keeps, and loses with the brain what was not flushed."""

    def __init__(self, world: World, durable: "Durable") -> None:
        self._world = world
        self._durable = durable
        self.alive = True
        self.records = dict(durable.records)
        self.selection = durable.selection
        self.writes = 0
        self._dirty = False
        self._after_flush: list[Callable[[], None]] = []

    def put(self, record: Record) -> None:
        row = stored(record)
        if self.records.get(record.name) != row:
            self.records[record.name] = row
            self._changed()

    def put_run(self, service: str, run: Run) -> None:
        """The record holds it."""

    def forget(self, service: str) -> None:
        if self.records.pop(service, None) is not None:
            self._changed()

    def put_launch(self, service: str, run: Run, launch: Snapshot) -> None:
        """Nothing that is simulated asks for it."""

    def put_environment(self, digest: str, marks: Mapping[str, str]) -> None:
        """Nothing that is simulated asks for it."""

    def set_meta(self, *, selection: Selection | None = None, up_at: float | None = None) -> None:
        if selection is not None:
            self.selection = selection
            self._changed()

    def _changed(self) -> None:
        self.writes += 1
        if not self._dirty:
            self._dirty = True
            self._world.later(FLUSH_AFTER_S, self.flush)

    def flush(self) -> None:
        """Bring everything to disk."""
        if not self.alive:
            return
        self._dirty = False
        self._durable.keep(self.records, self.selection)
        waiting, self._after_flush = self._after_flush, []
        for act in waiting:
            act()

    def when_flushed(self, act: Callable[[], None]) -> None:
        """Do it once all that was put until now is on disk."""
        self._after_flush.append(act)
        self._changed()


class Durable:
    """The disk."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.selection = Selection()
        self.wants: Wants | None = None

    def intend(self, wants: Wants) -> None:
        self.wants = wants

    def keep(self, records: Mapping[str, Record], selection: Selection) -> None:
        self.records = dict(records)
        self.selection = selection


def stored(record: Record) -> Record:
    """What the store keeps of a record."""
    health = Health(verdict=record.health.verdict) if record.health is not None else None
    return replace(record, applied=None, held=None, health=health)


class Life:
    """One run as the engine sees it."""

    def __init__(self, service: Service, run: Run, process: Process | None, behaviour: Behaviour | None) -> None:
        self.service = service
        self.run = run
        self.process = process
        self.behaviour = behaviour
        self.launching = False
        self.cancelled = False
        self.ending: EndOrder | None = None
        self.kill = False
        self.over = False


class Engine:
    """Carries orders out late, as a machine does; reports come in the order of the facts."""

    def __init__(self, brain: "Brain") -> None:
        self._brain = brain
        self._world = brain.world
        self._lives: dict[str, Life] = {}
        self.orders: list[str] = []
        self.pending = 0
        for process in self._world.kept.values():
            if process.lives or process.exit is None:
                self._lives[process.service.name] = Life(process.service, process.run, process, None)

    def launch(self, order: LaunchOrder) -> None:
        self.orders.append(order.service.name)
        self._brain.on_launch(order)
        if order.service.engine == "external":
            self._brain.hear(self._launched(order.service.name, order.run, None))
            return
        life = self._lives[order.service.name] = Life(
            order.service, order.run, None, self._world.behaviour(order.service)
        )
        life.launching = True
        self._later(life.behaviour.asked_s if life.behaviour else 0.0, lambda: self._answered_by_plugins(life))

    def _answered_by_plugins(self, life: Life) -> None:
        """As the real engine that asks: what is changed is told, what is denied is never launched."""
        behaviour, name, instance = life.behaviour, life.service.name, life.run.instance
        if life.cancelled or behaviour is None:
            return
        if behaviour.altered:
            self._brain.hear(Altered(service=name, instance=instance, changes=behaviour.altered))
        if behaviour.denied is None:
            self._later(behaviour.prepare_s, lambda: self._spawn(life))
            return
        life.launching = False
        self._world.tell(f"{name}: {behaviour.denied}")
        self._lives.pop(name, None)
        message = str(behaviour.denied)
        self._brain.hear(LaunchFailed(service=name, instance=instance, message=message, denied=behaviour.denied))

    def _spawn(self, life: Life) -> None:
        behaviour = life.behaviour
        if life.cancelled or behaviour is None:
            return
        if behaviour.fails:
            life.launching = False
            transient = behaviour.fails == "transient"
            self._world.tell(f"{life.service.name}: spawning fails, {behaviour.fails}")
            self._report(
                LaunchFailed(
                    service=life.service.name, instance=life.run.instance, message="no program", transient=transient
                )
            )
            self._lives.pop(life.service.name, None)
            return
        life.process = self._world.spawn(life.service, life.run, behaviour)
        self._later(behaviour.answer_s, lambda: self._answered(life))

    def _answered(self, life: Life) -> None:
        life.launching = False
        process = life.process
        assert process is not None
        self._report(self._launched(life.service.name, process.run, process.run.pid))
        if life.ending is not None:
            self._ask(life)

    def _launched(self, service: str, run: Run, pid: int | None) -> Launched:
        return Launched(
            service=service,
            instance=run.instance,
            pid=pid,
            start_ticks=run.start_ticks,
            boot_id=BOOT_ID if pid is not None else "",
            at=self._world.wall(),
            mono=self._world.now,
        )

    def end(self, order: EndOrder) -> None:
        self.orders.append(order.service.name)
        self._brain.on_end(order)
        name = order.service.name
        if order.service.engine == "external":
            self._brain.hear(Gone(service=name, instance=order.run.instance))
            return
        life = self._lives.get(name)
        if life is None or life.run.instance != order.run.instance:
            process = self._world.kept.get(order.run.instance)
            life = self._lives[name] = Life(order.service, order.run, process, None)
        life.ending, life.over = order, False
        if life.launching and life.process is None:
            life.cancelled, life.launching = True, False
        if not life.launching:
            self._later(LATENCY_S, lambda: self._ask(life))

    def _ask(self, life: Life) -> None:
        order = life.ending
        if order is None or life.over:
            return
        hooks = order.asked and bool(life.service.stop.command) and not life.kill
        self._later(0.3 if hooks else 0.0, lambda: self._terminate(life, order))

    def _terminate(self, life: Life, order: EndOrder) -> None:
        if life.process is not None and life.process.lives and not life.kill:
            self._world.terminate(life.process)
        if order.asked and life.process is not None and not life.kill:
            self._report(Signalled(service=life.service.name, instance=life.run.instance))
        if life.kill:
            self._slay(life)
        self._look(life)

    def kill(self, service: str, instance: str) -> None:
        self.orders.append(service)
        self._brain.on_signal(service, instance)
        life = self._lives.get(service)
        if life is not None and life.run.instance == instance and not life.kill:
            life.kill = True
            if life.ending is not None and not life.launching:
                self._slay(life)

    def _slay(self, life: Life) -> None:
        if life.process is not None and not self._world.kill(life.process):
            self._later(UNKILLABLE_AFTER_S, lambda: self._give_up(life))
        self._look(life)

    def _give_up(self, life: Life) -> None:
        if not life.over and life.process is not None and life.process.lives:
            self._gone(life, (life.process.run.pid or 0,))

    def signal(self, service: str, instance: str, number: int) -> None:
        self._brain.on_signal(service, instance)

    def update(self, service: Service, run: Run) -> None:
        """Nothing of the simulated processes depends on it."""

    def forget(self, service: str) -> None:
        self._lives.pop(service, None)

    def changed(self, process: Process) -> None:
        """A process of the keeper's has ended, or its last child has."""
        name, end = process.service.name, process.exit
        if end is not None:
            self._report(Exited(service=name, instance=process.run.instance, exit=end))
        life = self._lives.get(name)
        if life is not None and life.process is process and life.ending is not None and not life.launching:
            self._look(life)

    def hear_again(self) -> None:
        """The keeper tells every new brain of each exit that nobody has acknowledged."""
        for process in list(self._world.kept.values()):
            if process.exit is not None:
                self.changed(process)

    def _look(self, life: Life) -> None:
        """Report the end when nothing is left."""
        if not life.over and (life.process is None or not life.process.lives):
            self._gone(life, ())

    def _gone(self, life: Life, survivors: tuple[int, ...]) -> None:
        life.over = True
        self._report(Gone(service=life.service.name, instance=life.run.instance, survivors=survivors))
        if self._lives.get(life.service.name) is life:
            del self._lives[life.service.name]
        if not survivors:
            self.release(life.run.instance)

    def release(self, instance: str) -> None:
        """The keeper may forget a run, once its end is on disk."""
        self._brain.memory.when_flushed(lambda: self._let_go(instance))

    def _let_go(self, instance: str) -> None:
        if (process := self._world.kept.get(instance)) is not None and not process.lives:
            del self._world.kept[instance]

    def _report(self, report: Report) -> None:
        self._later(LATENCY_S, lambda: self._brain.hear(report))

    def _later(self, delay_s: float, act: Callable[[], None]) -> None:
        self.pending += 1
        self._world.later(delay_s, lambda: self._do(act))

    def _do(self, act: Callable[[], None]) -> None:
        self.pending -= 1
        if self._brain.alive:
            act()


class Monitor:
    """Probes as the real one does: at once, then after the pause that the counts ask for."""

    def __init__(self, brain: "Brain") -> None:
        self._brain = brain
        self._attended: dict[str, object] = {}

    def attend(self, service: Service, run: Run, environment: dict[str, str]) -> None:
        token = self._attended[service.name] = object()
        self._brain.world.later(0.001, lambda: self._probe(service, run, token))

    def leave(self, service: str) -> None:
        self._attended.pop(service, None)

    def _probe(self, service: Service, run: Run, token: object) -> None:
        world, check = self._brain.world, service.healthcheck
        if not self._brain.alive or self._attended.get(service.name) is not token or check is None:
            return
        ok = world.healthy(world.kept.get(run.instance)) or service.engine == "external"
        result = ProbeResult(kind=check.kind, ok=ok, output="" if ok else "refused", at=world.wall())
        self._brain.hear(Probed(service=service.name, instance=run.instance, result=result))
        pause_s = judging.pause_s(check, self._brain.reconciler.record(service.name).health or Health())
        if pause_s is not None:
            world.later(pause_s, lambda: self._probe(service, run, token))


class Brain:
    """One life of the daemon's half that may die. `on_*` are where the checks hang in."""

    def __init__(
        self,
        world: World,
        durable: Durable,
        project: Project,
        *,
        make: type[Reconciler] = Reconciler,
        last_good: Project | None = None,
        restoring: Callable[..., Restored] = restore,
        instances: Callable[[], str],
    ) -> None:
        self.world = world
        self.alive = True
        self.resuming = False
        self.memory = Memory(world, durable)
        self.engine = Engine(self)
        self.monitor = Monitor(self)
        self.alarm_at: float | None = None
        self.check_launch: Callable[[LaunchOrder], None] = lambda order: None
        self.check_end: Callable[[EndOrder], None] = lambda order: None
        world.watcher = self.engine.changed
        remembered = intended(ProjectState(selection=durable.selection, records=durable.records), durable.wants)
        self._restored = restoring(
            remembered.records,
            [kept(process) for process in world.kept.values()],
            (last_good or project).services,
            lost=durable.wants is None and not durable.records,
            boot_id=BOOT_ID,
            now=world.now,
            wall=world.wall(),
        )
        self.reconciler = make(
            project,
            ProjectState(selection=remembered.selection, records=dict(self._restored.records)),
            engine=self.engine,
            monitor=self.monitor,
            memory=self.memory,
            route=lambda _routes: None,
            intend=durable.intend,
            clock=world,
            alarm=self._set_alarm,
            emit=self._heard,
            new_instance=instances,
            environ={},
        )

    def begin(self, inputs: Mapping[str, str]) -> None:
        """Go on from what was restored."""
        self.reconciler.observed.inputs = dict(inputs)
        self.resuming = True
        self.reconciler.resume(self._restored.strays, self._restored.reports)
        self.resuming = False
        self.engine.hear_again()
        for instance in self._restored.settled:
            self.engine.release(instance)

    def kill(self) -> None:
        """Nothing that was only in this brain happens any more."""
        self.alive = self.memory.alive = False
        self.world.watcher = None

    def hear(self, report: Report) -> None:
        if self.alive:
            self.reconciler.receive(report)

    def _set_alarm(self, at: float | None) -> None:
        if at is not None and at != self.alarm_at:
            self.world.later(max(0.0, at - self.world.now), lambda: self._ring(at))
        self.alarm_at = at

    def _ring(self, at: float) -> None:
        if self.alive and self.alarm_at == at:
            self.alarm_at = None
            self.reconciler.due()

    def _heard(self, event: Event) -> None:
        if event.kind == "plan":
            self.world.tell(f"{event.service}: {event.action}, {event.reason}")
            if not event.reason:
                raise Violation(f"{event.service}: {event.action} has no reason")
        elif event.kind == "phase":
            self.world.tell(f"{event.service}: is {event.phase} {event.reason}")

    def on_launch(self, order: LaunchOrder) -> None:
        self.check_launch(order)

    def on_end(self, order: EndOrder) -> None:
        self.check_end(order)
        self.on_signal(order.service.name, order.run.instance)

    def on_signal(self, service: str, instance: str) -> None:
        """Nothing is signalled but the service's own run."""
        record = self.reconciler.record(service)
        if record.run is None or record.run.instance != instance:
            raise Violation(f"{service}: {instance} is signalled and is not its run")
        process = self.world.kept.get(instance)
        if process is not None and process.service.name != service:
            raise Violation(f"{service}: {instance} is a run of {process.service.name}")


def kept(process: Process) -> Kept:
    """What the keeper says of a process."""
    return Kept(service=process.service, run=replace(process.run, exit=process.exit))
