"""`web` becomes the web process."""

import msgspec

from nexsock.protocol.api import Nothing
from nexsock.web.__main__ import Options


def options(shell) -> Options:
    ((command, folder, _),) = shell.executed
    assert (command[1:4], folder) == (("-P", "-m", "nexsock.web"), "/")
    return msgspec.json.decode(command[4], type=Options)


def test_it_is_of_the_project_that_commands_here_mean(shell, tmp_path):
    shell.answers(ping=Nothing()).run("web", "--port", "7000", "--open")
    found = options(shell)
    assert (found.port, found.open, found.project.directory) == (7000, True, str(tmp_path))


def test_no_variable_goes_into_its_arguments_where_others_can_read_them(shell):
    shell.answers(ping=Nothing()).run("web")
    assert options(shell).project.environ is None


def test_without_a_file_it_is_of_all_projects(shell, tmp_path):
    (tmp_path / "nexsock.yaml").unlink()
    shell.answers(ping=Nothing()).run("web")
    assert options(shell) == Options()


def test_the_daemon_is_there_before_it(shell):
    shell.daemon.runs = False
    shell.answers(ping=Nothing()).run("web")
    assert shell.daemon.asked == [("ping", Nothing())]


def test_it_is_for_this_machine(shell):
    ended = shell.run("--host", "ssh://me@box", "web")
    assert (ended.status, shell.executed) == (2, [])
