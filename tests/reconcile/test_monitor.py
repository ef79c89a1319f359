import asyncio

import pytest

from nexsock.lifecycle.notify import Word
from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.state import Cause, Health, Run
from nexsock.reconcile.monitor import ProbingMonitor

RUN = Run(number=1, instance="run-1", cause=Cause(kind="user", text="up"), fingerprint="")
OFTEN = Healthcheck(kind="tcp", port=80, start_interval_s=0.0, interval_s=0.0)


class Clock:
    """Stands still."""

    def monotonic(self):
        return 3.0

    def wall(self):
        return 5.0


class Talk:
    """Says these in turn, then nothing, for ever; [] is a silence that lasted until a word was due."""

    def __init__(self, *said):
        self.said = list(said)
        self.until = []

    async def __call__(self, service, run):
        return self

    async def words(self, until):
        self.until.append(until)
        if not self.said:
            await asyncio.Event().wait()
        return self.said.pop(0)


async def nothing_to_hear(service, run):
    return None


class Answers:
    """Gives the answers in turn, the last one for ever; an exception is raised. Each takes so many seconds."""

    def __init__(self, *answers, took_s=0.0):
        self.answers = list(answers)
        self.took_s = took_s
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self, service, run, check, environment):
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return ProbeResult(kind=check.kind, ok=answer, output="", at=1.0, took_s=self.took_s)


class Reports(list):
    """Collects reports; `enough` is set when there are as many as wanted."""

    def __init__(self, wanted):
        super().__init__()
        self.wanted = wanted
        self.enough = asyncio.Event()

    def __call__(self, report):
        self.append(report)
        if len(self) >= self.wanted:
            self.enough.set()


@pytest.fixture
async def asked():
    """Ask a service until there are so many reports."""
    monitors = []

    async def ask(make, attempt, wanted, check=OFTEN, health=None, listen=nothing_to_hear):
        reports = Reports(wanted)
        monitor = ProbingMonitor(attempt, listen, reports, lambda name: health, Clock())
        monitors.append(monitor)
        monitor.attend(make("web", healthcheck=check), RUN, {})
        await asyncio.wait_for(reports.enough.wait(), 60)
        return monitor, reports

    yield ask
    for monitor in monitors:
        await monitor.close()


async def test_each_answer_is_reported_with_its_run(asked, make):
    _, reports = await asked(make, Answers(False, True), 2)
    assert [(one.service, one.instance, one.result.ok) for one in reports[:2]] == [
        ("web", "run-1", False),
        ("web", "run-1", True),
    ]


async def test_one_question_at_a_time(asked, make):
    answers = Answers(True)
    await asked(make, answers, 20)
    assert answers.most_at_once == 1


async def test_a_probe_that_cannot_be_made_fails_and_is_tried_again(asked, make):
    _, reports = await asked(make, Answers(ValueError("no such pattern"), True), 2)
    first, second = reports[0].result, reports[1].result
    assert (first.ok, first.output, first.at) == (
        False,
        "the probe could not be made: ValueError('no such pattern')",
        5.0,
    )
    assert second.ok


async def test_a_failure_over_which_we_stood_still_is_asked_for_once_more(asked, make):
    _, reports = await asked(make, Answers(False, True, took_s=60.0), 1)
    assert [report.result.ok for report in reports[:1]] == [True]


async def test_a_machine_on_which_everything_takes_for_ever_still_sees_failures(asked, make):
    _, reports = await asked(make, Answers(False, took_s=60.0), 1)
    assert [report.result.ok for report in reports[:1]] == [False]


async def test_a_log_line_that_was_seen_is_not_looked_for_again(asked, make):
    answers, check = Answers(True), Healthcheck(kind="log", pattern="ready", start_interval_s=0.0)
    await asked(make, answers, 1, check=check, health=Health(verdict="healthy", probes=1))
    for _ in range(10):
        await asyncio.sleep(0)
    assert answers.asked == 1


async def test_nothing_is_asked_after_leaving(asked, make):
    answers = Answers(True)
    monitor, _ = await asked(make, answers, 1)
    monitor.leave("web")
    before = answers.asked
    for _ in range(10):
        await asyncio.sleep(0)
    assert answers.asked <= before + 1


async def test_attending_anew_replaces_the_earlier_questions(asked, make):
    answers = Answers(True)
    monitor, reports = await asked(make, answers, 1)
    monitor.attend(make("web", healthcheck=OFTEN), Run(number=2, instance="run-2", cause=RUN.cause, fingerprint=""), {})
    reports.clear()
    reports.enough.clear()
    await asyncio.wait_for(reports.enough.wait(), 60)
    assert {one.instance for one in reports} == {"run-2"}


async def test_a_service_without_a_healthcheck_is_not_asked(make):
    answers = Answers(True)
    monitor = ProbingMonitor(answers, nothing_to_hear, lambda report: None, lambda name: None, Clock())
    monitor.attend(make("web"), RUN, {})
    await asyncio.sleep(0)
    await monitor.close()
    assert answers.asked == 0


NOTIFY = Healthcheck(kind="notify", start_period_s=30.0)


async def test_a_service_that_tells_by_itself_is_listened_to_and_never_asked(asked, make):
    answers = Answers(True)
    talk = Talk([Word(status="half way"), Word(ready=True)], [Word(watchdog="1")], [])
    _, reports = await asked(make, answers, 3, check=NOTIFY, listen=talk)
    assert [(one.result.ok, one.result.output) for one in reports] == [
        (None, "half way"),
        (True, "half way"),
        (False, "no WATCHDOG=1 for 10s; its status: half way"),
    ]
    assert (answers.asked, talk.until) == (0, [33.0, None, 13.0, None])


async def test_a_run_that_cannot_tell_is_not_well_and_the_reason_says_what_to_do(asked, make):
    _, reports = await asked(make, Answers(True), 1, check=NOTIFY)
    assert (reports[0].result.ok, reports[0].result.output) == (
        False,
        "it was started without NOTIFY_SOCKET; run 'nexsock restart web'",
    )
