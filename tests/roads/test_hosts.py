"""Another machine's services: `--host ssh://...`, with a program for OpenSSH that leads back to this machine."""

import pytest

SHOP = """
    services:
      web:
        command: echo "hello from $PLACE"; exec sleep 1000
"""


class Away:
    """A project on "the box", and the commands that a person gives elsewhere."""

    def __init__(self, road, here, address):
        self.road = road
        self.here = here
        self._host = ("--host", address)

    def run(self, *arguments):
        return self.road.run(*self._host, *arguments, cwd=self.here)

    def follow(self, following, *arguments):
        return following(self.road, *self._host, "-p", self.road.id, *arguments)


@pytest.fixture
def away(project, tmp_path, nexsock_program):
    road = project(SHOP)
    here = tmp_path / "here"
    (here / "bin").mkdir(parents=True)
    program = here / "bin" / "ssh"
    program.write_text(
        '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift 2\n'
        f'exec env NEXSOCK_HOME={road.home.folder} PLACE="the box" /bin/sh -c "$*"\n'
    )
    program.chmod(0o755)
    road.environ = {"NEXSOCK_HOME": str(here), "PATH": f"{here}/bin:/usr/bin:/bin", "PLACE": "here"}
    return Away(road, here, f"ssh://ann@box{nexsock_program}")


def test_a_project_of_the_other_machine_is_brought_up_there(away):
    ended = away.run("--project-directory", str(away.road.folder), "up", "-d")
    assert ended.exit == 0, ended.err
    assert len(away.road.processes("web")) == 1
    away.road.wait_until(lambda: away.road.log("web"), "web says something")
    assert away.road.log("web") == b"hello from the box\n"
    assert not (away.here / "state").exists()


def test_a_project_that_is_known_there_is_meant_by_its_name(away):
    away.run("--project-directory", str(away.road.folder), "up", "-d")
    assert away.run("-p", away.road.id, "up", "-d").exit == 0
    assert "web" in away.run("-p", away.road.id, "ps").out
    assert away.run("-p", away.road.id, "down").exit == 0
    assert away.road.processes("web") == []


def test_a_stream_comes_as_it_is_written(away, following):
    away.run("--project-directory", str(away.road.folder), "up", "-d")
    away.follow(following, "logs", "-f").until("web | hello from the box")


def test_a_machine_that_lets_nobody_in_is_an_unreachable_daemon(away):
    (away.here / "bin" / "ssh").write_text("#!/bin/sh\necho 'ann@box: Permission denied (publickey).' >&2\nexit 255\n")
    ended = away.run("-p", away.road.id, "ps")
    assert (ended.exit, ended.out) == (3, "")
    assert ended.err == "error: ann@box cannot be reached with ssh: ann@box: Permission denied (publickey)\n"


def test_where_no_daemon_runs_none_is_started_to_be_asked(away):
    (away.here / "bin" / "ssh").write_text(
        (away.here / "bin" / "ssh").read_text().replace(str(away.road.home.folder), str(away.here / "nobody"))
    )
    ended = away.run("daemon", "status")
    assert (ended.exit, ended.err) == (
        3,
        "error: ann@box: nexsockd does not run; start it with 'nexsock daemon start'\n",
    )


def test_a_command_for_this_terminal_is_refused_for_another_machine(away):
    assert away.run("-p", away.road.id, "exec", "web", "--", "true").exit == 2
