"""The brain's hold on its keeper: asks it to start, signal and adopt, hears how runs end, and replaces it when lost.

A lost keeper is noticed by the end of the channel. Until then, and until the next keeper is there, `Hands` holds
what would be lost otherwise: a descriptor of every FIFO (so its bytes stay) and a pidfd of every main process (so
its exit status stays known). Then it starts a keeper, has everything adopted, and asks again what was not
answered; a start that was not answered is looked for among the processes first, so nothing runs twice.

Decides nothing about services.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nexsock.keeper import channel, linux, wire
from nexsock.runtime import clock, identity, tree
from nexsock.runtime.kept import (
    Ended,
    Kept,
    Launch,
    Refused,
    Started,
    ended_of,
    kept_fields,
    kept_of,
    launched,
    spawn_fields,
)
from nexsock.runtime.line import SILENT_S, KeeperLost, Line, Question

KeeperArgv = Callable[[int, int], list[str]]
"""Makes the argv of a next keeper from our pid and the soft limit on descriptors (keeper.launch.keeper_argv)."""

_log = logging.getLogger(__name__)

AGAIN_S = 0.2
"""Pause before another keeper is started when the last one ended before it had adopted everything."""
EXECUTING_LIMIT_S = 1.0
"""How long to wait for processes that are between two programs; what takes longer is something else."""


@dataclass(slots=True)
class _Held:
    """One run as this side knows it. The descriptors keep what would be lost with the keeper."""

    kept: Kept
    fifos: list[int] = field(default_factory=list)
    pidfd: int | None = None

    def hold(self) -> None:
        """Open the descriptors, if they are not open."""
        if self.fifos or self.pidfd is not None:
            return
        for path in {self.kept.files.stdout_fifo, self.kept.files.stderr_fifo}:
            with contextlib.suppress(OSError):  # removed by hand: the keeper says so when it matters
                self.fifos.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        if not self.kept.end:
            self.pidfd = linux.pidfd_of(self.kept.pid, self.kept.start_ticks)

    def let_go(self) -> None:
        for descriptor in (*self.fifos, *(() if self.pidfd is None else (self.pidfd,))):
            os.close(descriptor)
        self.fifos, self.pidfd = [], None


class Hands:
    """Client of the keeper at the other end of `socket`; `lock` is the descriptor of the daemon's lock.

    Both are owned from now on and no longer inherited. Callbacks run in the loop that called `connect`:
        on_exit: once for each run that ended; the next brain hears it too unless it is acknowledged.
        on_grew: the log of a run has grown since `notice` was asked for it.
        on_lost: the keeper is gone and is being replaced; nothing has to be done.
        on_terminate: the keeper was asked to end; end the daemon, then `stop`.
    """

    def __init__(
        self,
        socket: int,
        lock: int,
        keeper_argv: KeeperArgv,
        *,
        on_exit: Callable[[Ended], None],
        on_grew: Callable[[str], None],
        on_lost: Callable[[], None],
        on_terminate: Callable[[], None],
        silent_s: float = SILENT_S,
    ) -> None:
        for descriptor in (socket, lock):
            os.set_inheritable(descriptor, False)
        self._socket = socket
        self._lock = lock
        self._keeper_argv = keeper_argv
        self._on_exit = on_exit
        self._on_grew = on_grew
        self._on_lost = on_lost
        self._on_terminate = on_terminate
        self._soft_limit = _raise_descriptor_limit()
        self._line = Line(self._event, self._lost, self._silent, silent_s)
        self._keeper: int | None = None
        self._held: dict[str, _Held] = {}
        self._ends: dict[str, Ended] = {}
        self._told: set[str] = set()
        self._acknowledged: set[str] = set()
        self._vault: dict[str, int] = {}
        self._replacing: asyncio.Task[None] | None = None
        self.keeper_pid = 0

    # ------------------------------------------------------------------------------------- for the daemon

    async def connect(self) -> list[Kept]:
        """Say hello; everything that is kept, in the order of its start. Unacknowledged ends go to `on_exit` first.

        From here on there is a copy of each stored descriptor for the next keeper.
        """
        self._line.attach(channel.Channel(self._socket))
        rows, _ = await self._line.ask("list", again=False, urgent=True)
        kept = [kept_of(row) for row in rows["kept"]]
        for one in kept:
            self._remember(one)
        await self._hello()
        self._line.open()
        for descriptor in await asyncio.gather(*map(self.fetch, await self.stored())):
            if descriptor is not None:
                os.close(descriptor)
        return kept

    async def spawn(self, launch: Launch) -> Started:
        """Start a run, or learn that this instance was started; many may be awaited at once.

        Raises:
            Refused: it was not started; `kind` says why.
        """
        row, _ = await self._line.ask("spawn", spawn_fields(launch), tag=launch)
        started = Started(row["pid"], row["start_ticks"], row["boot_id"], row["repeated"])
        if launch.instance not in self._held:
            self._remember(launched(launch, started))
        return started

    async def adopt(self, kept: Kept) -> bool:
        """Keep a run that an earlier keeper started; False: its process is gone, and `on_exit` tells what is known.

        Raises:
            Refused: its FIFOs or its log cannot be opened.
        """
        self._remember(kept)
        return await self._adopt(self._held[kept.instance], urgent=False)

    async def signal(self, instance: str, number: int, *, group: bool = True) -> bool:
        """Signal the main process of a run, or its whole group; False if the main process has ended.

        Raises:
            Refused: nothing is kept under this name, or the process may not be signalled.
            KeeperLost: whether it was delivered is unknown.
        """
        fields = {"instance": instance, "signal": int(number), "group": group}
        row, _ = await self._line.ask("signal", fields, again=False)
        return bool(row["delivered"])

    async def kept(self) -> list[Kept]:
        """Everything that is kept; ended runs too, until they are acknowledged and closed."""
        rows, _ = await self._line.ask("list")
        return [kept_of(row) for row in rows["kept"]]

    async def acknowledge(self, instance: str) -> None:
        """The end of this run is recorded: nobody needs to hear it again."""
        self._acknowledged.add(instance)
        await self._line.ask("acknowledge", {"instance": instance})
        self._forget_if_done(instance)

    async def close(self, instance: str) -> None:
        """Nothing of this ended run is left: have what is in its FIFOs moved, and the FIFOs removed."""
        await self._line.ask("close", {"instance": instance})
        if held := self._held.pop(instance, None):
            held.let_go()
        self._forget_if_done(instance)

    async def flush(self, instance: str) -> int:
        """Everything written so far is in the log file and its index; the size of the file."""
        row, _ = await self._line.ask("flush", {"instance": instance})
        return int(row["size"])

    async def notice(self, instance: str) -> None:
        """Have `on_grew` called once when something is added to the log of this run from now on.

        Raises:
            Refused: nothing is kept under this name.
        """
        await self._line.ask("notice", {"instance": instance})

    async def rotate(self, instance: str) -> None:
        """Begin a new log file now."""
        await self._line.ask("rotate", {"instance": instance})

    async def retain(self, instance: str, max_size: int, max_files: int) -> None:
        """Keep so much of the log of this run from now on.

        Raises:
            Refused: nothing is kept under this name.
        """
        if held := self._held.get(instance):
            files = replace(held.kept.files, max_size=max_size, max_files=max_files)
            held.kept = replace(held.kept, files=files)
        await self._line.ask("retain", {"instance": instance, "max_size": max_size, "max_files": max_files})

    async def store(self, name: str, descriptor: int) -> None:
        """Have the keeper hold a copy of a descriptor that shall outlive this brain; the caller keeps its own.

        One more copy is held here, for the next keeper.
        """
        self._put_away(name, os.dup(descriptor))
        await self._line.ask("store", {"name": name}, descriptors=(descriptor,))

    async def fetch(self, name: str) -> int | None:
        """A copy of a stored descriptor, the caller's from now on; None if there is none of this name."""
        try:
            _, descriptors = await self._line.ask("fetch", {"name": name})
        except Refused:
            return None
        self._put_away(name, os.dup(descriptors[0]))
        return descriptors[0]

    async def drop(self, name: str) -> None:
        """Let go of a stored descriptor; fine if there is none."""
        if name in self._vault:
            self._put_away(name, None)
            await self._line.ask("drop", {"name": name})

    async def stored(self) -> list[str]:
        """Names of the stored descriptors."""
        row, _ = await self._line.ask("stored")
        return [*row["names"]]

    async def serving(self) -> None:
        """Tell that this brain has come up."""
        await self._line.ask("serving")

    async def stop(self) -> None:
        """End the keeper; services go on, and the next keeper adopts them. Nothing can be asked afterwards."""
        await self._line.ask("stop")
        self.let_go()

    def let_go(self) -> None:
        """Close everything on this side, the lock too; a keeper that was not stopped starts the next brain."""
        if self._replacing:
            self._replacing.cancel()
        self._line.detach()
        self._line.fail_all()
        for held in self._held.values():
            held.let_go()
        self._held.clear()
        for name in [*self._vault]:
            self._put_away(name, None)
        self._keep_in_sight(None)
        os.close(self._lock)

    # ------------------------------------------------------------------------------------- what is known

    def _remember(self, kept: Kept) -> None:
        if kept.end:
            self._ends.setdefault(kept.instance, kept.end)
        if kept.acknowledged:
            self._acknowledged.add(kept.instance)
            self._told.add(kept.instance)
        if known := self._held.get(kept.instance):
            known.let_go()
        self._held[kept.instance] = held = _Held(kept)
        held.hold()

    def _put_away(self, name: str, descriptor: int | None) -> None:
        """Hold this copy for the next keeper, instead of the one that is held under the name."""
        if (known := self._vault.pop(name, None)) is not None:
            os.close(known)
        if descriptor is not None:
            self._vault[name] = descriptor

    def _forget_if_done(self, instance: str) -> None:
        if instance not in self._held and instance in self._acknowledged:
            self._ends.pop(instance, None)
            self._told.discard(instance)
            self._acknowledged.discard(instance)

    def _event(self, message: wire.Message) -> None:
        match message["event"]:
            case "exited":
                self._exited(ended_of(message))
            case "grew":
                self._on_grew(message["instance"])
            case "terminate":
                self._on_terminate()

    def _exited(self, ended: Ended) -> None:
        if ended.instance not in self._told:
            self._told.add(ended.instance)
            self._ends[ended.instance] = ended
            self._on_exit(ended)

    # ------------------------------------------------------------------------------------ the next keeper

    def _lost(self) -> None:
        if self._replacing is None or self._replacing.done():
            self._on_lost()
            self._replacing = asyncio.get_running_loop().create_task(self._replace())

    async def _replace(self) -> None:
        """Start keepers until one has adopted everything, then ask it what is unanswered."""
        while True:
            try:
                self._start_keeper()
                await self._hello()
                await self._adopt_all()
                await self._settle(self._line.unanswered())
            except (KeeperLost, OSError) as error:
                self._complain("the next keeper ended at once; another is started", error)
                self._line.detach()
                await asyncio.sleep(AGAIN_S)
            else:
                self._line.open()
                return

    def _start_keeper(self) -> None:
        ours, theirs = channel.pair()
        try:
            pid = start_keeper(self._keeper_argv(os.getpid(), self._soft_limit), theirs.fileno(), self._lock)
        finally:
            theirs.close()
        self._line.attach(channel.Channel(ours.detach()))
        reap_when_ended(pid)

    async def _hello(self) -> None:
        row, _ = await self._line.ask("hello", again=False, urgent=True)
        self._keep_in_sight(row["pid"])

    def _keep_in_sight(self, pid: int | None) -> None:
        """Hold on to the keeper that has just answered."""
        if self._keeper is not None:
            os.close(self._keeper)
        self._keeper = None
        if pid is not None:
            self.keeper_pid = pid
            with contextlib.suppress(ProcessLookupError):  # it has ended since: the line tells
                self._keeper = os.pidfd_open(pid)

    def _silent(self) -> None:
        """Kill a keeper that does not answer: the next one takes over, and nothing is lost with this one."""
        _log.warning("the keeper (process %d) does not answer, and is replaced", self.keeper_pid)
        if self._keeper is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._keeper, signal.SIGKILL)

    async def _adopt_all(self) -> None:
        for name, descriptor in [*self._vault.items()]:
            await self._line.ask("store", {"name": name}, descriptors=(descriptor,), again=False, urgent=True)
        for held in [*self._held.values()]:
            await self._adopt_or_complain(held)

    async def _adopt_or_complain(self, held: _Held) -> None:
        """One run that cannot be adopted is no reason to lose the others."""
        try:
            await self._adopt(held, urgent=True)
        except Refused as refused:
            self._complain(f"the new keeper cannot adopt {held.kept.instance}", refused)

    async def _adopt(self, held: _Held, *, urgent: bool) -> bool:
        instance = held.kept.instance
        known = replace(held.kept, end=self._ends.get(instance), acknowledged=instance in self._acknowledged)
        pidfd = () if held.pidfd is None else (held.pidfd,)
        row, _ = await self._line.ask("adopt", kept_fields(known), descriptors=pidfd, again=not urgent, urgent=urgent)
        return bool(row["watched"])

    async def _settle(self, questions: list[Question]) -> None:
        """Have them asked again, but answer a start that has happened: its process carries the instance's mark."""
        launching = [question.tag.instance for question in questions if isinstance(question.tag, Launch)]
        running = await _main_processes(launching) if launching else {}
        for question in questions:
            if isinstance(question.tag, Launch) and (found := running.get(question.tag.instance)):
                self._remember(launched(question.tag, Started(found.pid, found.start_ticks, found.boot_id)))
                await self._adopt_or_complain(self._held[found.instance])
                self._line.answer(
                    question,
                    {
                        "pid": found.pid,
                        "start_ticks": found.start_ticks,
                        "boot_id": identity.boot_id(),
                        "repeated": True,
                    },
                )
            else:
                self._line.ask_again(question)

    def _complain(self, message: str, error: Exception) -> None:
        asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})


async def _main_processes(sought: list[str]) -> dict[str, identity.Identity]:
    """The main process of each run, with the ones that are just being executed; see tree.main_processes."""
    deadline = clock.monotonic() + EXECUTING_LIMIT_S
    while identity.executing() and clock.monotonic() < deadline:  # noqa: ASYNC110 the kernel tells nobody
        await asyncio.sleep(0.001)
    return tree.main_processes(sought)


def start_keeper(argv: list[str], socket: int, lock: int) -> int:
    """Execute an heir (keeper.launch) with its end of the channel and the lock; the pid of our new child."""
    with contextlib.ExitStack() as placed:
        actions = []
        for target, descriptor in ((3, socket), (4, lock)):
            copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
            placed.callback(os.close, copy)
            actions.append((os.POSIX_SPAWN_DUP2, copy, target))
        return os.posix_spawn(
            argv[0],
            argv,
            os.environ,
            file_actions=actions,
            setsid=True,
            setsigmask=(),
            setsigdef=linux.ALL_SIGNALS,
        )


def reap_when_ended(pid: int) -> None:
    """Collect our child when it ends, without waiting for it."""
    loop = asyncio.get_running_loop()
    pidfd = os.pidfd_open(pid)

    def reap() -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
        os.waitpid(pid, 0)

    loop.add_reader(pidfd, reap)


def _raise_descriptor_limit() -> int:
    """Allow this process all descriptors that the hard limit grants (three for each run); the soft limit before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft
