import json

import pytest

from nexsock import errors
from nexsock.cli import catalogue
from nexsock.model.problem import Problem
from nexsock.model.status import ProjectInfo, ProjectStatus, ServiceStatus

SHOP = ProjectStatus(
    project=ProjectInfo(name="shop", dir="/shop", id="shop-1"),
    services=(ServiceStatus(name="web", phase="ready", ready=True, pid=12, uptime_s=61.0),),
)


def test_help_lists_every_command_and_imports_none(shell):
    ended = shell.run("--help")
    assert ended.status == 0
    assert [name for name in catalogue.COMMANDS if f"  {name} " not in ended.out] == []


def test_no_arguments_are_answered_with_help(shell):
    assert shell.run().out == shell.run("--help").out


@pytest.mark.parametrize("name", catalogue.COMMANDS)
def test_help_of_a_command_begins_with_its_line_in_the_catalogue(shell, name):
    ended = shell.run(name, "--help")
    assert ended.status == 0
    assert catalogue.COMMANDS[name].summary in " ".join(ended.out.split())


@pytest.mark.parametrize("arguments", [("--json", "ps"), ("ps", "--json"), ("-p", "shop", "--json", "ps")])
def test_global_options_are_understood_before_and_after_the_command(shell, arguments):
    ended = shell.answers(list_services=SHOP).run(*arguments)
    assert json.loads(ended.out)["project"]["name"] == "shop"


def test_a_file_is_named_before_the_command_that_follows(shell):
    shell.answers(logs=[], list_services=SHOP).run("-f", "other.yaml", "logs", "-f")
    (request,) = shell.daemon.requests("logs")
    assert request.follow
    assert request.project.files == (shell.folder + "/other.yaml",)


def test_files_before_and_after_the_command_are_merged_in_their_order(shell):
    shell.answers(list_services=SHOP).run("-f", "a.yaml", "ps", "-f", "b.yaml")
    (request,) = shell.daemon.requests("list_services")
    assert request.project.files == (shell.folder + "/a.yaml", shell.folder + "/b.yaml")


def test_a_misspelt_command_is_answered_with_a_suggestion(shell):
    ended = shell.run("staus")
    assert (ended.status, ended.err) == (2, "error: there is no command 'staus'; did you mean 'status'?\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ps --al", "there is no option '--al'; did you mean '--all'?"),
        ("up --tiemout 3s", "there is no option '--tiemout'; did you mean '--timeout'?"),
        ("ps -x", "there is no option '-x'; 'nexsock ps --help' lists the options"),
        ("web --port x", "invalid value for '--port': 'x' is not a whole number; 'nexsock web --help' explains it"),
    ],
)
def test_a_mistake_in_an_option_is_told_with_what_was_meant_or_the_help_of_its_command(shell, line, said):
    ended = shell.run(*line.split())
    assert (ended.status, ended.err) == (2, f"error: {said}\n")


def test_a_usage_error_with_json_is_a_document_too(shell):
    ended = shell.run("ps", "--al", "--json")
    assert json.loads(ended.out)["error"]["code"] == "usage"
    assert ended.err.startswith("error: ")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound("there is no service 'wbe'", hint="did you mean 'web'?"), 1),
        (errors.Unreachable("nexsockd does not answer"), 3),
        (errors.Refused("no"), 4),
        (errors.TimeLimit("late"), 124),
        (errors.UsageError("what"), 2),
    ],
)
def test_an_error_is_a_sentence_and_an_exit_code(shell, failing, error, status):
    ended = shell.answers(list_services=failing(error)).run("ps")
    assert ended == (status, "", f"error: {error}\n")


def test_an_error_with_json_is_one_document_and_a_sentence(shell, failing):
    error = errors.NotFound("there is no service 'wbe'", hint="did you mean 'web'?", origin="nexsock.yaml:1:2")
    ended = shell.answers(list_services=failing(error)).run("ps", "--json")
    assert json.loads(ended.out) == {
        "version": 1,
        "error": {
            "code": "not_found",
            "message": "there is no service 'wbe'",
            "hint": "did you mean 'web'?",
            "origin": "nexsock.yaml:1:2",
        },
    }
    assert ended.err == "error: nexsock.yaml:1:2: there is no service 'wbe'; did you mean 'web'?\n"


def test_a_broken_file_shows_every_problem(shell, failing):
    problem = Problem(file="nexsock.yaml", line=1, column=3, message="wrong", source_line="a: b")
    error = errors.ConfigError("1 problem", (problem, problem))
    ended = shell.answers(list_services=failing(error)).run("ps")
    assert ended.status == 2
    assert ended.err == "nexsock.yaml:1:3: wrong\n    a: b\n      ^\n" * 2 + "error: 2 problems in nexsock.yaml\n"


def test_without_a_file_the_way_out_is_named(shell, tmp_path):
    (tmp_path / "nexsock.yaml").unlink()
    ended = shell.run("ps")
    assert ended.status == 2
    assert "'nexsock init'" in ended.err


def test_another_host_is_the_one_that_is_asked(shell):
    shell.answers(list_services=SHOP).run("--host", "tcp://127.0.0.1:7070", "ps")
    assert shell.daemon.hosts == ["tcp://127.0.0.1:7070"]


def test_a_reader_that_leaves_ends_the_command_without_a_trace(shell):
    ended = shell.answers(list_services=lambda _: (_ for _ in ()).throw(BrokenPipeError)).run("ps")
    assert ended == (141, "", "")


def test_the_connection_is_closed_at_the_end(shell):
    shell.answers(list_services=SHOP).run("ps")
    assert shell.daemon.closed == 1


@pytest.mark.parametrize("command", ["ps", "ls"])
def test_nothing_is_coloured_without_a_terminal(shell, command):
    ended = shell.answers(list_services=SHOP, list_projects=()).run(command)
    assert "\x1b" not in ended.out + ended.err


def test_no_color_takes_the_colour_from_a_terminal(shell):
    shell.answers(list_services=SHOP)
    assert "\x1b" in shell.run("ps", terminal=True).out
    assert "\x1b" not in shell.run("ps", "--no-color", terminal=True).out
    shell.environ["NO_COLOR"] = "1"
    assert "\x1b" not in shell.run("ps", terminal=True).out


@pytest.mark.parametrize(
    ("group", "commands"), [("dependency", "add, remove, list"), ("db", "status, migrate, rollback")]
)
def test_a_group_that_is_named_alone_is_answered_with_its_commands(shell, group, commands):
    ended = shell.run(group)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == (
        f"error: 'nexsock {group}' needs one of its commands: {commands}; 'nexsock {group} --help' explains it\n"
    )
