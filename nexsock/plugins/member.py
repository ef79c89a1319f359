"""One plugin that is in use: asked and told in turn, and set aside when it has had too many faults.

Who asks is answered in time, whatever the plugin does: questions go before what it is only told, a question that has
waited too long in line is not asked any more, and after the third fault nothing is.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from nexsock.hooks import Allow, Answer, Manifest
from nexsock.plugins import answers
from nexsock.plugins.find import Found
from nexsock.plugins.worker import Worker, WorkerFault

_log = logging.getLogger(__name__)

STRIKES = 3
FORGET_S = 3600.0
"""A fault that is older does not count any more."""
PATIENCE_S = 10.0
"""How long a question waits in line and for its answer together."""
NOTICES_LIMIT = 1000
"""What it has not been told yet; beyond that the oldest is left out."""
_CLOSED = "was taken out of use"
_LOAD = ""
"""Instead of a hook: only be there."""
IDLE_S = 600.0
"""Without a call for so long, its process is ended until the next one."""


class Fault(Struct, frozen=True):
    """The plugin has no answer, and why; `at` is unix seconds."""

    text: str
    at: float


class _Question(Struct, frozen=True):
    hook: str
    arguments: dict[str, Any]
    services: tuple[dict[str, Any], ...]
    answer: "asyncio.Future[Answer | Fault] | None" = None
    """None: it is only told"""


class Member:
    """A plugin with its process.

    Args:
        keep: writes down what the plugin keeps.
        faulted: called after each fault.
        monotonic, wall: the clocks.
        after: the end of the process that was there before, for which the first call waits.
    """

    def __init__(
        self,
        found: Found,
        worker: Worker,
        *,
        keep: Callable[[dict[str, Any]], None],
        faulted: "Callable[[Member, Fault], None]",
        monotonic: Callable[[], float],
        wall: Callable[[], float],
        after: "asyncio.Task[Any] | None" = None,
        patience_s: float = PATIENCE_S,
        idle_s: float = IDLE_S,
    ) -> None:
        assert found.manifest is not None
        self.found = found
        self.manifest: Manifest = found.manifest
        self.calls = 0
        self.last_fault: Fault | None = None
        self.is_set_aside = False
        self._worker = worker
        self._keep = keep
        self._faulted = faulted
        self._monotonic, self._wall = monotonic, wall
        self._patience_s, self._idle_s = patience_s, idle_s
        self._struck: deque[float] = deque(maxlen=STRIKES)
        self._questions: deque[_Question] = deque()
        self._notices: deque[_Question] = deque(maxlen=NOTICES_LIMIT)
        self._at_work: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending = after

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def order(self) -> tuple[int, str]:
        """Who is asked first."""
        return self.manifest.priority, self.name

    def listens(self, hook: str, directory: str) -> bool:
        """Whether it is to hear of this in the project in this folder."""
        return hook in self.manifest.hooks and self.found.candidate.project in ("", directory)

    @property
    def strikes(self) -> int:
        """The faults that count now."""
        while self._struck and self._monotonic() - self._struck[0] > FORGET_S and not self.is_set_aside:
            self._struck.popleft()
        return len(self._struck)

    @property
    def pid(self) -> int | None:
        return self._worker.pid

    async def ask(
        self, hook: str, arguments: dict[str, Any], services: tuple[dict[str, Any], ...] = ()
    ) -> Answer | Fault:
        """Its answer, or why there is none."""
        if self.is_set_aside:
            return self._aside()
        answer: asyncio.Future[Answer | Fault] = asyncio.get_running_loop().create_future()
        question = _Question(hook, arguments, services, answer)
        self._questions.append(question)
        self._work()
        try:
            async with asyncio.timeout(self._patience_s + self.manifest.timeout):
                return await asyncio.shield(answer)
        except TimeoutError:
            if question in self._questions:
                self._questions.remove(question)
            return self._strike(f"did not come to {hook} within {self._patience_s:g}s")

    def tell(self, hook: str, arguments: dict[str, Any], services: tuple[dict[str, Any], ...] = ()) -> None:
        """Let it know, when it has no more important things to do."""
        if self.is_set_aside:
            return
        if len(self._notices) == NOTICES_LIMIT:
            _log.warning("plugin '%s' is too slow: it is not told of %s", self.name, self._notices[0].hook)
        self._notices.append(_Question(hook, arguments, services))
        self._work()

    def warm(self) -> None:
        """Have its process made ready before it is needed."""
        self.tell(_LOAD, {})

    async def told(self) -> None:
        """Wait until it has heard everything that it was told so far."""
        while self._at_work is not None:
            await asyncio.shield(self._at_work)

    async def retire(self) -> None:
        """Answer what was asked already, then close: who edits a plugin does not fail a start with that."""
        self._notices.clear()
        await self.told()
        await self.close()

    async def close(self) -> None:
        """End its process. Who waits for an answer gets a fault."""
        self._keep_awake()
        if self._at_work is not None:
            self._at_work.cancel()
            await asyncio.gather(self._at_work, return_exceptions=True)
        if self._ending is not None:
            await self._ending
        await self._worker.end()
        self._keep_awake()
        self._drop(_CLOSED)

    # -- its turn

    def _work(self) -> None:
        self._keep_awake()
        if self._at_work is None:
            self._at_work = asyncio.create_task(self._work_off(), name=f"plugin {self.name}")

    async def _work_off(self) -> None:
        try:
            while question := self._next():
                try:
                    _give(question, await self._put(question))
                except asyncio.CancelledError:
                    _give(question, Fault(_CLOSED, self._wall()))
                    raise
                if self.is_set_aside:
                    self._drop(self._aside().text)
                    await self._worker.end()
        finally:
            self._at_work = None
            self._rest()

    def _next(self) -> _Question | None:
        for waiting in (self._questions, self._notices):
            if waiting:
                return waiting.popleft()
        return None

    async def _put(self, question: _Question) -> Answer | Fault:
        """Ask the plugin, and judge what it answers."""
        if self._ending is not None:
            await self._ending
            self._ending = None
        try:
            return await self._answer(question)
        except (WorkerFault, answers.AnswerFault) as fault:
            return self._strike(str(fault))
        except Exception as error:  # a fault of ours must not leave who asks without an answer
            _log.exception("plugin '%s' cannot be asked", self.name)
            return self._strike(f"cannot be asked: {error!r}")

    async def _answer(self, question: _Question) -> Answer:
        if question.hook == _LOAD:
            await self._worker.warm()
            return Allow()
        self.calls += 1
        returned = await self._worker.ask(question.hook, question.arguments, question.services, self.manifest.timeout)
        if returned.storage is not None:
            self._keep(returned.storage)
        return answers.read(question.hook, returned.answer, self.manifest.capabilities)

    def _strike(self, text: str) -> Fault:
        fault = self.last_fault = Fault(text, self._wall())
        if self.strikes < STRIKES:
            self._struck.append(self._monotonic())
        self.is_set_aside = self.is_set_aside or len(self._struck) >= STRIKES
        self._faulted(self, fault)
        return fault

    def _aside(self) -> Fault:
        last = self.last_fault
        why = last.text if last is not None else ""
        return Fault(f"is set aside after {STRIKES} faults, the last: {why}", last.at if last is not None else 0.0)

    def _drop(self, why: str) -> None:
        """Ask and tell nothing of what it waits for."""
        self._notices.clear()
        while self._questions:
            _give(self._questions.popleft(), Fault(why, self._wall()))

    # -- without a turn

    def _rest(self) -> None:
        """Nothing to do: end the process when that lasts."""
        self._keep_awake()
        if self._worker.pid is not None:
            self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._fall_asleep)

    def _keep_awake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _fall_asleep(self) -> None:
        self._idle = None
        if self._at_work is None:
            self._ending = asyncio.create_task(self._worker.end(), name=f"end idle plugin {self.name}")


def _give(question: _Question, answer: Answer | Fault) -> None:
    """To who waits for it, if anybody still does."""
    if question.answer is not None and not question.answer.done():
        question.answer.set_result(answer)
