"""Bad input from everywhere: a clear answer, the rest of the world unchanged, and a daemon that goes on answering."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

Project = Callable[..., Any]

ENDLESS = r"""
    services:
      web:
        command: "printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n'; exec sleep 1000"
        healthcheck: {log: '(a+)+$'}
"""


def test_a_log_pattern_that_would_never_end_holds_up_nobody(project: Project) -> None:
    road = project(ENDLESS)
    up = road.begin("up", "-d")
    road.wait_until(
        lambda: (
            road.services() and "takes too long on a line of 54 char" in road.json("why", "web").get("last_probe", "")
        ),
        "it is given up",
    )
    assert road.phase("web") == "starting"
    road.done("down", "-t", "0")
    assert up.end().exit == 1


@pytest.mark.parametrize("following", [(), ("-f",)])
def test_a_search_that_would_never_end_is_refused_and_holds_up_nobody(project: Project, following: list[str]) -> None:
    road = project("""
        services:
          web: {command: "printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n'; exec sleep 1000"}
    """)
    road.up()
    road.wait_until(lambda: road.log("web"), "it has said its line")
    ended = road.run("logs", *following, "--grep", "(a+)+$")
    assert (ended.exit, "takes too long on a line of" in ended.err) == (2, True)
    assert road.phase("web") == "running"


def test_a_flood_that_a_log_probe_reads_holds_up_nobody(project: Project) -> None:
    road = project("""
        services:
          web:
            command: "yes err >&2 & yes out"
            healthcheck: {log: never, timeout: 500ms}
    """)
    assert road.run("up", "-d", "--timeout", "2s").exit == 124
    began = time.monotonic()
    assert road.phase("web") == "starting"
    road.done("down", "-t", "1s")
    assert time.monotonic() - began < 50
    assert not road.processes()


def test_a_line_without_an_end_is_told_in_part(project: Project) -> None:
    road = project("""
        services:
          web:
            command: "head -c 20000000 /dev/zero | tr '\\\\0' x; exit 3"
            restart: "no"
            healthcheck: {test: "false"}
    """)
    ended = road.run("--json", "up", "-d")
    assert ended.exit == 1
    assert len(ended.out) < 100_000


def test_a_daemon_that_does_not_answer_is_not_told_to_be_gone(project: Project, end: Callable[..., None]) -> None:
    road = project("services: {web: {command: sleep 1000}}\n")
    road.up()
    brain = road.home.daemons()[1]
    end(brain, signal.SIGSTOP)
    try:
        ended = road.run("daemon", "stop")
    finally:
        end(brain, signal.SIGCONT)
    assert (ended.exit, "did not answer" in ended.err) == (3, True)


def test_a_fifo_in_the_place_of_a_log_holds_up_nobody(project: Project) -> None:
    road = project("services: {web: {command: 'echo hello; exec sleep 1000'}}\n")
    road.up()
    log = road.state / "logs" / "web.log"
    road.wait_until(log.exists, "there is a log")
    log.unlink()
    os.mkfifo(log)
    road.done("restart", "web")
    road.wait_until(lambda: log.is_file() and b"hello" in log.read_bytes(), "the new run has a log")


def test_names_and_values_that_are_not_utf_8_do_no_harm_also_when_the_brain_is_killed(
    project: Project, end: Callable[..., None]
) -> None:
    raw = os.fsdecode(b"caf\xe9")
    road = project("""
        services:
          web: {command: [sh, -c, 'printf %s "$$TASTE"; exec sleep 1000'], environment: {TASTE: "${TASTE}"}}
    """, name=raw)  # fmt: skip
    road.environ = {"TASTE": raw}
    road.up()
    pid = road.pid("web")
    end(road.home.daemons()[1])
    road.up()
    assert (road.pid("web"), road.json("status", "web")["working_dir"][-4:]) == (pid, "caf?")
    road.wait_until(lambda: road.log("web") == b"caf\xe9", "the service has said what it was given")
