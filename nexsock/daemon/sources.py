"""From changed files to triggers: the project's own files are loaded anew, sources act on their services.

A changed input of a oneshot has the project looked at anew as well: its content decides whether the oneshot runs.

A checkout that moves to another commit is one trigger, however many files that changes: the project is loaded anew, for
the commit is part of it, and the files that were written for the move are no reason of their own.

A burst that touches many rules acts once on each. Ten restarts of a service in a minute by its files suspend its
rules, with an event that names the file, until another version of the file is live or watching is turned on again.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from signal import Signals

from nexsock import discovery, errors
from nexsock.model.event import Event
from nexsock.model.project import Project
from nexsock.model.state import Cause
from nexsock.plan import impact
from nexsock.reconcile.reconciler import Reconciler
from nexsock.runtime import clock, command, commits, watch

FLAPPING_RESTARTS = 10
FLAPPING_WINDOW_S = 60.0
LONGEST_WORK_S = 30.0
"""How long files wait for git's lock: one that was left behind by a killed git must not hold them for ever."""


class Sources:
    """The watched files of one project.

    Args:
        reload: loads the project's files and applies them, or tells that they are broken.
        replace: gives a service a new run: (service, cause, whether what needs it follows).
        send: sends a signal to a service's current run.
        run: runs a rule's command in the place of a service: (service, argv) to what came of it.
    """

    def __init__(
        self,
        reconciler: Reconciler,
        *,
        reload: Callable[[], Awaitable[None]],
        replace: Callable[[str, Cause, bool], None],
        send: Callable[[str, Signals], None],
        run: Callable[[str, tuple[str, ...]], Awaitable[command.Finished]],
        emit: Callable[[Event], None],
    ) -> None:
        self._reconciler = reconciler
        self._reload = reload
        self._replace = replace
        self._send = send
        self._run = run
        self._emit = emit
        self._watcher = watch.Watcher(self._changed, impact.never, self._blind)
        self._restarts: dict[str, deque[float]] = {}
        self._suspended: set[str] = set()
        self._timers: dict[tuple[str, int], asyncio.TimerHandle] = {}
        self._waiting: dict[tuple[str, int], asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, project: Project, since: float | None = None) -> None:
        """Watch the files of this version of the project; what was suspended gets another chance.

        `since` is when its files were read, where they were not watched yet: what was written later is acted on.
        """
        self._suspended.clear()
        self._restarts.clear()
        self._watcher.watch(impact.folders(project), since)

    def look_again(self) -> None:
        """Load the project's files as if they had changed."""
        self._task(self._reload())

    def close(self) -> None:
        self._watcher.close()
        for timer in (*self._timers.values(), *self._waiting.values()):
            timer.cancel()
        for task in self._tasks:
            task.cancel()

    def _changed(self, paths: frozenset[str]) -> None:
        """A burst of changes is over."""
        touched = impact.impact(self._reconciler.project, paths, discovery.NAMES)
        read = [hit.service for hit in touched.inputs if self._counts(hit)]
        if touched.files or read:
            self._task(self._reload())
        for hit in touched.hits:
            service = self._reconciler.project.services[hit.service]
            if service.git is None:
                self._later(hit)
            else:
                self._after_git(hit, service.git.path, clock.monotonic() + LONGEST_WORK_S)

    def _after_git(self, hit: impact.Hit, folder: str, until: float) -> None:
        """Act once git is not at work in the checkout; what was written before its head moved belongs to that move."""
        key = (hit.service, hash(hit.rule))
        if (timer := self._waiting.pop(key, None)) is not None:
            timer.cancel()
        if commits.is_busy(folder) and clock.monotonic() < until:
            loop = asyncio.get_running_loop()
            self._waiting[key] = loop.call_later(commits.SETTLING_S, self._after_git, hit, folder, until)
        elif not commits.moved_since(folder, hit.path):
            self._later(hit)

    def _blind(self, reason: str) -> None:
        self._warn(None, f"changes of files are not noticed any more: {reason}; 'nexsock watch' tries again")

    def _later(self, hit: impact.Hit) -> None:
        """Act when the rule's own quiet time is over; the burst has already been quiet for `watch.QUIET_MS`."""
        key = (hit.service, hash(hit.rule))
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
        rest_s = hit.rule.debounce_s - watch.QUIET_MS / 1000
        if rest_s <= 0:
            self._act(hit)
            return
        self._timers[key] = asyncio.get_running_loop().call_later(rest_s, self._act, hit)

    def _act(self, hit: impact.Hit) -> None:
        if hit.service not in self._reconciler.wanted or hit.service in self._suspended:
            return
        match hit.rule.action:
            case "restart" if self._flaps(hit):
                self._suspended.add(hit.service)
            case "restart":
                self._tell(hit, "restart")
                cause = Cause(kind="watch", text=f"{hit.shown} changed")
                self._replace(hit.service, cause, hit.rule.cascade)
            case "signal":
                self._tell(hit, f"signal {hit.rule.signal}")
                self._send(hit.service, Signals[hit.rule.signal])
            case "exec":
                self._tell(hit, "exec")
                self._task(self._execute(hit))

    def _counts(self, hit: impact.Hit) -> bool:
        """Whether a changed input may have its oneshot run again: one that writes what it reads would never rest."""
        if hit.service not in self._reconciler.wanted or hit.service in self._suspended:
            return False
        if self._flaps(hit):
            self._suspended.add(hit.service)
            return False
        return True

    def _flaps(self, hit: impact.Hit) -> bool:
        """Whether the service was restarted by its files too often, which is told."""
        now = clock.monotonic()
        recent = self._restarts.setdefault(hit.service, deque(maxlen=FLAPPING_RESTARTS))
        if len(recent) == FLAPPING_RESTARTS and now - recent[0] < FLAPPING_WINDOW_S:
            advice = "name fewer 'inputs'" if hit.rule is impact.INPUTS else "add it to 'ignore'"
            self._warn(
                hit.service,
                f"{hit.shown} caused {FLAPPING_RESTARTS} restarts within a minute: its watch is suspended; "
                f"{advice}, then run 'nexsock watch'",
            )
            return True
        recent.append(now)
        return False

    async def _execute(self, hit: impact.Hit) -> None:
        try:
            ended = await self._run(hit.service, hit.rule.command)
        except (OSError, errors.NexsockError) as error:
            self._warn(hit.service, f"the command for {hit.shown} cannot be run: {error}")
            return
        if not ended.ok:
            self._warn(hit.service, f"the command for {hit.shown} exited with {ended.status}: {ended.output}")

    def _tell(self, hit: impact.Hit, action: str) -> None:
        self._event("watch", hit.service, f"{hit.shown} changed", action)

    def _warn(self, service: str | None, text: str) -> None:
        self._event("warning", service, text, None)

    def _event(self, kind: str, service: str | None, reason: str, action: str | None) -> None:
        project = self._reconciler.project.id
        self._emit(
            Event(at=clock.wall(), seq=0, project=project, kind=kind, service=service, reason=reason, action=action)  # type: ignore[arg-type]
        )

    def _task(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
