import json

BROKEN = "services:\n  web:\n    comand: serve\n"
GOOD = "services:\n  web:\n    command: echo ${WORD:-hello}\n    environment: {A: '1', B: 'true'}\n"


def test_init_writes_a_file_that_is_good(shell, tmp_path):
    (tmp_path / "nexsock.yaml").unlink()
    assert "Wrote" in shell.run("init").out
    assert shell.run("validate").status == 0


def test_init_never_touches_a_file_that_exists(shell, tmp_path):
    ended = shell.run("init")
    assert ended.status == 2
    assert (tmp_path / "nexsock.yaml").read_text() == "services: {}\n"


def test_validate_reports_place_line_and_caret(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text(BROKEN)
    ended = shell.run("validate")
    assert ended.status == 2
    assert ended.out.startswith("nexsock.yaml:3:5: ")
    assert "\n    comand: serve\n    ^\n" in ended.out
    assert ended.err.endswith("in nexsock.yaml\n")


def test_validate_with_json_lists_the_problems(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text(BROKEN)
    document = json.loads(shell.run("validate", "--json").out)
    assert document["ok"] is False
    assert (document["problems"][0]["line"], document["problems"][0]["column"]) == (3, 5)


def test_validate_says_that_a_good_file_is_good(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text(GOOD)
    assert shell.run("validate") == (0, "The file is good.\n", "")
    assert shell.run("validate", "-q") == (0, "", "")


def test_config_prints_the_file_with_its_variables_filled_in(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text(GOOD)
    shell.environ["WORD"] = "bye"
    out = shell.run("config").out
    assert "command: echo bye\n" in out


def test_config_with_origins_says_where_each_value_comes_from(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text(GOOD)
    out = shell.run("config", "--origins").out
    (line,) = (line for line in out.splitlines() if "command:" in line)
    assert "# nexsock.yaml:3:14" in line


def test_config_with_json_is_one_document(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text(GOOD)
    document = json.loads(shell.run("config", "--json", "--origins").out)
    assert document["config"]["services"]["web"]["command"] == "echo hello"
    assert document["origins"]["services.web.command"].startswith("nexsock.yaml:3:14")


def test_what_config_prints_means_the_same(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text(GOOD)
    first = json.loads(shell.run("config", "--json").out)["config"]
    (tmp_path / "nexsock.yaml").write_text(shell.run("config").out)
    assert json.loads(shell.run("config", "--json").out)["config"] == first


def test_schema_is_a_json_schema(shell):
    assert "$schema" in json.loads(shell.run("schema").out)
