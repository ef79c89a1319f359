"""A daemon that makes way for the next one (`daemon restart`, an upgrade) costs nobody anything."""

import os

import pytest

from nexsock.client import locate
from nexsock.places import from_environ
from nexsock.protocol.api import Nothing

COUNTING = "n=0; while ! [ -e end ]; do n=$$((n+1)); echo $$n; sleep 0.002; done; exit 7"


@pytest.fixture
def home(fresh_home):
    return fresh_home


def test_every_line_and_exit_code_outlives_restarts_of_the_daemon(project):
    road = project(f"""
        services:
          web: {{command: "{COUNTING}", restart: "no"}}
    """)
    road.up()
    pid = road.pid("web")
    for _ in range(3):
        road.done("daemon", "restart")
    assert road.pid("web") == pid
    restarting = road.begin("daemon", "restart")
    road.touch("end")
    assert restarting.end().exit == 0
    road.wait_until(lambda: road.phase("web") == "failed", "its end is known")
    assert road.service("web")["exit_code"] == 7
    numbers = [int(word) for word in road.log("web").split()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_is_cleared_from_the_runtime_folder_is_made_anew(project, home):
    road = project("services: {web: {command: exec sleep 1000}, db: {command: exec sleep 1000}}")
    road.up()
    before = road.pid("web")
    (home.folder / "run").rename(home.folder / "gone")  # as systemd does at the end of a session
    road.done("restart", "web")
    after = road.pids()
    road.done("daemon", "restart")
    assert after["web"] != before
    assert road.pids() == after
    assert len(road.processes("web")) == 1


def test_no_client_is_refused_while_the_daemon_restarts(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    places = from_environ(road.home.environ, os.getuid())
    restarting = road.begin("daemon", "restart")
    while restarting.process.poll() is None:
        with locate.connect(start=False, places=places) as daemon:
            daemon.call("ping", Nothing())
    assert restarting.end().exit == 0


def test_a_request_that_was_accepted_is_answered_though_the_daemon_restarts(project):
    road = project("""
        services:
          web: {command: "touch begun; while ! [ -e end ]; do sleep 0.01; done", oneshot: true}
    """)
    coming = road.begin("up", "-d")
    road.wait_until((road.folder / "begun").exists, "it runs")
    restarting = road.begin("daemon", "restart")
    road.touch("end")
    assert (coming.end().exit, restarting.end().exit) == (0, 0)
    assert road.phase("web") == "completed"


def test_a_command_whose_work_is_not_done_when_the_daemon_restarts_does_not_say_that_it_is(project):
    road = project("""
        services:
          web: {command: "touch begun; while ! [ -e end ]; do sleep 0.01; done", oneshot: true}
    """)
    coming = road.begin("up", "-d")
    road.wait_until((road.folder / "begun").exists, "it runs")
    road.done("daemon", "restart")
    ended = coming.end()
    assert ended.exit == 3
    assert "run the command again" in ended.err
    road.touch("end")
    road.up()
    assert road.phase("web") == "completed"


def test_a_daemon_that_is_stopped_says_that_services_stay_and_how_to_end_them(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    said = road.done("daemon", "stop")
    assert "1 service" in said
    assert "nexsock down" in said
