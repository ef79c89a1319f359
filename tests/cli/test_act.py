import json

import pytest

from nexsock.model.status import Outcome, ProjectInfo, ProjectStatus, ServiceStatus
from nexsock.protocol.api import Progress, WaitTarget

WEB = ServiceStatus(name="web", phase="running", ready=True)
DONE = [Progress(outcome=Outcome(ok=True, services=(WEB,), took_s=0.25, changes=1))]
SHOP = ProjectStatus(project=ProjectInfo(name="shop", dir="/shop", id="shop-1"), services=(WEB,))


@pytest.mark.parametrize("command", ["start", "stop", "restart"])
def test_a_service_is_acted_on_by_name(shell, command):
    ended = shell.answers(**{f"{command}_service": DONE}).run(command, "web")
    assert ended == (0, "web  running\n1 service: 1 running (250ms)\n", "")
    assert shell.daemon.requests(f"{command}_service")[0].services == ("web",)


@pytest.mark.parametrize("command", ["start", "stop", "restart", "kill", "wait", "status", "why"])
def test_a_missing_name_is_a_usage_error(shell, command):
    ended = shell.run(command)
    assert ended.status == 2
    assert "missing argument" in ended.err


def test_start_takes_variables_for_this_run(shell):
    shell.answers(start_service=DONE).run("start", "web", "-e", "A=1", "--env", "B=x=y")
    assert shell.daemon.requests("start_service")[0].environment == {"A": "1", "B": "x=y"}


def test_a_variable_without_value_is_refused(shell):
    assert shell.run("start", "web", "-e", "A").err.startswith("error: --env: 'A' has no value")


def test_stop_takes_the_time_that_it_gives(shell):
    shell.answers(stop_service=DONE).run("stop", "web", "-t", "3")
    assert shell.daemon.requests("stop_service")[0].timeout_s == 3.0


@pytest.mark.parametrize("text", ["HUP", "SIGHUP", "hup", "1"])
def test_a_signal_is_understood_however_it_is_written(shell, text):
    ended = shell.answers(kill=SHOP).run("kill", "-s", text, "web")
    assert ended.out == "Sent SIGHUP to web\n"
    assert shell.daemon.requests("kill")[0].signal == "SIGHUP"


def test_kill_sends_sigkill_by_default(shell):
    shell.answers(kill=SHOP).run("kill", "web")
    assert shell.daemon.requests("kill")[0].signal == "SIGKILL"


@pytest.mark.parametrize("text", ["FOO", "99", "0"])
def test_an_unknown_signal_is_refused_before_anything_is_sent(shell, text):
    ended = shell.run("kill", "-s", text, "web")
    assert (ended.status, shell.daemon.asked) == (2, [])


def test_wait_understands_conditions_and_composes_names(shell):
    shell.answers(wait=DONE).run("wait", "web", "db:healthy", "migrate:service_completed_successfully")
    assert shell.daemon.requests("wait")[0].targets == (
        WaitTarget(service="web"),
        WaitTarget(service="db", condition="healthy"),
        WaitTarget(service="migrate", condition="completed_successfully"),
    )


def test_an_unknown_condition_names_the_known_ones(shell):
    ended = shell.run("wait", "web:alive")
    assert ended.status == 2
    assert "use started, healthy" in ended.err


def test_the_outcome_is_a_document_with_json(shell):
    document = json.loads(shell.answers(start_service=DONE).run("start", "web", "--json").out)
    assert document["services"][0]["name"] == "web"
