"""Random histories of a project: what people, files and the machine do to it, and what must hold at every moment."""

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from nexsock.engines.base import EndOrder, LaunchOrder
from nexsock.hooks import StopVerdict
from nexsock.lifecycle import restart
from nexsock.model.plugin import PluginChange
from nexsock.model.probe import Healthcheck
from nexsock.model.project import Project
from nexsock.model.service import Condition, Dependency, Launch, Restart, Service, Stop
from nexsock.model.state import ALIVE, Cause, Record
from nexsock.plan.wanted import joined
from nexsock.reconcile.reconciler import Reconciler
from nexsock.reconcile.restore import Restored, restore
from tests.simulation.brain import Brain, Durable, stored
from tests.simulation.world import Violation, World

NAMES = "abcdef"
PAUSES_S = (0.0, 0.0, 0.0004, 0.002, 0.05, 0.4, 2.0, 12.0, 45.0)
CALM_LIMIT_S = 400.0


class Wishes:
    """What people asked for, kept apart from what the reconciler makes of it."""

    def __init__(self) -> None:
        self.everything = False
        self.alone: frozenset[str] = frozenset()
        self.named: frozenset[str] = frozenset()
        self.stopped: frozenset[str] = frozenset()
        self.asked: frozenset[str] = frozenset()

    def copy(self) -> "Wishes":
        other = Wishes()
        other.__dict__.update(self.__dict__)
        return other

    def wanted(self, project: Project) -> set[str]:
        """The services that should be up, found again without the planner."""
        active = {name for name, one in project.services.items() if one.active} if self.everything else set()
        needed = _with_needs(project, active | self.named | self.asked)
        return (needed | self.alone & set(project.services)) - self.stopped


def _with_needs(project: Project, names: frozenset[str] | set[str]) -> set[str]:
    found = set(names) & set(project.services)
    while (
        more := {
            other
            for name in found
            for other, need in project.services[name].depends_on.items()
            if need.required and other in project.services
        }
        - found
    ):
        found |= more
    return found


class History:
    """One schedule. `make` and `restoring` can be broken doubles, to prove that the checks see what they should."""

    def __init__(
        self,
        seed: int,
        *,
        make: type[Reconciler] = Reconciler,
        restoring: Callable[..., Restored] = restore,
        world: type[World] = World,
    ) -> None:
        self.rng = Random(seed)
        self.plugins = Random(f"{seed}/plugins")
        self.world = world(seed)
        self.durable = Durable()
        self.wishes = Wishes()
        self.version = 0
        self.inputs: dict[str, str] = {}
        self.renamed: set[str] = set()
        self._instances = 0
        self._make, self._restoring = make, restoring
        self.services: dict[str, Service] = {}
        for name in NAMES[: self.rng.randint(1, len(NAMES))]:
            self._add(name)
        self.project = self._project()
        self.brain: Brain | None = self._new_brain(self.project)

    # -- the project

    def _project(self) -> Project:
        return Project(id="sim-1", name="sim", directory="/sim", services=dict(self.services))

    def _add(self, name: str) -> None:
        """A service that may need the ones before it."""
        rng = self.rng
        oneshot = rng.random() < 0.2
        check = None
        if not oneshot and rng.random() < 0.45:
            check = Healthcheck(
                kind="tcp",
                port=1,
                interval_s=rng.choice((2.0, 10.0)),
                retries=rng.choice((1, 3)),
                start_period_s=rng.choice((0.0, 2.0, 30.0)),
                on_unhealthy=rng.choice(("none", "restart")),
            )
        self.version += 1
        self.services[name] = Service(
            name=name,
            launch=Launch(command=(name,), environment={"V": str(self.version)}),
            engine="external" if not oneshot and rng.random() < 0.08 else "process",
            oneshot=oneshot,
            inputs=("/sim/*",) if oneshot and rng.random() < 0.5 else (),
            healthcheck=check,
            depends_on={
                other: self._need(other) for other in list(self.services) if other != name and rng.random() < 0.4
            },
            restart=Restart(
                mode=rng.choice(("no", "on-failure", "on-failure", "always", "unless-stopped")),
                max_attempts=rng.choice((None, None, 1, 3)),
            ),
            success_exit_codes=rng.choice(((0,), (0, 130))),
            stop=Stop(grace_s=rng.choice((0.3, 2.0, 10.0)), command=("stop",) if rng.random() < 0.15 else ()),
            active=rng.random() < 0.9,
        )

    def _need(self, other: str) -> Dependency:
        service, rng = self.services[other], self.rng
        condition: Condition = (
            rng.choice(("completed_successfully", "completed"))
            if service.oneshot
            else rng.choice(("started", "healthy"))
        )
        return Dependency(condition=condition, required=rng.random() < 0.8, restart=rng.random() < 0.3)

    # -- brains

    def _new_brain(self, project: Project) -> Brain:
        brain = Brain(
            self.world,
            self.durable,
            project,
            make=self._make,
            last_good=self.project,
            restoring=self._restoring,
            instances=self._new_instance,
        )
        brain.check_launch = self._check_launch
        brain.check_end = self._check_end
        return brain

    def _new_instance(self) -> str:
        self._instances += 1
        return f"run-{self._instances}"

    def kill_brain(self) -> None:
        if self.brain is not None:
            self.world.tell("the brain is killed")
            self.brain.kill()
            self.brain = None

    def start_brain(self) -> Brain:
        """The next brain begins with the last good project or with the newest, and ends with the newest."""
        if self.brain is None:
            newest = self._project()
            self.world.tell("a new brain begins")
            self.brain = self._new_brain(newest if self.rng.random() < 0.5 else self.project)
            self.brain.begin(self.inputs)
            self._apply(self.brain, newest)
        return self.brain

    def _apply(self, brain: Brain, project: Project) -> None:
        self.project = project
        brain.reconciler.apply(project)

    # -- what happens

    def act(self) -> None:
        """One random thing, told, and some time after it."""
        deed = self.rng.choice(_DEEDS)
        deed(self)
        self.world.pass_time(self.rng.choice(PAUSES_S))

    def _some(self) -> tuple[str, ...]:
        names = list(self.services)
        return tuple(self.rng.sample(names, self.rng.randint(1, min(2, len(names))))) if names else ()

    def _commanded(self) -> None:
        """The answer of a command waits for the disk, when there is somebody to answer."""
        if self.brain is not None and self.rng.random() < 0.7:
            self.brain.memory.flush()

    def up(self) -> None:
        brain, names = self.start_brain(), self._some() if self.rng.random() < 0.5 else ()
        force, no_deps = self.rng.random() < 0.2, self.rng.random() < 0.15
        self.world.tell(f"> up {' '.join(names)} force={force} no_deps={no_deps}")
        if not names:
            self.wishes.everything, self.wishes.named = True, self.wishes.named | self.wishes.alone
            self.wishes.alone = frozenset()
        elif no_deps:
            self.wishes.alone |= set(names) - self.wishes.named
        else:
            self.wishes.named |= set(names)
            self.wishes.alone -= set(names)
        self.wishes.stopped -= set(names)
        self.wishes.asked -= set(names)
        selection = joined(brain.reconciler.state.selection, names, no_deps)
        brain.reconciler.up(selection, names, force)
        self._commanded()

    def down(self) -> None:
        brain, names = self.start_brain(), self._some() if self.rng.random() < 0.4 else ()
        grace_s = self.rng.choice((None, None, 0.0, 1.0))
        self.world.tell(f"> down {' '.join(names)} grace={grace_s}")
        if names:
            reached = set(names)
            for name, one in self.project.services.items():
                if any(other in reached and need.required for other, need in one.depends_on.items()):
                    reached.add(name)
            self.wishes.stopped |= reached
            self.wishes.asked -= reached
        else:
            self.wishes = Wishes()
        self._grant(brain)
        brain.reconciler.down(names, grace_s)
        self._commanded()

    def _grant(self, brain: Brain) -> None:
        """Plugins let some of what runs be ended, in their own time; some of it will not be, now."""
        for name, record in list(brain.reconciler.state.records.items()):
            if record.phase in ("starting", "running", "ready") and self.plugins.random() < 0.2:
                grace_s = self.plugins.choice((0.0, 0.5, 30.0))
                change = PluginChange(plugin="calm", field="grace_s", old="10", new=f"{grace_s:g}")
                brain.reconciler.grant(name, StopVerdict(grace_s=grace_s, changes=(change,)))

    def start(self) -> None:
        brain, names = self.start_brain(), self._some()
        self.world.tell(f"> start {' '.join(names)}")
        self.wishes.stopped -= set(names)
        self.wishes.asked |= set(names)
        brain.reconciler.start(names)
        self._commanded()

    def stop(self) -> None:
        brain, names = self.start_brain(), self._some()
        self.world.tell(f"> stop {' '.join(names)}")
        self.wishes.stopped |= set(names)
        self.wishes.asked -= set(names)
        self._grant(brain)
        brain.reconciler.stop(names)
        if self.rng.random() < 0.3:
            self.world.pass_time(self.rng.choice((0.0, 0.001, 0.2)))
            if self.brain is not None:
                brain.reconciler.stop(names)
        self._commanded()

    def restart(self) -> None:
        brain, names = self.start_brain(), self._some()
        for _ in range(self.rng.choice((1, 1, 3))):
            self.world.tell(f"> restart {' '.join(names)}")
            self.wishes.stopped -= set(names)
            self.wishes.asked |= set(names)
            brain.reconciler.restart(names)
            self.world.pass_time(self.rng.choice((0.0, 0.001)))
        self._commanded()

    def watch(self) -> None:
        if self.brain is not None:
            for name in self._some():
                self.world.tell(f"> a source of {name} changed")
                cascade = self.rng.random() < 0.5
                self.brain.reconciler.replace(name, Cause(kind="watch", text="app.py changed"), cascade)

    def kill_process(self) -> None:
        for name in self._some():
            self.world.tell(f"> somebody kills {name}")
            self.world.kill_from_outside(name)

    def sicken(self) -> None:
        for name, process in self.world.living().items():
            if self.rng.random() < 0.5:
                age_s = self.world.now - (process.run.started_mono or 0.0)
                ill = process.behaviour.sick_after_s == float("inf")
                process.behaviour.sick_after_s = age_s if ill else float("inf")
                self.world.tell(f"> {name} {'falls ill' if ill else 'is well again'}")

    def edit(self) -> None:
        rng, names = self.rng, self._some()
        kind = rng.choice(("environment", "environment", "live", "add", "remove", "edge", "inputs", "broken", "turn"))
        self.world.tell(f"> edit {kind} {' '.join(names)}")
        match kind:
            case "broken":
                return
            case "add":
                missing = [name for name in NAMES if name not in self.services]
                for name in missing[:1]:
                    self.renamed.add(name)
                    self._add(name)
            case "remove" if len(self.services) > 1:
                self._remove(names[0])
            case "turn":
                self._turn()
            case "inputs":
                self.inputs |= {name: str(self.version) for name in names if self.services[name].inputs}
            case _:
                for name in names:
                    self.services[name] = self._edited(self.services[name], kind)
        if self.brain is not None:
            self.brain.reconciler.observed.inputs = dict(self.inputs)
            self._apply(self.brain, self._project())

    def _remove(self, name: str) -> None:
        self.renamed.add(name)
        self.inputs.pop(name, None)
        del self.services[name]
        for other, one in self.services.items():
            needs = {needed: need for needed, need in one.depends_on.items() if needed != name}
            self.services[other] = replace(one, depends_on=needs)

    def _turn(self) -> None:
        """All edges the other way round, as a file can be rewritten."""
        backwards: dict[str, dict[str, Dependency]] = {name: {} for name in self.services}
        for name, one in self.services.items():
            for other in one.depends_on:
                backwards[other][name] = self._need(name)
        turned = reversed(self.services.items())
        self.services = {name: replace(one, depends_on=backwards[name]) for name, one in turned}

    def _edited(self, service: Service, kind: str) -> Service:
        self.version += 1
        match kind:
            case "environment":
                launch = replace(service.launch, environment={"V": str(self.version)})
                return replace(service, launch=launch)
            case "edge":
                before = list(self.services)[: list(self.services).index(service.name)]
                return replace(service, depends_on={other: self._need(other) for other in before[-1:]})
        if service.healthcheck is not None:
            check = replace(service.healthcheck, interval_s=self.rng.choice((1.0, 5.0)))
            return replace(service, healthcheck=None if self.rng.random() < 0.3 else check)
        check = Healthcheck(kind="tcp", port=1) if not service.oneshot and self.rng.random() < 0.3 else None
        return replace(service, description=str(self.version), healthcheck=check)

    def crash(self) -> None:
        if self.brain is not None and self.rng.random() < 0.3:
            self.brain.memory.flush()
        self.kill_brain()
        if self.rng.random() < 0.7:
            self.world.pass_time(self.rng.choice(PAUSES_S))
            self.start_brain()

    # -- what must hold at every moment

    def _check_launch(self, order: LaunchOrder) -> None:
        """A start only of what is wanted, as the file has it, and with what it needs."""
        assert self.brain is not None
        name, reconciler = order.service.name, self.brain.reconciler
        project, records = reconciler.project, reconciler.state.records
        if project is self.project and order.service is not project.services.get(name):
            raise Violation(f"{name} is started, but not as the file has it")
        wanted = self._wanted(project)
        if name not in wanted:
            raise Violation(f"{name} is started and nobody wants it")
        if order.run.cause.text == "":
            raise Violation(f"{name} is started for no reason")
        paused_s = self.world.now - self.world.ended_at.get(name, 0.0)
        if order.run.cause.kind == "crash" and paused_s < restart.delay_s(order.service.restart, 1) - 1e-9:
            raise Violation(f"{name} was started again after {paused_s}s")
        for other, need in project.services[name].depends_on.items():
            self._check_need(name, other, need, other in wanted, records.get(other) or Record(name=other))

    def _check_need(self, name: str, other: str, need: Dependency, wanted: bool, record: Record) -> None:
        if not wanted and (not need.required or name in self.wishes.alone):
            return
        assert self.brain is not None
        leaving = record.alive and (record.replace is not None or not wanted)
        if _holds(need.condition, record, self.brain.reconciler.project.services.get(other)) and not leaving:
            return
        if not need.required and self._hopeless(other, self._wanted(self.project)):
            return
        raise Violation(f"{name} is started while {other} is {record.phase}, not {need.condition}")

    def _hopeless(self, name: str, wanted: set[str]) -> bool:
        """Whether a service that does not serve cannot come to do so without somebody's doing."""
        assert self.brain is not None
        record = self.brain.reconciler.state.records.get(name) or Record(name=name)
        if name not in wanted or record.phase in ("failed", "completed") or record.alive:
            return not record.alive or name not in wanted
        return any(
            need.required and self._hopeless(other, wanted)
            for other, need in self.project.services[name].depends_on.items()
        )

    def _check_end(self, order: EndOrder) -> None:
        """Dependents that end as well go first."""
        assert self.brain is not None
        if not order.asked or self.brain.resuming:
            return
        reconciler, name = self.brain.reconciler, order.service.name
        wanted = self._wanted(reconciler.project)
        for other, one in reconciler.project.services.items():
            record = reconciler.state.records.get(other)
            ends = record is not None and record.alive and (record.phase == "stopping" or other not in wanted)
            if name in one.depends_on and ends:
                raise Violation(f"{name} is stopped before {other}, which needs it and ends too")

    def _wanted(self, project: Project) -> set[str]:
        """As the wishes say; of a service that left the file and came back, as is still known of it."""
        assert self.brain is not None
        wishes = self.wishes.copy()
        for name in self.renamed:
            record = self.brain.reconciler.state.records.get(name)
            intent = record.intent if record is not None else "unset"
            wishes.stopped = wishes.stopped - {name} | ({name} if intent == "stopped" else set())
            wishes.asked = wishes.asked - {name} | ({name} if intent == "up" else set())
        return wishes.wanted(project)

    # -- what must hold at the end

    def settle(self) -> Brain:
        """Let everything become quiet."""
        brain = self.start_brain()
        self._apply(brain, self._project())
        self.world.tell("> calm")
        self.world.settle_down()
        self.wait_until_quiet()
        return brain

    def wait_until_quiet(self) -> None:
        assert self.brain is not None
        limit = self.world.now + CALM_LIMIT_S
        while not self._quiet(self.brain):
            if self.world.next_at is None or self.world.now > limit:
                raise Violation(f"no quiet after {CALM_LIMIT_S} calm seconds: {self.phases()}")
            self.world.step()
        self.brain.memory.flush()

    def _quiet(self, brain: Brain) -> bool:
        """Nothing is on its way but probes that change nothing."""
        if brain.alarm_at is not None or brain.engine.pending:
            return False
        for record in brain.reconciler.state.records.values():
            if record.phase in ("starting", "stopping", "backoff", "unhealthy"):
                return False
            if record.phase == "running":
                service = brain.reconciler.project.services.get(record.name)
                if service is None or service.oneshot or service.healthcheck is not None:
                    return False
        return True

    def phases(self) -> dict[str, str]:
        if self.brain is None:
            return {}
        return {name: f"{one.phase} {one.reason}" for name, one in self.brain.reconciler.state.records.items()}

    def check_end_state(self) -> None:
        """Every service is what was last asked for, or says why not."""
        assert self.brain is not None
        brain, living = self.brain, self.world.living()
        records = brain.reconciler.state.records
        for name in set(records) - set(self.project.services):
            raise Violation(f"{name} is not in the file and still known as {records[name].phase}")
        for name in set(living) - set(self.project.services):
            raise Violation(f"{name} is not in the file and lives")
        wanted = self._wanted(self.project)
        for name, service in self.project.services.items():
            record = records.get(name) or Record(name=name)
            if name in wanted:
                self._check_up(service, record, wanted)
            elif name in living or record.phase not in ("stopped", "completed"):
                raise Violation(f"{name} is not wanted and is {record.phase}, living: {name in living}")

    def _check_up(self, service: Service, record: Record, wanted: set[str]) -> None:
        name, process = service.name, self.world.living().get(service.name)
        fingerprint = service.fingerprint + self.inputs.get(name, "")
        match record.phase:
            case "running" | "ready" if not service.oneshot:
                lives = service.engine == "external" or (
                    process is not None and process.run.instance == _instance(record)
                )
                if not lives:
                    raise Violation(f"{name} is {record.phase} and does not live")
                if record.run is None or not record.run.fingerprint.startswith(service.fingerprint):
                    raise Violation(f"{name} runs, but not as the file has it")
                return
            case "completed" if process is None:
                if service.oneshot and record.done_fingerprint != fingerprint:
                    raise Violation(f"{name} completed with something else than the file has")
                return
            case "failed" if process is None and record.reason:
                return
            case "blocked" if record.held is not None and record.held.waits_for and record.held.failed:
                if any(self._hopeless(other, wanted) for other in service.depends_on):
                    return
        raise Violation(f"{name} is wanted and is {record.phase} {record.reason!r} {record.held}, process {process}")

    def check_stillness(self) -> None:
        """A quiet world stays as it is: nothing to do, nothing written, nobody ordered."""
        assert self.brain is not None
        brain = self.brain
        before, writes, orders = self.world.living(), brain.memory.writes, len(brain.engine.orders)
        if (plan := brain.reconciler.converge()).steps:
            raise Violation(f"a quiet world has steps: {plan.steps}")
        self.world.pass_time(60)
        if (brain.memory.writes, len(brain.engine.orders)) != (writes, orders) or before != self.world.living():
            raise Violation("a quiet world did not stay still")

    def check_new_brain(self) -> None:
        """A brain that is killed in a quiet world is followed by one that finds everything as it was."""
        phases, living = self._bare_phases(), self.world.living()
        self.kill_brain()
        brain = self.start_brain()
        self.wait_until_quiet()
        orders = [name for name in brain.engine.orders if name in self.project.services]
        if (self._bare_phases(), self.world.living()) != (phases, living) or orders:
            raise Violation(f"a new brain changed {phases} to {self._bare_phases()}, with orders for {orders}")

    def _bare_phases(self) -> dict[str, str]:
        assert self.brain is not None
        return {name: one.phase for name, one in sorted(self.brain.reconciler.state.records.items())}

    def check_exits(self) -> None:
        """The exit of every run that ended is known."""
        assert self.brain is not None
        for record in self.brain.reconciler.state.records.values():
            process = self.world.kept.get(_instance(record))
            recorded = record.run.exit if record.run is not None else None
            if process is not None and process.exit is not None and recorded != process.exit:
                raise Violation(f"{record.name} ended with {process.exit}, recorded is {recorded}")

    def check_memory(self) -> None:
        """What is on disk is what is known."""
        assert self.brain is not None
        known = {name: stored(record) for name, record in self.brain.reconciler.state.records.items()}
        if known != self.durable.records:
            raise Violation("the disk has something else than the memory")

    def run(self, events: int | None = None) -> None:
        """The whole schedule with all its checks; of 4 to 16 events unless told."""
        for _ in range(self.rng.randint(4, 16) if events is None else events):
            self.act()
        self.settle()
        self.check_end_state()
        self.check_exits()
        self.check_stillness()
        self.check_memory()
        self.check_new_brain()
        self.check_end_state()
        self.world.tell("> down")
        brain = self.start_brain()
        brain.reconciler.down()
        self.wishes = Wishes()
        self.wait_until_quiet()
        if self.world.living() or any(one.phase in ALIVE for one in brain.reconciler.state.records.values()):
            raise Violation(f"down left {self.world.living()}")


_DEEDS: tuple[Callable[[History], None], ...] = (
    History.up,
    History.up,
    History.up,
    History.down,
    History.start,
    History.stop,
    History.restart,
    History.watch,
    History.kill_process,
    History.kill_process,
    History.sicken,
    History.edit,
    History.edit,
    History.edit,
    History.crash,
    History.crash,
)


def _instance(record: Record) -> str:
    return record.run.instance if record.run is not None else ""


def _holds(condition: Condition, record: Record, service: Service | None) -> bool:
    launched = record.run is not None and record.run.started_mono is not None
    match condition:
        case "started":
            return (launched and record.phase in ("starting", "running", "ready", "unhealthy")) or (
                record.phase == "completed"
            )
        case "healthy" | "log_ready":
            checked = service is not None and service.healthcheck is not None
            return record.phase == "ready" or (record.phase == "running" and not checked)
        case "completed":
            return record.phase in ("completed", "failed")
        case "completed_successfully":
            return record.phase == "completed"


def explain(history: History, seed: int, problem: BaseException) -> str:
    """What a person needs to find the fault: the story, and the command that tells it again."""
    story = "\n".join(history.world.story[-150:])
    services = "\n".join(
        f"  {one.name}: {'oneshot ' if one.oneshot else ''}{one.engine} needs {dict(one.depends_on)} {one.restart.mode}"
        for one in history.services.values()
    )
    command = f"pytest tests/simulation --seed {seed}"
    return f"seed {seed}: {problem!r}\n{services}\n{story}\nagain with: {command}"
