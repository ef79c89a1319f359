"""Services as processes of this machine, started and watched by the keeper.

For each service there is at most one `Life`: a run from its preparation to the moment when nothing of it is left.
Orders only start tasks; what came of them is reported.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable

import msgspec

from nexsock import errors
from nexsock.engines import hooks, notes, preparing
from nexsock.engines.base import EndOrder, LaunchOrder, Reporter
from nexsock.engines.exits import Exits
from nexsock.engines.life import Life, clear
from nexsock.engines.mail import Mail
from nexsock.engines.sweep import Sweep
from nexsock.engines.terminals import Terminals
from nexsock.engines.tunnels import Tunnels
from nexsock.model.report import Exited, Gone, Launched, LaunchFailed, Noted, Signalled
from nexsock.model.service import Hook, Service
from nexsock.model.state import Run
from nexsock.runtime import clock, hands, identity, kept, usage
from nexsock.runtime.line import KeeperLost
from nexsock.runtime.secrets import Secrets

_log = logging.getLogger(__name__)


class ProcessEngine:
    """The processes of one project.

    Args:
        exits: tells how runs end.
        remembered: waits until what was reported before is on disk; only then is an exit acknowledged to the keeper.
        logs_dir: folder of the log files and their indexes.
        fifos_dir: folder of the FIFOs.
        mail: the sockets on which runs say how they are.
        secrets: the values that runs are given.
        learn: is told values that are not for showing, before anything is run that may show them.
        tunnels: the addresses at which services reach what they need.
        terminals: those of the services that have one.
    """

    def __init__(
        self,
        project_id: str,
        *,
        keeper: hands.Hands,
        exits: Exits,
        sweep: Sweep,
        report: Reporter,
        remembered: Callable[[], Awaitable[object]],
        logs_dir: str,
        fifos_dir: str,
        mail: Mail,
        secrets: Secrets,
        learn: Callable[[Iterable[str]], None],
        tunnels: Tunnels,
        terminals: Terminals,
    ) -> None:
        self._project_id = project_id
        self._keeper = keeper
        self._exits = exits
        self._sweep = sweep
        self._report = report
        self._remembered = remembered
        self._logs_dir = logs_dir
        self._fifos_dir = fifos_dir
        self.mail = mail
        self._secrets = secrets
        self._learn = learn
        self._tunnels = tunnels
        self.terminals = terminals
        self._lives: dict[str, Life] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # -- orders

    def launch(self, order: LaunchOrder) -> None:
        life = self._lives[order.service.name] = Life(order.service, order.run)
        life.launching = self._task(self._launch(life, order), f"launch {order.service.name}")

    def end(self, order: EndOrder) -> None:
        life = self._lives.get(order.service.name)
        if life is None or life.run.instance != order.run.instance:
            life = self.resume(order.service, order.run)
        life.service = order.service
        self._task(self._end(life, order), f"end {order.service.name}")

    def kill(self, service: str, instance: str) -> None:
        if (life := self._lives.get(service)) is not None and life.run.instance == instance:
            life.kill.set()

    def signal(self, service: str, instance: str, number: int) -> None:
        if (life := self._lives.get(service)) is not None and life.run.instance == instance:
            self._signal(instance, number)

    def update(self, service: Service, run: Run) -> None:
        if (life := self._lives.get(service.name)) is not None and life.run.instance == run.instance:
            life.service = service
            self._task(self._retain(service, run.instance), f"update {service.name}")

    def forget(self, service: str) -> None:
        self._lives.pop(service, None)

    def resume(self, service: Service, run: Run) -> Life:
        """Take up a run that an earlier brain launched."""
        life = self._lives[service.name] = Life(service, run)
        self._listen(life)
        if run.exit is not None or run.pid is None:
            life.ended.set()
        return life

    def settle(self, instance: str) -> None:
        """A run of an earlier brain's has ended and all of it is known: the keeper need not remember it."""
        self._task(self._let_go(instance), f"let go of {instance}")

    def pids(self, service: str) -> Iterable[int]:
        """The processes of a service now, the main one first."""
        life = self._lives.get(service)
        if life is None or life.leader is None:
            return ()
        main = life.leader.pid
        others = self._sweep.now(life.leader, self._fifos(life.service, life.run))
        return (main, *(found.pid for found in others if found.pid != main))

    def leaders(self) -> dict[str, usage.Leader]:
        """How to find the processes of each service that has been executed."""
        return {
            name: usage.Leader(life.leader, self._fifos(life.service, life.run))
            for name, life in self._lives.items()
            if life.leader is not None
        }

    async def close(self) -> None:
        """Let go of everything; the services stay."""
        for life in self._lives.values():
            self._exits.leave(life.run.instance)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.mail.close()
        self.terminals.close()

    # -- a start

    async def _launch(self, life: Life, order: LaunchOrder) -> None:
        service, run = life.service, life.run
        try:
            preparing.write_configs(order.configs)
            preparing.check_ports(service, self._sweep)
            commit = self._sweep.commit(service.launch.working_dir)
            order = await self._with_secrets(order)
            self._tunnels.require(service)
            await hooks.run("pre_start", service.hooks.pre_start, order.environment, service.launch.working_dir)
            variables = await self.mail.open(service, run)
            await self.terminals.open(service, run)
            life.spawning = True
            self._listen(life)
            started = await self._keeper.spawn(self._launch_of(order, variables))
        except (errors.NexsockError, OSError) as error:
            await self._fail(life, error)
            return
        except Exception as error:  # a fault of ours must not leave the service "starting" for ever
            _log.exception("service '%s' cannot be started", service.name)
            hint = "see 'nexsock daemon logs'"
            await self._fail(life, errors.LaunchError(f"nexsock met a fault of its own: {error!r}", hint=hint))
            return
        life.leader = identity.Identity(started.pid, started.start_ticks, started.boot_id, run.instance)
        self._report(
            Launched(
                service=service.name,
                instance=run.instance,
                pid=started.pid,
                start_ticks=started.start_ticks,
                boot_id=started.boot_id,
                at=clock.wall(),
                mono=clock.monotonic(),
                commit=commit,
            )
        )
        await self._note_hooks("post_start", service.hooks.post_start, order.environment, life)

    async def _with_secrets(self, order: LaunchOrder) -> LaunchOrder:
        """The order with the variables of the run's secrets, which are fetched now."""
        secrets = order.service.launch.secrets
        if not secrets:
            return order
        variables = await self._secrets.give(
            order.run.instance, secrets, caller=order.caller, environment=order.environment
        )
        self._learn(self._secrets.values(order.run.instance))
        return msgspec.structs.replace(order, environment={**order.environment, **variables})

    async def _fail(self, life: Life, error: Exception) -> None:
        """Nothing was started."""
        self._exits.leave(life.run.instance)
        self._lives.pop(life.service.name, None)
        await self._drop(life.run.instance)
        self._report(_failure(life.service, life.run, error))

    def _launch_of(self, order: LaunchOrder, variables: dict[str, str]) -> kept.Launch:
        service, run = order.service, order.run
        return kept.Launch(
            instance=run.instance,
            project=self._project_id,
            service=service.name,
            run=run.number,
            argv=order.command or service.launch.command,
            cwd=service.launch.working_dir,
            environment={**order.environment, **variables},
            files=notes.files_of(service, run, self._logs_dir, self._fifos_dir),
            note=notes.note_of(service, run),
            limits=notes.limits_of(service),
        )

    def _fifos(self, service: Service, run: Run) -> tuple[str, str]:
        """The paths of the run's output and error."""
        found = notes.files_of(service, run, self._logs_dir, self._fifos_dir)
        return found.stdout_fifo, found.stderr_fifo

    def _listen(self, life: Life) -> None:
        """From now on the exit of this run comes to us."""
        service, instance = life.service.name, life.run.instance

        def told(found: kept.Ended) -> None:
            life.ended.set()
            self._report(Exited(service=service, instance=instance, exit=notes.exit_of(found)))

        self._exits.watch(instance, told)

    # -- an end

    async def _end(self, life: Life, order: EndOrder) -> None:
        service, run = life.service, life.run
        given = self._secrets.variables(run.instance, service.launch.secrets)
        order = msgspec.structs.replace(order, environment={**order.environment, **given})
        if life.launching is not None and not life.launching.done():
            if not life.spawning:
                life.launching.cancel()
            await asyncio.wait([life.launching])
        survivors: tuple[int, ...] = ()
        if life.leader is not None:
            if order.asked:
                await self._ask_to_end(life, order)
            survivors = await clear(life, self._sweep, self._fifos(service, run))
            await self._note_hooks("post_stop", service.hooks.post_stop, order.environment, life)
            self._task(self._let_go(run.instance), f"let go of {service.name}")
        else:
            await self._drop(run.instance)
        self._exits.leave(run.instance)
        if self._lives.get(service.name) is life:
            del self._lives[service.name]
        self._report(Gone(service=service.name, instance=run.instance, survivors=survivors))

    async def _ask_to_end(self, life: Life, order: EndOrder) -> None:
        """Hooks, then the stop command or else the stop signal; a wish to kill cuts all of it short."""
        service = life.service
        told = False
        if service.hooks.pre_stop or service.stop.command:
            told = await self._told_or_kill(life, order)
        if life.kill.is_set():
            return
        if not told:
            self._signal(life.run.instance, signal.Signals[service.stop.signal])
        self._signal(life.run.instance, signal.SIGCONT)  # what is stopped could not hear the first
        self._report(Signalled(service=service.name, instance=life.run.instance))

    async def _told_or_kill(self, life: Life, order: EndOrder) -> bool:
        telling = asyncio.ensure_future(self._tell_to_end(life, order))
        killing = asyncio.ensure_future(life.kill.wait())
        done, _ = await asyncio.wait([telling, killing], return_when=asyncio.FIRST_COMPLETED)
        for waiting in (telling, killing):
            waiting.cancel()
        await asyncio.wait([telling, killing])
        return telling in done and telling.result()

    async def _tell_to_end(self, life: Life, order: EndOrder) -> bool:
        """Run the hooks before the end, and the stop command; whether there is one and it succeeded."""
        await self._note_hooks("pre_stop", life.service.hooks.pre_stop, order.environment, life)
        if not life.service.stop.command:
            return False
        hook = Hook(command=life.service.stop.command, timeout_s=life.service.stop.grace_s)
        return await self._note_hooks("stop_command", (hook,), order.environment, life)

    async def _let_go(self, instance: str) -> None:
        """The keeper need not remember this run any more, once its end is on disk."""
        await self._drop(instance)
        await self._remembered()
        await self._keeper.acknowledge(instance)
        await self._keeper.close(instance)

    async def _retain(self, service: Service, instance: str) -> None:
        with contextlib.suppress(kept.Refused):  # it has ended, or was not started yet
            await self._keeper.retain(instance, service.logging.max_size_bytes, service.logging.max_files)

    async def _drop(self, instance: str) -> None:
        """Let go of what was opened for this run."""
        self._secrets.take(instance)
        await self.mail.drop(instance)
        await self.terminals.drop(instance)

    def _signal(self, instance: str, number: int) -> None:
        self._task(self._deliver(instance, number), f"signal {number}")

    async def _deliver(self, instance: str, number: int) -> None:
        """To the whole group; one that ended meanwhile needs none, and one that may not be signalled is met again."""
        with contextlib.suppress(kept.Refused, KeeperLost):
            await self._keeper.signal(instance, number)

    # -- hooks

    async def _note_hooks(self, name: str, asked: tuple[Hook, ...], environment: dict[str, str], life: Life) -> bool:
        """Run hooks whose failure stops nothing; it is told. Whether all succeeded."""
        try:
            await hooks.run(name, asked, environment, life.service.launch.working_dir)
        except (hooks.HookFailed, OSError) as error:
            self._report(Noted(service=life.service.name, instance=life.run.instance, text=str(error)))
            return False
        return True

    def _task(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _failure(service: Service, run: Run, error: Exception) -> LaunchFailed:
    """A refusal of the file's own making is final; what a moment may change is worth another try."""
    transient = error.transient if isinstance(error, kept.Refused) else isinstance(error, (hooks.HookFailed, OSError))
    return LaunchFailed(service=service.name, instance=run.instance, message=str(error), transient=transient)
