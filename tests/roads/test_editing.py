"""The file, edited by commands, and what runs after that."""

STACK = """
    # the stack
    services:
      db:
        command: exec sleep 1000   # all night
      web:
        command: exec sleep 1001
        environment: {A: '1'}
        depends_on: [db]
"""


def text(road):
    return (road.folder / "nexsock.yaml").read_text()


def test_an_edit_restarts_what_it_concerns_and_nothing_else(project):
    road = project(STACK)
    road.up()
    before, file = road.pids(), text(road)
    told = road.done("config", "update", "web", "environment.A=2")
    assert "± restart  web" in told
    assert text(road) == file.replace("{A: '1'}", "{A: '2'}")
    after = road.pids()
    assert after["db"] == before["db"]
    assert after["web"] != before["web"]
    assert "A=2" in road.done("env", "web").splitlines()


def test_a_service_is_added_started_removed_and_stopped(project):
    road = project(STACK)
    road.up()
    file = text(road)
    road.done("add", "worker", "command=exec sleep 1002", "depends_on=[web]")
    pid = road.pid("worker")
    assert road.run("remove", "web").err.startswith("error: service 'web' is needed by 'worker'")
    road.done("dependency", "remove", "worker", "web")
    assert road.pid("worker") == pid
    road.done("remove", "worker")
    road.wait_until(lambda: road.processes("worker") == [], "worker is gone")
    assert text(road) == file


def test_a_change_that_would_not_validate_changes_neither_file_nor_processes(project):
    road = project(STACK)
    road.up()
    file, pids = text(road), road.pids()
    refused = road.run("dependency", "add", "db", "web")
    assert refused.exit == 2
    assert "depend on each other in a circle" in refused.err
    assert refused.err.endswith("error: 1 problem in nexsock.yaml; nothing was changed\n")
    assert (text(road), road.pids()) == (file, pids)


def test_what_is_only_written_is_left_to_the_next_up(project):
    road = project(STACK)
    road.up()
    pids = road.pids()
    road.done("config", "update", "web", "environment.A=2", "--no-apply")
    assert road.pids() == pids
    assert road.json("plan")["changes"] == 1


def test_a_project_that_is_down_stays_down(project):
    road = project(STACK)
    assert road.json("config", "update", "db", "command=exec sleep 1003")["applied"] is False
    assert road.done("config", "get", "db", "command") == "exec sleep 1003\n"
    assert road.processes() == []


def test_an_edit_of_a_watched_file_is_applied_once(project):
    road = project(STACK)
    road.up("--watch")
    road.done("config", "update", "web", "environment.A=2")
    road.done("config", "update", "db", "stop_grace_period=3s")
    assert (road.service("web")["run"], road.service("db")["run"]) == (2, 1)
    assert [event["reason"] for event in road.events("config")].count("applied") == 2


def test_a_project_is_edited_by_its_name_from_anywhere(project, tmp_path):
    road = project(STACK, "elsewhere")
    road.up()
    done = road.run("-p", "elsewhere", "--json", "config", "update", "web", "--unset", "environment.A", cwd=tmp_path)
    assert done.exit == 0
    assert "environment" not in text(road)
    assert road.service("web")["run"] == 2


def test_a_service_with_several_instances_is_listed_and_edited_by_its_name_in_the_file(project):
    road = project(STACK.replace("depends_on: [db]", "scale: 2"))
    road.up()
    road.done("dependency", "add", "web", "db")
    (one,) = road.json("dependency", "list", "web")["dependencies"]
    assert (one["service"], one["on"], one["origin"]) == ("web", "db", "nexsock.yaml:9:18")
    road.done("config", "update", "web", "scale=1")
    road.wait_until(lambda: [name for name, pid in road.pids().items() if pid] == ["db", "web-1"], "one is left")
