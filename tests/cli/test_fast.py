import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexsock.cli import fast
from nexsock.model.event import Event
from nexsock.model.log import LogLine
from nexsock.model.status import Outcome, ProjectInfo, ProjectStatus, ServiceDetail, ServiceStatus
from nexsock.protocol import api, conversation
from nexsock.protocol.api import Progress, Rendered, RenderRequest, ServicesRequest
from nexsock.protocol.daemon_side import DaemonSide
from nexsock.views import hot, logs

NOW = 1_795_428_000.0
API = ServiceStatus(name="api", phase="ready", ready=True, health="healthy", pid=12, ports={"http": 80}, uptime_s=61.0)
SHOP = ProjectStatus(
    project=ProjectInfo(name="shop", dir="/shop", id="shop-1"),
    services=(API, ServiceStatus(name="wörker", phase="backoff", ready=False, reason="exited with 3")),
)
DETAIL = ServiceDetail(service=API, command="serve", working_dir="/shop")
DONE = Outcome(ok=True, services=(API,), took_s=0.25, changes=1)
STARTED = Event(at=NOW, seq=1, project="shop-1", kind="phase", service="api", phase="starting", reason="not running")
PROGRESS = [Progress(event=STARTED), Progress(outcome=DONE)]
LINES = [LogLine(at=NOW, service="api", run=1, stream="stdout", text=f"line {number}") for number in range(3)]


class RenderingDaemon:
    """Answers `render` on a socket as the daemon does, through the real protocol and the shared views."""

    def __init__(self, path: str) -> None:
        self.requests: list[RenderRequest] = []
        self.gone = False
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        while True:
            client, _ = self.listener.accept()
            with client:
                if self.gone:
                    return
                self.converse(client)

    def converse(self, client: socket.socket) -> None:
        side = DaemonSide()
        while data := client.recv(65536):
            for happening in side.receive(data):
                match happening:
                    case conversation.Greeted(hello=hello):
                        client.sendall(side.welcome(hello, daemon="test", pid=1))
                    case conversation.Called(request_id=number, request=request):
                        self.requests.append(request)
                        for rendered in render(request):
                            client.sendall(side.item(number, rendered))
                        client.sendall(side.end(number))

    def close(self, path: str) -> None:
        self.gone = True
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:
            last.connect(path)
        self.thread.join()
        self.listener.close()


def render(request: RenderRequest) -> Iterator[Rendered]:
    look = hot.Look(request.json, request.colour, request.columns)
    match request.command:
        case "ps":
            shown = hot.render_ps(SHOP, look, everything=request.all, now=NOW)
        case "status":
            shown = hot.render_detail(DETAIL, look, now=NOW)
        case "logs":
            lines = logs.Lines(request.services or [service.name for service in SHOP.services], colour=look.colour)
            shown = hot.Shown("".join(hot.render_line(line, look, lines) for line in LINES))
        case _:
            drawing = hot.progress_of(look)
            yield Rendered(err=hot.render_event(STARTED, look, drawing) + drawing.end())
            shown = hot.render_outcome(DONE, look)
    yield Rendered(out=shown.out, err=shown.err, exit_status=shown.exit_status)


def listed(request: ServicesRequest) -> ProjectStatus:
    services = tuple(service for service in SHOP.services if not request.services or service.name in request.services)
    return ProjectStatus(project=SHOP.project, services=services)


@pytest.fixture
def daemon(shell) -> Iterator[RenderingDaemon]:
    folder = Path(shell.environ["NEXSOCK_HOME"]) / "run"
    folder.mkdir(parents=True)
    path = str(folder / "nexsockd.sock")
    running = RenderingDaemon(path)
    yield running
    running.close(path)


def launch(shell, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environ = {**shell.environ, "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(fast.__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-m", "nexsock", *arguments], cwd=shell.folder, env=environ, capture_output=True, timeout=60
    )


HOT = [
    ("ps",),
    ("ps", "-a"),
    ("ps", "--json"),
    ("--json", "ps"),
    ("status", "api"),
    ("status", "api", "--json"),
    ("start", "api"),
    ("stop", "api"),
    ("restart", "api", "--json"),
    ("logs",),
    ("logs", "api", "-n", "5"),
    ("logs", "--json"),
    ("up",),
    ("up", "api", "-d", "-w", "--no-deps"),
    ("up", "--json"),
    ("down",),
]


@pytest.mark.parametrize("arguments", HOT, ids=" ".join)
def test_the_short_way_and_the_long_way_print_the_same_bytes(shell, daemon, arguments):
    short = launch(shell, *arguments)
    streams = dict.fromkeys(("start_service", "stop_service", "restart_service", "up", "down"), PROGRESS)
    long = shell.answers(list_services=listed, service_status=DETAIL, logs=LINES, **streams).run(*arguments)
    assert daemon.requests != []
    assert (short.returncode, short.stdout.decode(), short.stderr.decode()) == long


def test_the_short_way_loads_nothing_that_it_does_not_need(shell, daemon):
    script = (
        "import sys, os; before = set(sys.modules); from nexsock.cli import fast; status = fast.attempt(['ps']);"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr); sys.exit(status)"
    )
    environ = {**shell.environ, "PYTHONPATH": str(Path(fast.__file__).parents[2])}
    ended = subprocess.run(
        [sys.executable, "-Sc", script], cwd=shell.folder, env=environ, capture_output=True, timeout=60
    )
    assert ended.returncode == 0
    loaded = set(ended.stderr.decode().split())
    assert loaded == {
        "_socket",
        "nexsock",
        "nexsock.cli",
        "nexsock.cli.fast",
        "nexsock.cli.surroundings",
        "nexsock.discovery",
        "nexsock.places",
        "nexsock.protocol",
        "nexsock.protocol.plain",
    }


def test_where_no_daemon_comes_up_the_short_way_does_nothing_and_leaves_it_to_the_long_one(shell, tmp_path):
    (tmp_path / "file").touch()
    script = "import sys; from nexsock.cli import fast; sys.exit(9 if fast.attempt(['ps']) is None else 1)"
    home = {"NEXSOCK_HOME": str(tmp_path / "file" / "home")}
    environ = {**shell.environ, **home, "PYTHONPATH": str(Path(fast.__file__).parents[2])}
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=shell.folder, env=environ, capture_output=True, timeout=60
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (9, b"", b"")


def test_completion_starts_no_daemon(shell):
    assert launch(shell, "__complete", "services").stdout == b""
    assert not (Path(shell.environ["NEXSOCK_HOME"]) / "run" / "start.lock").exists()


def test_what_the_short_way_cannot_is_done_the_long_way(shell):
    ended = launch(shell, "status")
    assert ended.returncode == 2
    assert b"missing argument" in ended.stderr


def test_service_names_are_completed_from_the_running_daemon(shell, daemon):
    assert launch(shell, "__complete", "services").stdout.decode() == "api\nwörker\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["up", "--timeout", "3s"],
        ["down", "--all"],
        ["ps", "web"],
        ["ps", "-w"],
        ["ps", "--all=1"],
        ["status"],
        ["status", "a", "b"],
        ["start"],
        ["start", "-h"],
        ["start", "web", "-t", "3"],
        ["logs", "-n"],
        ["logs", "-n", "all"],
        ["logs", "-n", "-1"],
        ["logs", "--since", "5m"],
        ["logs", "-f", "web"],
        ["logs", "web", "--follow"],
        ["--host", "ssh://x", "ps"],
        ["-v", "ps"],
        ["logs", "--", "x"],
        ["logs", "-n", "9" * 30],
        ["ps", ""],
    ],
    ids=" ".join,
)
def test_what_is_not_certainly_hot_is_left_to_the_full_command_line(arguments):
    assert fast.parse(arguments) is None


def test_options_with_values_are_understood_in_both_spellings():
    found = fast.parse(["--file=a.yaml", "-f", "b.yaml", "logs", "web", "-n", "5", "--project-name=shop"])
    assert found == {
        "command": "logs",
        "files": ["a.yaml", "b.yaml"],
        "services": ["web"],
        "lines": "5",
        "name": "shop",
    }


def test_the_request_has_the_fields_that_the_protocol_names(shell):
    found = fast.parse(["logs", "web", "-n", "5"])
    request = fast.rendering(found, shell.folder, {"COLUMNS": "120"}, True)
    assert set(request) == set(RenderRequest.__struct_fields__)
    assert (request["columns"], request["colour"], request["lines"]) == (120, True, 5)


def test_the_number_of_the_operation_is_that_of_the_table():
    assert api.BY_NUMBER[fast.RENDER].name == "render"


def test_variables_of_the_caller_go_along_only_where_something_starts(shell):
    environs = {
        command: fast.rendering(fast.parse([command, "web"]), shell.folder, {"A": "1"}, False)["project"]["environ"]
        for command in ("start", "stop", "restart", "status")
    }
    assert environs == {"start": {"A": "1"}, "stop": None, "restart": {"A": "1"}, "status": None}


def test_up_at_a_terminal_is_left_to_the_full_command_line(shell):
    found = fast.parse(["up", "-d"])
    assert fast.rendering(found, shell.folder, {}, True) is None
    assert fast.rendering(found, shell.folder, {}, False) is not None


def test_a_conversation_that_breaks_off_before_anything_was_said_is_no_result():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.shutdown(socket.SHUT_WR)
        assert fast.copy(ours, lambda _descriptor, _data: None) is None


def test_a_conversation_that_breaks_off_later_is_told():
    from nexsock.protocol import plain

    written: list[tuple[int, bytes]] = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(plain.frame(plain.OUT, payload=b"half"))
        theirs.shutdown(socket.SHUT_WR)
        assert fast.copy(ours, lambda descriptor, data: written.append((descriptor, data))) == 3
    assert written == [(1, b"half"), (2, b"error: the daemon ended the conversation\n")]


def test_the_launcher_is_a_plain_script_that_loads_only_the_short_way():
    launcher = Path(fast.__file__).with_name("launcher.py")
    assert launcher.read_text().startswith("#!python\n")
    assert [line for line in launcher.read_text().splitlines() if "import" in line] == [
        "import sys",
        "from nexsock.cli import fast",
    ]


def test_json_of_the_short_way_is_one_document(shell, daemon):
    assert json.loads(launch(shell, "ps", "--json").stdout)["version"] == 1
