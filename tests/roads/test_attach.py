"""Services on a terminal of their own, and people at theirs who look at it and type."""

import signal
from pathlib import Path

import pytest

CONSOLE = """
    services:
      console:
        command: [sh, -i]
        tty: true
        stop_signal: SIGHUP
        restart: "no"
        environment: {PS1: "ready> ", ENV: ""}
"""
LEAVE = "\x10\x11"


@pytest.fixture
def console(project):
    road = project(CONSOLE)
    road.up()
    return road


@pytest.fixture
def attach(terminal):
    """`attach(road, "console")`: a terminal that is attached."""

    def attached(road, service="console", *options, **size):
        opened = terminal(road, "attach", service, *options, **size)
        opened.until("leaves it as it is.")
        return opened

    return attached


def foreground(pid):
    """The name of the program that leads the foreground of a process's terminal (tpgid of proc_pid_stat(5))."""
    leader = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[5]
    try:
        return Path(f"/proc/{leader}/comm").read_text().strip()
    except FileNotFoundError:
        return ""


def test_a_person_has_job_control_as_at_any_terminal(console, attach):
    person = attach(console, rows=30, columns=90)
    person.until("ready> ")
    person.type("stty size\r")
    person.until("30 90")
    person.type("sleep 1000\r")
    console.wait_until(lambda: foreground(console.pid("console")) == "sleep", "a job runs in the foreground")
    person.type("\x1a")
    person.until("Stopped")
    person.type("jobs; fg\r")
    person.until("sleep 1000")
    console.wait_until(lambda: foreground(console.pid("console")) == "sleep", "the job is back in the foreground")
    person.type("\x03")
    person.until("ready> ")
    person.type("echo it $((1+1))nds\r")
    person.until("it 2nds")
    assert len(console.processes("console")) == 1


def test_the_log_has_the_bytes_and_the_views_plain_lines(project):
    road = project("""
        services:
          web:
            command: 'printf "\\033[31mred\\033[0m\\n"; test -t 1 && echo $$TERM; exec sleep 1000'
            tty: true
            healthcheck: {log: "^xterm-256color$$"}
    """)
    road.up()
    assert road.log("web") == b"\x1b[31mred\x1b[0m\r\nxterm-256color\r\n"
    assert road.done("logs", "--no-prefix").splitlines()[1:] == ["red", "xterm-256color"]


def test_two_people_see_the_same_at_the_size_of_the_smaller_one(console, attach):
    first = attach(console, rows=30, columns=90)
    first.until("ready> ")
    second = attach(console, rows=40, columns=70)
    first.type("stty size\r")
    for person in (first, second):
        person.until("30 70")
    second.type("echo from the sec''ond\r")
    first.until("from the second")
    second.type(LEAVE)
    assert second.end() == 0
    first.type("stty size\r")
    first.until("30 90")


def test_the_window_of_a_person_may_change(project, attach):
    road = project("""
        services:
          web: {command: "trap 'stty size' WINCH; echo up; while :; do sleep 0.01; done", tty: true}
    """)
    road.up()
    person = attach(road, "web")
    person.until("24 100")
    person.child.setwinsize(11, 44)
    person.until("11 44")


def test_who_comes_later_sees_the_last_screenful(project, attach):
    road = project("services: {web: {command: seq 1 500; printf 'end>'; exec sleep 1000, tty: true}}")
    road.up()
    road.wait_until(lambda: road.log("web").endswith(b"end>"), "it has counted")
    later = attach(road, "web", rows=10)
    later.until("end>")
    shown = later.child.before.decode().split()
    assert shown == [str(number) for number in range(492, 501)]


def test_a_program_that_has_the_whole_screen_draws_it_once_more(project, attach):
    road = project(r"""
        services:
          editor:
            command: |
              trap 'printf "[%s]" "$$(stty size)"' WINCH
              printf '\033[?1049h\033[?25l'; touch up
              while :; do sleep 0.01; done
            tty: true
    """)
    road.up()
    road.wait_until(lambda: (road.folder / "up").exists(), "it has taken the screen")
    person = attach(road, "editor", rows=20, columns=60)
    person.until("\x1b[?1049h\x1b[?25l")
    person.until("[20 60]")
    person.type(LEAVE)
    person.until("\x1b[?25h\x1b[?1049l")


def test_leaving_changes_nothing_for_either_side(console, terminal):
    person = terminal(console, "attach", "console", "--detach-keys", "ctrl-],q")
    before, pid = person.modes, console.pid("console")
    person.until("ready> ")
    console.wait_until(lambda: person.modes != before, "keys come as they are typed")
    person.type("\x1dq")
    assert "it goes on" in person.rest()
    assert (person.end(), person.modes, console.pid("console")) == (0, before, pid)


def test_its_end_is_that_of_the_command(console, attach):
    person = attach(console)
    person.until("ready> ")
    person.type("exit 5\r")
    assert "console exited with 5." in person.rest()
    assert person.end() == 5


def test_a_restart_does_not_end_the_command(console, attach):
    person = attach(console, rows=30, columns=90)
    person.until("ready> ")
    console.done("restart", "console")
    person.until("run 2")
    person.until("ready> ")
    person.type("stty size\r")
    person.until("30 90")


def test_a_signal_leaves_the_terminal_as_it_was(console, terminal):
    person = terminal(console, "attach", "console")
    before = person.modes
    person.until("ready> ")
    console.wait_until(lambda: person.modes != before, "keys come as they are typed")
    person.child.kill(signal.SIGTERM)
    assert (person.end(), person.modes) == (128 + signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("name", "complaint", "status"),
    [
        ("web", "'web' has no terminal; give it 'tty: true'", 2),
        ("resting", "'resting' is stopped, not running; see 'nexsock why resting'", 1),
        ("consol", "no service 'consol' in project 'shop'; did you mean 'console'?", 1),
    ],
)
def test_what_cannot_be_attached_is_told(project, terminal, name, complaint, status):
    road = project("""
        services:
          web: {command: exec sleep 1000}
          console: {command: exec sleep 1000, tty: true}
          resting: {command: exec sleep 1000, tty: true}
    """)
    road.up("web", "console")
    person = terminal(road, "attach", name)
    assert complaint in person.rest()
    assert person.end() == status


def test_without_a_terminal_nobody_is_attached(console):
    ended = console.run("attach", "console")
    assert (ended.exit, ended.out) == (2, "")
    assert "needs a terminal to read from and to draw on; 'nexsock logs -f console' shows" in ended.err
