"""Questions to the keeper and its answers, over one channel after another. Knows no verb's meaning.

A question stays here until it is answered. When the channel ends, those that may be asked twice wait for the next
channel; the others fail with KeeperLost, because nobody knows whether they were done. Who does not answer at all is
told of, twice asked: a keeper that is stopped, or held by a disk that hangs, would keep everybody for ever.
"""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from nexsock.keeper import channel, wire
from nexsock.runtime.kept import Refused

Answer = tuple[wire.Message, list[int]]


SILENT_S = 20.0
"""How long the keeper may leave a question unanswered; it needs milliseconds."""
DOUBT_S = 2.0
"""How long it has after that: when both of us were stopped, it hears the question only now."""


class KeeperLost(Exception):
    """The keeper ended before it answered, and asking the next one could do the thing twice."""


@dataclass(slots=True, kw_only=True)
class Question:
    """`again`: may be asked of the next keeper after it was `sent` to a lost one. `tag` is for the asker."""

    number: int
    request: wire.Message
    descriptors: tuple[int, ...]
    again: bool
    answer: asyncio.Future[Answer]
    tag: object = None
    sent: bool = False


class Line:
    """`on_event` gets each event; `on_end` is called when the channel has ended, `on_silence` when nothing is answered
    for `silent_s` seconds and DOUBT_S more. Use it inside a running loop.
    """

    def __init__(
        self,
        on_event: Callable[[wire.Message], None],
        on_end: Callable[[], None],
        on_silence: Callable[[], None],
        silent_s: float = SILENT_S,
    ) -> None:
        self._on_event = on_event
        self._on_end = on_end
        self._on_silence = on_silence
        self._silent_s = silent_s
        self._patience: asyncio.TimerHandle | None = None
        self._heard = 0.0
        self._doubted = False
        self._channel: channel.Channel | None = None
        self._open = False
        self._writing = False
        self._numbers = itertools.count(1)
        self._questions: dict[int, Question] = {}

    def attach(self, end: channel.Channel) -> None:
        """Speak over this channel from now on. Only urgent questions are sent until `open`."""
        self._channel = end
        asyncio.get_running_loop().add_reader(end.fileno(), self._readable)

    def open(self) -> None:
        """Send what waits, in the order in which it was asked, and everything from now on at once."""
        self._open = True
        for question in [*self._questions.values()]:
            if not question.sent:
                self._send(question)

    def detach(self) -> None:
        """Close the channel, if there is one, and sort out what was sent over it."""
        self._open = self._writing = False
        self._be_patient(None)
        if self._channel is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._channel.fileno())
        loop.remove_writer(self._channel.fileno())
        self._channel.close()
        self._channel = None
        for question in [*self._questions.values()]:
            if question.sent and not question.again:
                self._finish(question.number, KeeperLost("the keeper ended before it answered"))

    def fail_all(self) -> None:
        """Nobody will answer any more."""
        for number in [*self._questions]:
            self._finish(number, KeeperLost("the daemon lets go of its keeper"))

    def unanswered(self) -> list[Question]:
        """Questions that were sent to a lost keeper and may be asked again."""
        return [question for question in self._questions.values() if question.sent]

    def ask_again(self, question: Question) -> None:
        """Have `open` send it."""
        question.sent = False

    def answer(self, question: Question, row: wire.Message) -> None:
        """Answer a question in the keeper's place."""
        self._finish(question.number, (row, []))

    async def ask(
        self,
        verb: str,
        fields: wire.Message | None = None,
        *,
        descriptors: tuple[int, ...] = (),
        again: bool = True,
        urgent: bool = False,
        tag: object = None,
    ) -> Answer:
        """The keeper's answer and the descriptors with it, which are the caller's.

        Raises:
            Refused: it was not done.
            KeeperLost: not `again`, and the keeper ended after the question was sent; `urgent`, and there is none.
        """
        return await self.put(verb, fields, descriptors=descriptors, again=again, urgent=urgent, tag=tag)

    def put(
        self,
        verb: str,
        fields: wire.Message | None = None,
        *,
        descriptors: tuple[int, ...] = (),
        again: bool = True,
        urgent: bool = False,
        tag: object = None,
    ) -> asyncio.Future[Answer]:
        """Send a question before this returns, unless it has to wait; its answer is to come as in `ask`.

        Raises:
            KeeperLost: `urgent`, and there is no channel.
        """
        if urgent and self._channel is None:
            raise KeeperLost("there is no keeper")
        number = next(self._numbers)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        question = Question(
            number=number,
            request={**(fields or {}), "verb": verb, "id": number},
            descriptors=descriptors,
            again=again,
            answer=future,
            tag=tag,
        )
        self._questions[number] = question
        future.add_done_callback(lambda _: self._questions.pop(number, None))
        if self._open or urgent:
            self._send(question)
        return future

    def _send(self, question: Question) -> None:
        if self._channel is None:
            return
        question.sent = True
        if self._patience is None:
            self._heard, self._doubted = asyncio.get_running_loop().time(), False
            self._be_patient(self._silent_s)
        try:
            self._channel.send(question.request, question.descriptors)
        except EOFError:
            return  # the reader sees it too
        self._watch_writable()

    def _watch_writable(self) -> None:
        if self._channel is None or self._writing == self._channel.pending:
            return
        self._writing = self._channel.pending
        loop = asyncio.get_running_loop()
        if self._writing:
            loop.add_writer(self._channel.fileno(), self._writable)
        else:
            loop.remove_writer(self._channel.fileno())

    def _writable(self) -> None:
        if self._channel is None:
            return
        try:
            self._channel.flush()
        except EOFError:
            return
        self._watch_writable()

    def _readable(self) -> None:
        """Take everything that is there: answers before the events that came after them."""
        while self._channel is not None:
            try:
                received = self._channel.receive()
            except EOFError:
                self.detach()
                self._on_end()
                return
            if received is None:
                return
            self._take(*received)

    def _be_patient(self, seconds: float | None) -> None:
        """Look after that time whether something was answered; None: nothing is to be answered."""
        if self._patience is not None:
            self._patience.cancel()
        loop = asyncio.get_running_loop()
        self._patience = None if seconds is None else loop.call_later(seconds, self._look_whether_silent)

    def _look_whether_silent(self) -> None:
        if not self._questions:  # whoever asked has given up
            self._be_patient(None)
            return
        left_s = self._heard + self._silent_s - asyncio.get_running_loop().time()
        if left_s > 0:
            self._be_patient(left_s)
        elif not self._doubted:
            self._doubted = True
            self._be_patient(DOUBT_S)
        else:
            self._be_patient(None)
            self._on_silence()

    def _take(self, message: wire.Message, descriptors: list[int]) -> None:
        self._heard, self._doubted = asyncio.get_running_loop().time(), False
        if "id" not in message:
            self._on_event(message)
        elif message["ok"]:
            self._finish(message["id"], (message, descriptors))
        else:
            self._finish(message["id"], Refused(message["kind"], message["errno"], message["subject"]))

    def _finish(self, number: int, outcome: Answer | Exception) -> None:
        question = self._questions.pop(number, None)
        if not self._questions:
            self._be_patient(None)
        if question is None or question.answer.done():
            return
        if isinstance(outcome, Exception):
            question.answer.set_exception(outcome)
        else:
            question.answer.set_result(outcome)
