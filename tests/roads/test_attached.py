"""`up` at a terminal: a real one, with a person who types Ctrl-C or closes the window."""

import os
import re
import signal

import pexpect

SHOP = """
    services:
      db:
        command: |
          trap 'echo db >> ended; exit 0' TERM
          echo the db speaks
          touch db.up
          while :; do sleep 0.02; done
        healthcheck: {test: test -e db.up, start_interval: 20ms}
      web:
        command: |
          trap 'echo web >> ended; exit 0' TERM
          echo the web speaks
          while :; do sleep 0.02; done
        depends_on: [db]
"""
STUBBORN = (
    "services: {web: {command: \"trap '' TERM; echo here; while :; do sleep 0.02; done\", stop_grace_period: 1h}}"
)


def test_progress_is_shown_and_then_the_logs(project, terminal):
    road = project(SHOP)
    attached = terminal(road, "up")
    attached.until("db")
    attached.until("the web speaks")
    assert road.phases() == {"db": "ready", "web": "running"}


def test_what_was_said_before_everything_was_ready_is_shown_too(project, terminal):
    road = project(SHOP)
    attached = terminal(road, "up")
    attached.until("the db speaks")
    attached.until("the web speaks")


def test_ctrl_c_stops_what_this_up_started_in_order_and_ends_with_130(project, terminal):
    road = project(SHOP)
    attached = terminal(road, "up")
    attached.until("the web speaks")
    attached.interrupt()
    assert attached.end() == 130
    assert road.words("ended") == ["web", "db"]
    assert road.processes() == []


def test_ctrl_c_leaves_what_ran_before(project, terminal):
    road = project(SHOP)
    road.up("db")
    db = road.pid("db")
    attached = terminal(road, "up")
    attached.until("the web speaks")
    attached.interrupt()
    assert attached.end() == 130
    assert (road.phase("db"), road.pid("db"), road.words("ended")) == ("ready", db, ["web"])


def test_ctrl_c_where_nothing_was_started_stops_nothing(project, terminal):
    road = project(SHOP)
    road.up()
    before = road.pids()
    attached = terminal(road, "up")
    attached.until("nothing had to be done")
    attached.interrupt()
    assert "keep running" in attached.rest()
    assert attached.end() == 130
    assert road.pids() == before


def test_ctrl_c_during_progress_stops_what_was_started(project, terminal):
    road = project("services: {web: {command: exec sleep 1000, healthcheck: {test: 'false', start_interval: 50ms}}}")
    attached = terminal(road, "up")
    road.wait_until(lambda: road.processes("web"), "it was started")
    attached.until("starting")
    attached.interrupt()
    assert attached.end() == 130
    assert road.processes() == []


def test_a_second_ctrl_c_kills(project, terminal):
    road = project(STUBBORN)
    attached = terminal(road, "up")
    attached.until("here")
    attached.interrupt()
    attached.until("Ctrl-C again kills")
    road.wait_until(lambda: road.phase("web") == "stopping", "it is being stopped")
    attached.interrupt()
    assert attached.end() == 130
    assert road.processes() == []
    assert road.history("web")[0]["exit_code"] == 128 + signal.SIGKILL


def test_after_a_ctrl_c_the_next_up_brings_everything_back(project, terminal):
    road = project(SHOP)
    attached = terminal(road, "up")
    attached.until("the web speaks")
    attached.interrupt()
    assert attached.end() == 130
    road.up()
    assert road.phases() == {"db": "ready", "web": "running"}


def test_closing_the_terminal_leaves_services_and_daemon_alone(project, terminal, lives):
    road = project(SHOP)
    daemons = road.home.daemons()
    attached = terminal(road, "up")
    attached.until("the web speaks")
    before = road.pids()
    client = attached.child.pid
    os.kill(client, signal.SIGHUP)
    road.wait_until(lambda: not lives(client), "the command has ended")
    attached.close()
    assert road.pids() == before
    assert all(lives(pid) for pid in before.values())
    assert set(daemons) <= set(road.home.daemons())


def test_a_daemon_that_was_started_in_a_terminal_outlives_it(fresh_home, project, terminal):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.home = fresh_home
    road._log_begins = 0
    started = terminal(road, "up", "-d")
    assert started.end() == 0
    daemons = fresh_home.daemons()
    started.close()
    assert daemons
    assert all(os.getsid(pid) != started.child.pid for pid in daemons)
    assert road.phase("web") == "running"
    assert fresh_home.daemons() == daemons


def test_up_d_returns_to_the_prompt(project, terminal):
    road = project(SHOP)
    detached = terminal(road, "up", "-d")
    said = detached.rest()
    assert detached.end() == 0
    assert "web" in said
    assert road.phases() == {"db": "ready", "web": "running"}


def test_it_ends_by_itself_when_everything_has_ended(project, terminal):
    road = project("services: {one: {command: echo first word, oneshot: true}}")
    attached = terminal(road, "up")
    attached.rest()
    assert attached.end() == 0


def test_it_ends_with_1_when_a_service_fails_later(project, terminal):
    road = project("""
        services:
          web:
            command: echo going; until [ -e leave ]; do sleep 0.01; done; echo last word; exit 3
            restart: "no"
    """)
    attached = terminal(road, "up")
    attached.until("going")
    road.touch("leave")
    said = attached.rest()
    assert attached.end() == 1
    assert "last word" in said
    assert "3" in said


def test_a_failure_is_explained_with_the_last_lines(project, terminal):
    road = project("services: {web: {command: echo no such database >&2; exit 3, restart: 'no'}}")
    attached = terminal(road, "up")
    said = attached.rest()
    assert attached.end() == 1
    assert "no such database" in said


def test_a_service_that_would_be_stopped_is_named_and_asked_about(project, terminal):
    road = project("services: {old: {command: exec sleep 1000}, web: {command: exec sleep 1001}}")
    road.up()
    road.edit("services: {web: {command: exec sleep 1001}}")
    asked = terminal(road, "up", "-d")
    asked.until("old will be stopped")
    asked.until("[Y/n]")
    asked.child.sendline("n")
    assert asked.end() == 130
    assert road.phase("old") == "running"
    agreed = terminal(road, "up", "-d")
    agreed.until("[Y/n]")
    agreed.child.sendline("y")
    assert agreed.end() == 0
    assert road.processes("old") == []


def test_only_what_was_agreed_to_is_done(project, terminal):
    road = project("services: {old: {command: exec sleep 1000}, web: {command: exec sleep 1001}}")
    road.up()
    road.edit("services: {web: {command: exec sleep 1001}}")
    asked = terminal(road, "up", "-d")
    asked.until("[Y/n]")
    road.edit("services: {}")
    asked.child.sendline("y")
    asked.until("something else would be done by now")
    assert asked.end() == 1
    assert (road.phase("old"), road.phase("web")) == ("running", "running")


def test_watching_at_a_terminal_tells_what_changed(project, terminal):
    road = project(
        "services: {web: {command: echo speaking $$V; exec sleep 1000, environment: {V: one}, watch: [src]}}"
    )
    road.edit("1", "src/app.py")
    attached = terminal(road, "up", "--watch")
    attached.until("speaking one")
    road.edit("2", "src/app.py")
    attached.until("src/app.py changed")
    attached.until("speaking one")
    road.edit("services: {web: {comand: x}}")
    attached.until("nexsock.yaml:1:18")
    attached.interrupt()
    assert attached.end() == 130


def test_ps_w_shows_each_change_in_place(project, terminal):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    shown = terminal(road, "ps", "-w")
    shown.until("running")
    road.done("stop", "web")
    shown.until("stopped")
    shown.interrupt()
    assert shown.end() == 130


def test_colour_is_for_terminals_that_want_it(project, terminal):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    coloured = terminal(road, "ps")
    coloured.child.expect(pexpect.EOF)
    assert re.search(rb"\x1b\[\d+m", coloured.child.before)
    plain = terminal(road, "--no-color", "ps")
    plain.child.expect(pexpect.EOF)
    assert b"\x1b" not in plain.child.before
