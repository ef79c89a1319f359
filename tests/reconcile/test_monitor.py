import asyncio

import pytest

from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.state import Cause, Health, Run
from nexsock.reconcile.monitor import ProbingMonitor

RUN = Run(number=1, instance="run-1", cause=Cause(kind="user", text="up"), fingerprint="")
OFTEN = Healthcheck(kind="tcp", port=80, start_interval_s=0.0, interval_s=0.0)


class Answers:
    """Gives the answers in turn, the last one for ever; an exception is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
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
        return ProbeResult(kind=check.kind, ok=answer, output="", at=1.0)


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

    async def ask(make, attempt, wanted, check=OFTEN, health=None):
        reports = Reports(wanted)
        monitor = ProbingMonitor(attempt, reports, lambda name: health, lambda: 5.0)
        monitors.append(monitor)
        monitor.attend(make("web", healthcheck=check), RUN, {})
        await asyncio.wait_for(reports.enough.wait(), 5)
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
    await asyncio.wait_for(reports.enough.wait(), 5)
    assert {one.instance for one in reports} == {"run-2"}


async def test_a_service_without_a_healthcheck_is_not_asked(make):
    answers = Answers(True)
    monitor = ProbingMonitor(answers, lambda report: None, lambda name: None, lambda: 0.0)
    monitor.attend(make("web"), RUN, {})
    await asyncio.sleep(0)
    await monitor.close()
    assert answers.asked == 0
