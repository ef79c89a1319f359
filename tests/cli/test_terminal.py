import os
import sys

import pytest

from nexsock import errors
from nexsock.cli import terminal
from nexsock.model.status import DependencyStatus, Failure, Outcome, ServiceDetail, ServiceEnvironment, ServiceStatus
from nexsock.protocol.api import CommandSpec, Progress

SPEC = CommandSpec(command=("/bin/sh", "-c", "exec app"), working_dir="/shop", environment={"PORT": "8080"})


def detail(*, met: bool = True) -> ServiceDetail:
    return ServiceDetail(
        service=ServiceStatus(name="web", phase="stopped", ready=False),
        command="app",
        working_dir="/shop",
        depends_on=(DependencyStatus(name="db", condition="healthy", met=met),),
    )


def test_run_becomes_the_command_of_the_service_and_gives_its_exit_code(shell):
    ended = shell.answers(service_status=detail(), command=SPEC).run("run", "web")
    assert ended.status == 7
    assert shell.executed == [(SPEC.command, "/shop", {"PORT": "8080"})]


def test_run_adds_arguments_to_a_shell_line(shell):
    shell.answers(service_status=detail(), command=SPEC).run("run", "web", "--", "--fast", "a b")
    assert shell.executed[0][0] == ("/bin/sh", "-c", 'exec app "$@"', "/bin/sh", "--fast", "a b")


def test_run_adds_arguments_to_a_list(shell):
    spec = CommandSpec(command=("app", "serve"), working_dir="/", environment={})
    shell.answers(service_status=detail(), command=spec).run("run", "web", "--fast")
    assert shell.executed[0][0] == ("app", "serve", "--fast")


def test_run_brings_up_what_is_missing_first(shell):
    done = [Progress(outcome=Outcome(ok=True))]
    shell.answers(service_status=detail(met=False), up=done, command=SPEC).run("run", "web")
    assert shell.daemon.requests("up")[0].services == ("db",)
    assert len(shell.executed) == 1


def test_run_does_not_start_when_what_it_needs_fails(shell):
    failed = [Progress(outcome=Outcome(ok=False, failed=(Failure(service="db", reason="exited with 1"),)))]
    ended = shell.answers(service_status=detail(met=False), command=SPEC, up=failed).run("run", "web")
    assert (ended.status, ended.err, shell.executed) == (1, "error: db: exited with 1\n", [])


def test_run_without_dependencies_asks_for_the_command_only(shell):
    shell.answers(command=SPEC).run("run", "--no-deps", "web")
    assert {name for name, _ in shell.daemon.asked} == {"command"}


UP_TO_DATE = CommandSpec(command=("build",), working_dir="/shop", environment={}, skip="inputs unchanged since run 3")


def test_run_leaves_a_oneshot_alone_that_is_up_to_date(shell):
    ended = shell.answers(command=UP_TO_DATE).run("run", "build")
    assert ended == (0, "", "build is up to date: inputs unchanged since run 3; --force runs it all the same\n")
    assert shell.executed == []


@pytest.mark.parametrize("words", [("--force", "build"), ("build", "--", "--fast")])
def test_force_or_arguments_run_it_all_the_same(shell, words):
    shell.answers(service_status=detail(), command=UP_TO_DATE).run("run", *words)
    assert len(shell.executed) == 1


@pytest.mark.parametrize("words", [("--", "ls", "-l"), ("ls", "-l")])
def test_exec_passes_options_to_its_command(shell, words):
    shell.answers(command=SPEC).run("exec", "web", *words)
    assert shell.executed == [(("ls", "-l"), "/shop", {"PORT": "8080"})]


def test_exec_without_a_command_says_how_to_write_it(shell):
    ended = shell.run("exec", "web")
    assert ended == (2, "", "error: exec needs a command; write it like 'nexsock exec web -- ls -l'\n")


def test_env_can_be_read_by_a_shell(shell):
    found = ServiceEnvironment(service="web", environment={"PORT": "8080", "TEXT": "it's a\nnew line"})
    out = shell.answers(environment=found).run("env", "web").out
    assert out == "PORT=8080\nTEXT='it'\"'\"'s a\nnew line'\n"


def test_a_missing_program_is_named_with_its_folder(tmp_path):
    before = os.getcwd()
    try:
        with pytest.raises(errors.LaunchError, match=r"'no-such-program' cannot be run in .*: no such file"):
            terminal.replace_process(("no-such-program",), str(tmp_path), {"PATH": "/nowhere"})
    finally:
        os.chdir(before)


def test_a_missing_folder_is_an_error_too():
    with pytest.raises(errors.LaunchError, match="cannot be run in /no/such/folder"):
        terminal.replace_process((sys.executable,), "/no/such/folder", {})
