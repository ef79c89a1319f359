"""What the files of a project say reaches the processes: variables, profiles, several files, rendered configs."""

import json
import stat

import pytest


def environment(road, service="web"):
    """What the process of a service has in its environment."""
    with open(f"/proc/{road.pid(service)}/environ", "rb") as file:
        return dict(entry.decode().split("=", 1) for entry in file.read().split(b"\0") if entry)


# -- variables


def test_the_nearest_word_about_a_variable_wins(project):
    """From far to near: caller, project's env_file, project, service's env_files in order, service."""
    road = project("""
        env_file: project.env
        environment: {C: project, D: project, E: project, F: project}
        services:
          web:
            command: exec sleep 1000
            env_file: [first.env, second.env]
            environment: {F: service}
    """)
    road.edit("B=project.env\nC=project.env\nD=project.env\n", "project.env")
    road.edit("D=first\nE=first\nF=first\n", "first.env")
    road.edit("E=second\nF=second\n", "second.env")
    road.environ = dict.fromkeys("ABCDEF", "caller")
    road.up()
    found = environment(road)
    assert [found[name] for name in "ABCDEF"] == ["caller", "project.env", "project", "first", "second", "service"]


def test_dotenv_feeds_the_file_and_not_the_processes(project):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            environment: {GREETING: "${WORD} ${OTHER:-nobody}"}
    """)
    road.edit("WORD=hello\nSECRET=1\n", ".env")
    road.up()
    found = environment(road)
    assert (found["GREETING"], "WORD" in found, "SECRET" in found) == ("hello nobody", False, False)


def test_the_caller_wins_over_dotenv_and_an_env_file_option_replaces_it(project):
    road = project('services: {web: {command: exec sleep 1000, environment: {SAID: "${WORD}"}}}')
    road.edit("WORD=dotenv\n", ".env")
    road.edit("WORD=option\n", "other.env")
    road.up()
    assert environment(road)["SAID"] == "dotenv"
    road.up("--env-file", "other.env")
    assert environment(road)["SAID"] == "option"
    road.environ["WORD"] = "caller"
    road.up()
    assert environment(road)["SAID"] == "caller"


@pytest.mark.parametrize(
    ("inherit", "names"), [("true", {"LOUD", "QUIET"}), ("false", set()), ("[LOUD]", {"LOUD"})]
)  # fmt: skip
def test_as_much_of_the_callers_environment_is_inherited_as_the_file_says(project, inherit, names):
    road = project(f"""
        services:
          web: {{command: [/bin/sleep, "1000"], environment: {{OWN: "1"}}, inherit_env: {inherit}}}
    """)
    road.environ = {"LOUD": "1", "QUIET": "1"}
    road.up()
    found = environment(road)
    assert found.keys() & {"LOUD", "QUIET"} == names
    assert found["OWN"] == "1"


def test_a_variable_without_a_value_is_the_callers(project):
    road = project("services: {web: {command: exec sleep 1000, environment: [TOKEN, MISSING]}}")
    road.edit("TOKEN=1", "none.env")
    road.environ["TOKEN"] = "the caller's"
    road.up()
    found = environment(road)
    assert (found["TOKEN"], "MISSING" in found) == ("the caller's", False)


def test_another_environment_of_the_caller_restarts_nothing(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    pid = road.pid("web")
    road.environ["NEW"] = "1"
    road.up()
    assert road.pid("web") == pid
    road.done("restart", "web")
    assert environment(road)["NEW"] == "1"


def test_a_dollar_and_an_equals_sign_arrive_as_they_were_written(project):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            environment: {PRICE: "$$5 = ${CUR:-$$}"}
            env_file: {path: raw.env, format: raw}
    """)
    road.edit("URL=postgres://u:p@h/d?a=b&c=$x\nQUOTED='as it is'\n", "raw.env")
    road.up()
    found = environment(road)
    assert (found["PRICE"], found["URL"], found["QUOTED"]) == (
        "$5 = $",
        "postgres://u:p@h/d?a=b&c=$x",
        "'as it is'",
    )


def test_ports_are_given_to_the_process_and_to_those_who_refer_to_them(project):
    road = project("""
        services:
          db: {command: exec sleep 1000, ports: {main: 5901, admin: 5902}}
          web:
            command: exec sleep 1001
            environment: {DB: "${db.host}:${db.port}", ADMIN: "${db.ports.admin}", AT: "${project.name}"}
    """)
    road.up()
    db, web = environment(road, "db"), environment(road)
    assert (db["PORT"], db["PORT_ADMIN"]) == ("5901", "5902")
    assert (web["DB"], web["ADMIN"], web["AT"]) == ("127.0.0.1:5901", "5902", "shop")


def test_a_missing_variable_that_is_required_stops_everything_before_it_begins(project):
    road = project("""
        services:
          web: {command: touch ran, environment: {A: "${NEEDED:?say which}"}}
    """)
    ended = road.run("up", "-d")
    assert ended.exit == 2
    assert "say which" in ended.err
    assert "nexsock.yaml:2:" in ended.err
    assert not (road.folder / "ran").exists()


def test_services_know_who_they_are(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    road.up()
    found = environment(road)
    assert (found["NEXSOCK_SERVICE"], found["NEXSOCK_PROJECT"]) == ("web", road.id)


# -- which files


def test_an_override_file_is_merged(project):
    road = project("services: {web: {command: exec sleep 1000, environment: {A: base, B: base}}}")
    road.edit("services: {web: {environment: {B: over}}, extra: {command: exec sleep 1001}}", "nexsock.override.yaml")
    road.up()
    found = environment(road)
    assert (found["A"], found["B"], road.phase("extra")) == ("base", "over", "running")


def test_named_files_are_merged_in_their_order_and_replace_the_search(project):
    road = project("services: {web: {command: exec sleep 1000, environment: {WHICH: searched}}}")
    road.edit("services: {web: {environment: {WHICH: override}}}", "nexsock.override.yaml")
    road.edit("services: {web: {command: exec sleep 1000, environment: {WHICH: one, ALSO: one}}}", "one.yaml")
    road.edit("services: {web: {environment: {WHICH: two}}}", "two.yaml")
    road.done("-f", "one.yaml", "-f", "two.yaml", "up", "-d")
    found = environment(road)
    assert (found["WHICH"], found["ALSO"]) == ("two", "one")
    road.environ["NEXSOCK_FILE"] = "two.yaml:one.yaml"
    road.up()
    assert environment(road)["WHICH"] == "one"


def test_what_is_included_runs_in_its_own_folder(project):
    road = project("include: [parts/db.yaml]\nservices: {web: {command: exec sleep 1000, depends_on: [db]}}")
    road.edit("services: {db: {command: pwd > here; exec sleep 1001, env_file: db.env}}", "parts/db.yaml")
    road.edit("KIND=small", "parts/db.env")
    road.up()
    assert environment(road, "db")["KIND"] == "small"
    road.wait_until(lambda: road.words("parts/here"), "it has said where it is")
    assert road.words("parts/here") == [str(road.folder / "parts")]


# -- profiles

PROFILED = """
    services:
      web: {command: exec sleep 1000}
      debug: {command: exec sleep 1001, profiles: [debug]}
      load: {command: exec sleep 1002, profiles: [load, debug]}
      helper: {command: exec sleep 1003, profiles: [other]}
"""


def running(road):
    return {name for name, phase in road.phases().items() if phase == "running"}


def test_services_of_profiles_wait_until_they_are_wanted(project):
    road = project(PROFILED)
    road.up()
    assert running(road) == {"web"}
    assert {service["name"] for service in road.json("ps")["services"]} == {"web"}


def test_a_profile_is_chosen_by_option_or_variable(project):
    road = project(PROFILED)
    road.done("--profile", "load", "up", "-d")
    assert running(road) == {"web", "load"}
    road.environ["NEXSOCK_PROFILES"] = "debug,other"
    road.up()
    assert running(road) == {"web", "debug", "load", "helper"}


def test_naming_a_service_activates_it(project):
    road = project(PROFILED)
    road.up("helper")
    assert running(road) == {"helper"}


def test_a_service_whose_profile_is_no_longer_chosen_is_stopped_by_the_next_up(project):
    road = project(PROFILED)
    road.done("--profile", "debug", "up", "-d")
    road.up()
    road.wait_until(lambda: running(road) == {"web"}, "only what no profile hides runs")
    assert road.processes("debug") == []


def test_a_need_in_another_profile_comes_along(project):
    road = project("""
        services:
          web: {command: exec sleep 1000, depends_on: [db]}
          db: {command: exec sleep 1001, profiles: [data]}
    """)
    road.up()
    assert running(road) == {"web", "db"}


# -- rendered configs

CONFIGURED = """
    configs:
      app: {{target: run/app.env, values: {{GREETING: "it's {word}", LINES: "a\\nb"}}}}
      web: {{target: run/web.json, values: {{port: 80, nested: {{list: [1, two]}}}}}}
      text: {{target: run/text.txt, template: text.in}}
    services:
      web: {{command: cat run/app.env > seen; exec sleep 1000, configs: [app, web, text]}}
      other: {{command: exec sleep 1001}}
"""


@pytest.fixture
def configured(project):
    road = project(CONFIGURED.format(word="hello"))
    road.edit("at ${project.dir}\n", "text.in")
    road.up()
    return road


def test_configs_are_there_before_the_service_starts(configured):
    configured.wait_until(lambda: configured.words("seen"), "it has read its config")
    assert (configured.folder / "seen").read_text() == (configured.folder / "run/app.env").read_text()
    assert json.loads((configured.folder / "run/web.json").read_text()) == {"port": 80, "nested": {"list": [1, "two"]}}
    assert (configured.folder / "run/text.txt").read_text() == f"at {configured.folder}\n"


def test_a_shell_reads_from_a_rendered_env_file_what_was_meant(configured):
    read = configured.done("exec", "web", "--", "sh", "-c", '. ./run/app.env; printf "%s|%s" "$GREETING" "$LINES"')
    assert read == "it's hello|a\nb"


def test_configs_are_for_their_owner_only(configured):
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (configured.folder / "run").iterdir()}
    assert modes == {"app.env": 0o600, "web.json": 0o600, "text.txt": 0o600}


def test_another_rendering_restarts_those_who_read_it(configured):
    before = configured.pids()
    configured.edit(CONFIGURED.format(word="goodbye"))
    configured.up()
    after = configured.pids()
    assert {name: before[name] == after[name] for name in before} == {"web": False, "other": True}
    assert "goodbye" in (configured.folder / "run/app.env").read_text()


def test_the_same_rendering_is_not_written_again(configured):
    before = {path: path.stat().st_mtime_ns for path in (configured.folder / "run").iterdir()}
    configured.up()
    assert {path: path.stat().st_mtime_ns for path in (configured.folder / "run").iterdir()} == before


def test_a_changed_template_is_a_changed_config(configured):
    before = configured.pid("web")
    configured.edit("in ${project.dir}\n", "text.in")
    configured.up()
    assert configured.pid("web") != before
    assert (configured.folder / "run/text.txt").read_text() == f"in {configured.folder}\n"


def test_a_config_that_was_spoiled_is_right_again_at_the_next_start(configured):
    (configured.folder / "run/app.env").write_text("spoiled")
    configured.done("restart", "web")
    assert "hello" in (configured.folder / "run/app.env").read_text()


def test_a_config_outside_the_project_is_refused(project, tmp_path):
    road = project(f"""
        configs: {{app: {{target: {tmp_path}/outside.env, values: {{A: 1}}}}}}
        services: {{web: {{command: exec sleep 1000, configs: [app]}}}}
    """)
    ended = road.run("up", "-d")
    assert ended.exit == 2
    assert "outside" in ended.err
    assert not (tmp_path / "outside.env").exists()
