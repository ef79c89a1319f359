"""One plugin in use: its turn, its faults, and when it is set aside. The process is a fake, and so is the time."""

import asyncio

import pytest

from nexsock.hooks import Allow, Deny, Manifest
from nexsock.plugins import member
from nexsock.plugins.find import Candidate, Found
from nexsock.plugins.member import Fault, Member
from nexsock.plugins.wire import Returned
from nexsock.plugins.worker import WorkerFault

SAID = Manifest(name="gate", abi="1.0", capabilities=("deny", "storage"), hooks=("pre_command", "on_exit"))


class Process:
    """Answers from a list: a plain answer, a fault, or an event to wait for first. Writes down what it is asked."""

    def __init__(self):
        self.answers = []
        self.heard = []
        self.storage = None
        self.pid = None
        self.ended = asyncio.Event()

    async def warm(self):
        self.heard.append("load")
        self.pid = 7

    async def ask(self, hook, arguments, services, timeout_s):
        self.pid = 7
        self.heard.append(arguments.get("command", hook))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            answer = None
        if isinstance(answer, Exception):
            raise answer
        return Returned(number=1, answer=answer, storage=self.storage)

    async def end(self):
        self.pid = None
        self.ended.set()


class Bench:
    """A member with its fake process; `now` is the time."""

    def __init__(self, **limits):
        self.now = 0.0
        self.process = Process()
        self.kept, self.faults = [], []
        self.member = Member(
            Found(candidate=Candidate(kind="native", path="/p/gate.py", root="/p"), manifest=SAID),
            self.process,
            keep=self.kept.append,
            faulted=lambda _member, fault: self.faults.append(fault.text),
            monotonic=lambda: self.now,
            wall=lambda: 1000.0 + self.now,
            **limits,
        )

    async def ask(self, command="up"):
        return await self.member.ask("pre_command", {"command": command})


@pytest.fixture
async def bench():
    made = []

    def make(**limits):
        made.append(Bench(**limits))
        return made[-1]

    yield make
    for one in made:
        await one.member.close()


async def test_an_answer_is_read(bench):
    one = bench()
    one.process.answers = [None, {"deny": "not now"}]
    assert [await one.ask(), await one.ask()] == [Allow(), Deny("not now")]


async def test_what_is_kept_is_handed_on(bench):
    one = bench()
    one.process.storage = {"times": 1}
    await one.ask()
    assert one.kept == [{"times": 1}]


async def test_a_fault_is_told_with_its_time(bench):
    one = bench()
    one.process.answers = [WorkerFault("hung")]
    assert (await one.ask(), one.faults, one.member.strikes) == (Fault("hung", 1000.0), ["hung"], 1)


async def test_a_fault_of_ours_is_an_answer_too(bench):
    one = bench()
    one.process.answers = [KeyError("ours")]
    assert (await one.ask()).text == "cannot be asked: KeyError('ours')"


async def test_after_three_faults_it_is_not_asked_and_its_process_ends(bench):
    one = bench()
    one.process.answers = [WorkerFault("hung")] * 3
    for _ in range(4):
        last = await one.ask()
    assert (len(one.process.heard), last.text) == (3, "is set aside after 3 faults, the last: hung")
    await one.process.ended.wait()


async def test_faults_of_an_hour_ago_do_not_count(bench):
    one = bench()
    one.process.answers = [WorkerFault("hung")] * 4
    for at in (0.0, 10.0, member.FORGET_S + 5.0, member.FORGET_S + 20.0):
        one.now = at
        await one.ask()
    assert (one.member.strikes, one.member.is_set_aside) == (2, False)


async def test_one_that_is_set_aside_stays_so_however_long(bench):
    one = bench()
    one.process.answers = [WorkerFault("hung")] * 3
    for _ in range(3):
        await one.ask()
    one.now = 10 * member.FORGET_S
    assert (one.member.strikes, one.member.is_set_aside) == (3, True)


async def test_questions_go_before_what_it_is_only_told(bench):
    one, gate = bench(), asyncio.Event()
    one.process.answers = [gate]
    first = asyncio.create_task(one.ask("first"))
    await asyncio.sleep(0)
    one.member.tell("on_exit", {})
    second = asyncio.create_task(one.ask("second"))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, second)
    await one.member.told()
    assert one.process.heard == ["first", "second", "on_exit"]


async def test_a_question_that_waits_too_long_is_a_fault_and_is_not_asked_later(bench):
    one, gate = bench(patience_s=-SAID.timeout), asyncio.Event()
    one.process.answers = [gate]
    one.member.tell("on_exit", {})
    await asyncio.sleep(0)
    late = await one.ask("late")
    gate.set()
    await one.member.told()
    assert ("did not come to pre_command" in late.text, one.process.heard) == (True, ["on_exit"])


async def test_what_it_is_too_slow_to_hear_is_left_out_from_the_front(bench):
    one = bench()
    for number in range(member.NOTICES_LIMIT + 5):
        one.member.tell("on_exit", {"command": number})
    await one.member.told()
    assert (one.process.heard[0], len(one.process.heard)) == (5, member.NOTICES_LIMIT)


async def test_without_work_its_process_is_ended_and_the_next_question_has_a_new_one(bench):
    one = bench(idle_s=0.0)
    await one.ask("first")
    await one.process.ended.wait()
    assert (await one.ask("second"), one.process.heard) == (Allow(), ["first", "second"])


async def test_who_waits_when_it_is_closed_gets_an_answer(bench):
    one, gate = bench(), asyncio.Event()
    one.process.answers = [gate]
    waiting = [asyncio.create_task(one.ask(str(number))) for number in range(3)]
    while not one.process.heard:
        await asyncio.sleep(0)
    await one.member.close()
    assert [(await each).text for each in waiting] == ["was taken out of use"] * 3


async def test_one_that_retires_answers_what_it_was_asked_and_hears_nothing_more(bench):
    one, gate = bench(), asyncio.Event()
    one.process.answers = [gate, {"deny": "still here"}]
    waiting = [asyncio.create_task(one.ask(str(number))) for number in range(2)]
    while not one.process.heard:
        await asyncio.sleep(0)
    one.member.tell("on_exit", {})
    retiring = asyncio.create_task(one.member.retire())
    await asyncio.sleep(0)
    gate.set()
    await retiring
    assert ([await each for each in waiting], one.process.heard) == ([Allow(), Deny("still here")], ["0", "1"])
