import json

import pytest

from nexsock.errors import NotFound
from nexsock.model.event import Event
from nexsock.model.log import LogLine
from nexsock.model.status import ProjectInfo, ProjectStatus, ServiceStatus

SHOP = ProjectStatus(
    project=ProjectInfo(name="shop", dir="/shop", id="shop-1"),
    services=tuple(ServiceStatus(name=name, phase="running", ready=True) for name in ("api", "worker")),
)
NOW = 1_795_428_000.0
LINES = [
    LogLine(at=NOW, service="api", run=1, stream="stdout", text="listening"),
    LogLine(at=NOW + 1, service="worker", run=1, stream="stderr", text="\x1b[31mboom\x1b[0m"),
]


def test_logs_of_all_services_are_aligned_and_without_colour_in_a_pipe(shell):
    ended = shell.answers(list_services=SHOP, logs=LINES).run("logs")
    assert ended == (0, "api    | listening\nworker | boom\n", "")


def test_a_line_can_be_had_without_its_name_and_with_its_time(shell):
    ended = shell.answers(list_services=SHOP, logs=LINES[:1]).run("logs", "api", "--no-prefix", "--timestamps")
    assert ended.out == "2026-11-23T10:00:00.000Z listening\n"


def test_an_unknown_service_is_an_error_before_any_line(shell, failing):
    ended = shell.answers(list_services=failing(NotFound("there is no service 'apx'"))).run("logs", "apx")
    assert ended == (1, "", "error: there is no service 'apx'\n")


def test_logs_with_json_are_one_document_a_line_with_the_text_as_it_was(shell):
    ended = shell.answers(list_services=SHOP, logs=LINES).run("logs", "--json")
    assert [json.loads(line)["text"] for line in ended.out.splitlines()] == ["listening", "\x1b[31mboom\x1b[0m"]
    assert json.loads(ended.out.splitlines()[0])["at"] == "2026-11-23T10:00:00.000Z"


def test_the_question_is_sent_as_asked(shell):
    shell.answers(list_services=SHOP, logs=[]).run(
        "logs",
        "api",
        "-f",
        "-n",
        "20",
        "--since",
        "5m",
        "--until",
        "2026-11-23T09:59:00",
        "--grep",
        "er+or",
        "--run",
        "-1",
    )
    (request,) = shell.daemon.requests("logs")
    query = request.query
    assert request.follow
    assert (query.services, query.last_lines, query.since, query.until, query.grep, query.run) == (
        ("api",), 20, NOW - 300, NOW - 60, "er+or", -1,
    )  # fmt: skip


def test_all_lines_can_be_asked_for_by_name(shell):
    shell.answers(list_services=SHOP, logs=[]).run("logs", "api", "-n", "all")
    assert shell.daemon.requests("logs")[0].query.last_lines is None


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (("-n", "some"), "error: -n: 'some' is no number of lines"),
        (("--since", "yesterday"), "error: --since: 'yesterday' is no time"),
        (("--grep", "("), "error: --grep: '(' is no regular expression"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(shell, arguments, begins):
    ended = shell.run("logs", "api", *arguments)
    assert ended.status == 2
    assert ended.err.startswith(begins)


def test_interrupted_following_ends_with_130(shell):
    ended = shell.answers(list_services=SHOP, logs=[LINES[0], KeyboardInterrupt()]).run("logs", "api", "-f")
    assert (ended.status, ended.out) == (130, "api    | listening\n")


def test_events_are_lines_or_documents(shell):
    event = Event(at=NOW, seq=4, project="shop", kind="phase", service="api", phase="ready", reason="healthy")
    shell.answers(events=[event])
    assert shell.run("events").out == "10:00:00.000  api           ready: healthy\n"
    document = json.loads(shell.run("events", "--json", "-f", "--since", "1h").out)
    assert (document["at"], document["kind"], document["service"]) == ("2026-11-23T10:00:00.000Z", "phase", "api")
    assert shell.daemon.requests("events")[1].since == NOW - 3600
