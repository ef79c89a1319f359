"""`top`: how often it asks, and how it shows that."""

import json

import pytest

from nexsock.model.status import ServiceUsage, Usage

SAMPLE = Usage(at=1.0, memory="pss", services=(ServiceUsage(name="web", phase="ready", processes=1, threads=2),))


@pytest.mark.parametrize(
    ("terminal", "given", "samples"),
    [(False, (), 1), (True, (), None), (False, ("-n", "0"), None), (True, ("-n", "3"), 3), (False, ("-n", "3"), 3)],
)
def test_a_terminal_goes_on_and_everything_else_gets_one_sample_unless_told_otherwise(shell, terminal, given, samples):
    shell.answers(top=[SAMPLE]).run("top", "web", *given, terminal=terminal, columns=80)
    (asked,) = shell.daemon.requests("top")
    assert (asked.services, asked.interval_s, asked.samples) == (("web",), 1.0, samples)


def test_each_sample_is_one_document_on_a_line(shell):
    ended = shell.answers(top=[SAMPLE, SAMPLE]).run("top", "-n", "2", "--json")
    assert [json.loads(line)["services"][0]["threads"] for line in ended.out.splitlines()] == [2, 2]


def test_a_terminal_is_written_over_and_a_pipe_is_not(shell):
    shell.answers(top=[SAMPLE, SAMPLE])
    assert shell.run("top", terminal=True, columns=80).out.count("\x1b[H") == 2
    assert "\x1b" not in shell.run("top", "-n", "2").out


@pytest.mark.parametrize("interval", ["0", "soon"])
def test_an_interval_must_be_a_time(shell, interval):
    ended = shell.run("top", "--interval", interval)
    assert (ended.status, "--interval" in ended.err) == (2, True)
