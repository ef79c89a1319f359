"""What somebody else runs is started and ended in words only."""

import pytest

from nexsock.engines.external import ExternalEngine
from nexsock.model.report import Gone, Launched


@pytest.fixture
def told():
    return []


@pytest.fixture
def engine(told):
    return ExternalEngine(told.append)


def test_a_start_is_told_at_once_and_has_no_process(engine, told, service, start):
    engine.launch(start(service("cloud", engine="external")))
    assert [(type(report), report.service, report.instance, report.pid) for report in told] == [
        (Launched, "cloud", "i1", None)
    ]


def test_an_end_is_told_at_once(engine, told, service, finish):
    engine.end(finish(service("cloud", engine="external")))
    assert told == [Gone(service="cloud", instance="i1")]


def test_kill_signal_and_forget_have_nothing_to_do(engine, told):
    engine.kill("cloud", "i1")
    engine.signal("cloud", "i1", 15)
    engine.forget("cloud")
    assert told == []
