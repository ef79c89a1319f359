import json

import pytest

from nexsock.model.event import Event
from nexsock.model.status import (
    Because,
    Graph,
    GraphEdge,
    GraphNode,
    ProjectInfo,
    ProjectStatus,
    ProjectSummary,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceStatus,
    Timing,
    Timings,
    Why,
)

WEB = ServiceStatus(name="web", phase="ready", ready=True, pid=12, ports={"http": 8080, "admin": 9090}, uptime_s=61.0)
SHOP = ProjectStatus(project=ProjectInfo(name="shop", dir="/shop", id="shop-1"), services=(WEB,))
DETAIL = ServiceDetail(service=WEB, command="serve", working_dir="/shop")
GRAPH = Graph(
    nodes=(GraphNode(name="db", phase="ready"), GraphNode(name="web", phase="ready")),
    edges=(GraphEdge(from_="web", to="db", condition="healthy"),),
    order=(("db",), ("web",)),
)


def test_ps_is_a_table(shell):
    ended = shell.answers(list_services=SHOP).run("ps")
    assert ended.out == (
        "NAME  STATE  HEALTH  PID  PORTS                  UPTIME  RESTARTS\n"
        "web   ready  -       12   http:8080, admin:9090  1m 1s   0\n"
    )


def test_ps_draws_symbols_on_a_terminal(shell):
    assert "● ready" in shell.answers(list_services=SHOP).run("ps", terminal=True, columns=100).out


def test_ps_watch_shows_the_table_again_after_each_event(shell):
    event = Event(at=1.0, seq=1, project="shop", kind="phase")
    ended = shell.answers(list_services=SHOP, events=[event, event]).run("ps", "-w", "--json")
    assert [json.loads(line)["version"] for line in ended.out.splitlines()] == [1, 1, 1]


@pytest.mark.parametrize(("given", "runs"), [((), (None, None)), (("3",), (3, None)), (("-1", "0"), (-1, 0))])
def test_diff_asks_for_runs_by_number_or_from_the_last(shell, given, runs):
    found = RunDiff(service="web", old=RunStatus(run=1, cause="a"), new=RunStatus(run=2, cause="b"))
    assert shell.answers(diff=found).run("diff", "web", *given).status == 0
    (asked,) = shell.daemon.requests("diff")
    assert (asked.service, asked.first, asked.second) == ("web", *runs)


def test_diff_refuses_what_is_no_number(shell):
    ended = shell.run("diff", "web", "--last")
    assert (ended.status, "'--last' is no number of a run" in ended.err) == (2, True)


def test_a_service_without_a_history_is_said_to_have_none(shell):
    assert shell.answers(history=()).run("history", "web").out == "web has never been started\n"


def test_timings_tell_held_starting_ready_and_the_critical_path(shell):
    web = Timing(name="web", held_s=1.0, starting_s=0.5, ready_at_s=1.5, on_critical_path=True)
    found = Timings(services=(web,), critical_path=("web",), total_s=1.5, up_at=1.0)
    told = json.loads(shell.answers(timings=found).run("timings", "--json").out)
    assert (told["critical_path"], told["total_s"], told["services"][0]["ready_at_s"]) == (["web"], 1.5, 1.5)


def test_status_asks_for_the_one_service(shell):
    ended = shell.answers(service_status=DETAIL).run("status", "web")
    assert ended.out.startswith("web  ready\n  command    serve\n")
    assert shell.daemon.requests("service_status")[0].service == "web"


def test_status_with_json_has_the_keys_of_ps_and_of_the_page_on_one_level(shell):
    document = json.loads(shell.answers(service_status=DETAIL).run("status", "web", "--json").out)
    assert (document["name"], document["phase"], document["command"]) == ("web", "ready", "serve")


def test_why_tells_the_chain(shell):
    found = Why(service="web", phase="blocked", chain=(Because(service="web", because="waits for db"),))
    assert shell.answers(why=found).run("why", "web").out == "web is blocked\n└─ web: waits for db\n"


def test_history_is_a_table_of_runs(shell):
    runs = (RunStatus(run=1, cause="by hand"),)
    assert "by hand" in shell.answers(history=runs).run("history", "web").out
    document = json.loads(shell.run("history", "web", "--json").out)
    assert document["runs"][0]["run"] == 1


@pytest.mark.parametrize(
    ("form", "begins"),
    [("text", "web"), ("dot", "digraph"), ("mermaid", "flowchart"), ("svg", "<svg"), ("json", "{")],
)
def test_graph_has_every_format(shell, form, begins):
    assert shell.answers(graph=GRAPH).run("graph", "--format", form).out.startswith(begins)


def test_graph_as_json_names_both_ends_of_an_edge(shell):
    document = json.loads(shell.answers(graph=GRAPH).run("graph", "--json").out)
    assert document["edges"] == [{"from": "web", "to": "db", "condition": "healthy", "tunnel": False}]
    assert document["order"] == [["db"], ["web"]]


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (("port", "web"), "8080\n"),
        (("port", "web", "admin"), "9090\n"),
        (("url", "web"), "http://127.0.0.1:8080\n"),
        (("url", "web", "admin"), "http://127.0.0.1:9090\n"),
    ],
)
def test_port_and_url_print_nothing_but_the_answer(shell, arguments, out):
    assert shell.answers(service_status=DETAIL).run(*arguments).out == out


def test_an_unknown_port_names_those_that_there_are(shell):
    ended = shell.answers(service_status=DETAIL).run("port", "web", "metrics")
    assert ended == (1, "", "error: service 'web' has no port 'metrics'; it has http, admin\n")


def test_ls_lists_projects_with_their_folders(shell):
    projects = (ProjectSummary(id="shop-1", name="shop", dir="/shop", services=3, running=2, failed=1, watching=True),)
    assert shell.answers(list_projects=projects).run("ls").out == (
        "NAME  BRANCH  RUNNING  STATE               FOLDER\nshop  -       2/3      1 failed, watching  /shop\n"
    )


def test_ls_without_projects_says_how_to_get_one(shell):
    assert "'nexsock up'" in shell.answers(list_projects=()).run("ls").out


def test_looking_sends_no_variables_of_the_caller(shell):
    shell.answers(list_services=SHOP).run("ps")
    assert shell.daemon.requests("list_services")[0].project.environ is None


def test_a_known_project_is_named_from_anywhere(shell, tmp_path):
    (tmp_path / "nexsock.yaml").unlink()
    shell.answers(list_services=SHOP).run("-p", "shop", "ps")
    project = shell.daemon.requests("list_services")[0].project
    assert (project.name, project.files, project.directory) == ("shop", (), "")
