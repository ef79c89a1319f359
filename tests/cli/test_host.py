import json

from msgspec.structs import replace

from nexsock import __version__
from nexsock.model.status import DaemonStatus, ProjectSummary
from nexsock.protocol.api import DatabaseStatus, Nothing

DAEMON = DaemonStatus(
    pid=10, keeper_pid=9, version=__version__, protocol=1, started_at=1_795_428_000.0 - 61, socket="/run/n.sock"
)


def test_daemon_status_never_starts_one(shell, failing):
    shell.daemon.runs = False
    ended = shell.run("daemon", "status")
    assert ended == (3, "", "error: nexsockd does not run\n")


def test_daemon_status_shows_who_it_is(shell):
    out = shell.answers(system_status=DAEMON).run("daemon", "status").out
    assert out.startswith(f"nexsockd is running\n  pid       10, keeper 9\n  version   {__version__}, protocol 1\n")
    assert "  up        1m 1s\n" in out


def test_daemon_start_starts_it_and_shows_it(shell):
    shell.daemon.runs = False
    assert shell.answers(system_status=DAEMON).run("daemon", "start").status == 0


def test_daemon_stop_of_none_is_no_error(shell):
    shell.daemon.runs = False
    assert shell.run("daemon", "stop") == (0, "nexsockd does not run\n", "")


def test_daemon_stop_says_that_services_live_on(shell):
    shop = ProjectSummary(id="shop-1", name="shop", dir="/shop", services=3, running=2, failed=0)
    with_shop = replace(DAEMON, projects=(shop,))
    ended = shell.answers(system_status=with_shop, shutdown=Nothing()).run("daemon", "stop")
    assert ended.out == "nexsockd has ended and leaves 2 services running: 'nexsock down --all' ends what runs\n"
    assert shell.daemon.requests("shutdown")[0].restart is False


def test_daemon_restart_replaces_it(shell):
    shell.answers(shutdown=Nothing(), system_status=DAEMON).run("daemon", "restart")
    assert shell.daemon.requests("shutdown")[0].restart is True


def test_daemon_logs_are_the_end_of_its_file(shell, tmp_path):
    (tmp_path / "home/state").mkdir(parents=True)
    log = tmp_path / "home/state/nexsockd.log"
    log.write_text("hello\n")
    shell.run("daemon", "logs", "-n", "5", "-f")
    assert shell.executed[0][0] == ("tail", "-n", "5", "-F", str(log))


def test_daemon_logs_without_a_file_say_so(shell):
    assert shell.run("daemon", "logs").status == 1


def test_the_database_is_looked_at_migrated_and_rolled_back(shell):
    found = DatabaseStatus(path="/s/store.json", version=2, newest=3, applied=("one", "two"), pending=("three",))
    shell.answers(database=found)
    assert shell.run("db", "status").out == (
        "file     /s/store.json\nschema   2, newest 3\napplied  one, two\npending  three\n"
    )
    shell.run("db", "migrate")
    shell.run("db", "rollback", "--steps", "2")
    asked = [(request.action, request.steps) for request in shell.daemon.requests("database")]
    assert asked == [("status", 1), ("migrate", 1), ("rollback", 2)]


def test_global_options_reach_the_commands_below(shell):
    document = json.loads(shell.answers(system_status=DAEMON).run("daemon", "status", "--json").out)
    assert (document["pid"], document["started_at"]) == (10, "2026-11-23T09:58:59.000Z")


def test_version_is_told_in_three_ways(shell):
    assert shell.run("--version").out == f"nexsock {__version__}\n"
    assert shell.run("version").out.startswith(f"nexsock {__version__} (Python ")
    assert json.loads(shell.run("version", "--json").out)["nexsock"] == __version__
