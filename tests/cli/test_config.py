"""`config get` and `config update`; plain `config` is among the commands of test_file."""

from nexsock.model.edit import Definition, EditStatus

FOUND = Definition(
    service="web",
    file="/shop/nexsock.yaml",
    digest="d",
    origin="nexsock.yaml:3:3",
    config={"command": "serve $$PORT", "environment": {"A": 1, "B": "2"}, "profiles": ["x"]},
)


def test_a_service_is_printed_as_yaml(shell):
    shell.answers(get_config=FOUND)
    assert shell.run("config", "get", "web").out == (
        'command: "serve $$PORT"\nenvironment:\n  A: 1\n  B: "2"\nprofiles: [x]\n'
    )


def test_a_field_is_printed_for_a_shell(shell):
    shell.answers(get_config=FOUND)
    assert shell.run("config", "get", "web", "environment.B").out == "2\n"
    assert shell.run("config", "get", "web", "environment").out == 'A: 1\nB: "2"\n'
    assert shell.run("config", "get", "web", "profiles.0").out == "x\n"


def test_a_field_that_is_not_there_is_not_found(shell):
    shell.answers(get_config=FOUND)
    ended = shell.run("config", "get", "web", "environment.C")
    assert (ended.status, ended.err) == (1, "error: service 'web' has no 'environment.C' (nexsock.yaml:3:3)\n")


def test_update_sends_what_to_set_and_what_to_take_out(shell):
    shell.answers(update_config=EditStatus(service="web", origin="nexsock.yaml:3:3"))
    ended = shell.run("config", "update", "web", "environment.PORT=3001", "--unset", "profiles")
    (request,) = shell.daemon.requests("update_config")
    assert (request.fields, request.unset) == ({"environment.PORT": "3001"}, ("profiles",))
    assert ended.out == "web: the file says so already (nexsock.yaml:3:3)\n"


def test_an_update_of_nothing_is_a_wrong_command_line(shell):
    assert shell.run("config", "update", "web").status == 2


def test_the_options_of_plain_config_stay(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text("services:\n  web: {command: serve}\n")
    assert "# nexsock.yaml:2:" in shell.run("config", "--resolved", "--origins").out
