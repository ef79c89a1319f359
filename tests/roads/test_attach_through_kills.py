"""Who is attached when the daemon is killed goes on; so does the service, and so does its log."""

import signal

import pytest

COUNTING = """
    services:
      console:
        command: n=0; while read line; do n=$$((n+1)); echo got $$n $$line; done
        tty: true
        restart: "no"
"""


@pytest.fixture
def home(fresh_home):
    return fresh_home


@pytest.fixture
def person(project, terminal):
    """Somebody who is attached to a service that counts lines; `person.road` is its project."""
    road = project(COUNTING)
    road.up()
    attached = terminal(road, "attach", "console")
    attached.until("leaves it as it is.")
    attached.type("one\r")
    attached.until("got 1 one")
    attached.road = road
    return attached


@pytest.mark.parametrize("half", ["pid", "keeper_pid"])
def test_what_is_typed_after_a_kill_reaches_the_service_and_what_it_says_is_seen_once(person, lives, end, half):
    road = person.road
    before, killed = road.pid("console"), road.json("daemon", "status")[half]
    end(killed)
    road.wait_until(lambda: not lives(killed), "it is dead")
    road.wait_until(lambda: road.json("daemon", "status")[half] != killed, "there is another")
    person.type("two\r")
    person.until("got 2 two")
    assert b"got 1" not in person.child.before
    assert road.pid("console") == before
    assert road.log("console").count(b"got") == 2


def test_where_both_are_killed_the_service_goes_on_with_its_terminal(person, terminal, lives, end):
    road = person.road
    before, pid = person.modes, road.pid("console")
    status = road.json("daemon", "status")
    halves = (status["keeper_pid"], status["pid"])
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for half in halves:
            end(half, number)
    assert "nexsockd does not run" in person.rest()
    assert (person.end(), person.modes != before) == (3, True)
    again = terminal(road, "attach", "console")
    again.until("got 1 one")
    again.type("two\r")
    again.until("got 2 two")
    assert road.pid("console") == pid


def test_a_daemon_that_is_stopped_leaves_the_service_its_terminal(person, terminal):
    road = person.road
    pid = road.pid("console")
    road.done("daemon", "stop")
    assert person.end() == 3
    assert road.processes("console") == [pid]
    again = terminal(road, "attach", "console")
    again.until("got 1 one")
    again.type("two\r")
    again.until("got 2 two")
    road.done("down")
    road.wait_until(lambda: len(road.home.daemons()) == 2, "nobody holds a terminal any more")


def test_a_daemon_that_is_restarted_is_not_noticed(person):
    person.road.done("daemon", "restart")
    person.type("two\r")
    person.until("got 2 two")
