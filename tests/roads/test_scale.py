"""Several instances of one service: each on its own, all by one name."""

import pytest

WEB = """
    services:
      db: {command: exec sleep 1000, stop_grace_period: 300ms}
      web:
        command: "echo $$NEXSOCK_REPLICA:$$PORT >> trace; exec sleep 1000"
        scale: 2
        ports: {http: auto}
        stop_grace_period: 300ms
"""


@pytest.fixture
def road(project):
    made = project(WEB)
    made.up()
    return made


def running(road):
    return {name: pid for name, pid in road.pids().items() if pid is not None}


def test_each_has_its_number_and_its_port(road):
    ports = {name: found["ports"]["http"] for name, found in road.services().items() if name != "db"}
    road.wait_until(lambda: len(road.words()) == 2, "both have said who they are")
    assert sorted(road.words()) == [f"1:{ports['web-1']}", f"2:{ports['web-2']}"]
    assert ports["web-1"] != ports["web-2"]


def test_the_name_in_the_file_means_all_of_them(road):
    road.done("stop", "web")
    assert list(running(road)) == ["db"]
    road.done("start", "web")
    assert {name for name, found in road.services().items() if found["phase"] == "running"} == {"db", "web-1", "web-2"}
    assert len(road.done("logs", "web").splitlines()) == 4


def test_a_chosen_number_holds_until_down_and_touches_no_other_instance(road):
    before = running(road)
    road.up("--scale", "web=3")
    more = running(road)
    assert (more.keys() - before.keys(), more | before) == ({"web-3"}, more)
    assert road.json("up", "-d")["changes"] == 0
    road.edit(WEB + "  # an edit\n")
    assert road.json("plan")["changes"] == 0
    steps = road.json("plan", "--scale", "web=1")["steps"]
    assert [(step["service"], step["reason"]) for step in steps] == [
        ("web-3", "web is scaled to 1"),
        ("web-2", "web is scaled to 1"),
    ]
    road.up("--scale", "web=1")
    assert running(road) == {name: before[name] for name in ("db", "web-1")}
    road.done("down")
    road.up()
    assert running(road).keys() == {"db", "web-1", "web-2"}


def test_what_cannot_be_scaled_is_explained(road):
    ended = road.run("up", "-d", "--scale", "wbe=3")
    assert (ended.exit, "did you mean 'web'?" in ended.err) == (1, True)
    road.edit(WEB.replace("auto", "8080"))
    ended = road.run("up", "-d")
    assert (ended.exit, "write 'auto', or remove 'scale'" in ended.err) == (2, True)


def test_commands_that_mean_one_service_take_the_first_instance_or_a_named_one(road):
    assert road.done("exec", "web", "--", "sh", "-c", "echo $NEXSOCK_REPLICA") == "1\n"
    assert road.done("exec", "web-2", "--", "sh", "-c", "echo $NEXSOCK_REPLICA") == "2\n"
    status = road.json("status", "web")
    assert (status["name"], status["phase"], len(status["history"])) == ("web-1", "running", 1)
