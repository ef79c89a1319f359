"""`nexsock web` for real: a browser's way in, a daemon that goes and comes back, and an end that leaves nothing."""

import os
import re
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.roads.home import LIMIT_S, Running
from tests.roads.road import Road

SERVICES = """
    services:
      web: {command: exec sleep 1000}
"""


class Web:
    """A running `nexsock web`."""

    def __init__(self, road: Road) -> None:
        self.running: Running = road.begin("web", "--port", "0")
        out = self.running.process.stdout
        assert out is not None
        self.said = [out.readline() for _ in range(4)]
        self.link = re.search(r"http://127\.0\.0\.1:\d+/enter/\S+", self.said[1])[0]
        self.port = int(re.search(r":(\d+)/", self.link)[1])
        self.origin = f"http://127.0.0.1:{self.port}"
        self.token_file = Path(re.search(r"(\S+)$", self.said[3])[1])

    def program(self) -> httpx.Client:
        token = self.token_file.read_text().strip()
        return httpx.Client(base_url=self.origin, timeout=LIMIT_S, headers={"authorization": f"Bearer {token}"})

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.origin, timeout=LIMIT_S, headers={"accept": "text/html"})


@pytest.fixture
def road(project: Any) -> Road:
    """A project that is up."""
    found = project(SERVICES)
    found.up()
    return found


def names(events: Iterator[str]) -> Iterator[str]:
    """The names of events of a stream."""
    return (line.removeprefix("event: ") for line in events if line.startswith("event: "))


def test_a_browser_signs_in_by_the_link_and_restarts_a_service(road):
    web = Web(road)
    assert stat.S_IMODE(web.token_file.stat().st_mode) == 0o600
    before = road.pid("web")
    with web.browser() as browser:
        assert browser.get("/services").status_code == 401
        assert browser.get(web.link).headers["location"] == "/"
        page = browser.get("/services")
        assert page.status_code == 200
        csrf = re.search(r'name="csrf" value="(\w+)"', page.text)[1]
        sent = browser.post("/services/web/restart", data={"csrf": csrf}, headers={"origin": web.origin})
        assert sent.headers["location"] == "/services/web"
    road.wait_until(lambda: road.service("web").get("pid") not in (None, before), "the service has another process")


def test_pages_outlive_the_daemon_and_the_end_is_clean(road):
    web = Web(road)
    with web.program() as program, program.stream("GET", "/api/events/follow") as stream:
        told = names(stream.iter_lines())
        assert next(told) == "hello"
        program.post("/api/services/web/restart")
        assert next(told) in ("plan", "phase", "wanted")
        road.done("daemon", "stop")
        assert "away" in told
        assert program.get("/api/services").status_code == 502
        road.done("daemon", "start")
        assert "back" in told
        assert program.get("/api/services").json()["services"][0]["phase"] == "running"
        web.running.process.send_signal(signal.SIGTERM)
        assert not [name for name in told if name == "problem"]
    ended = web.running.end()
    assert (ended.exit, ended.err) == (0, "")
    assert not web.token_file.exists()


def test_a_plan_is_carried_out_as_it_was_looked_at_or_not_at_all(project):
    road = project("services: {web: {command: exec sleep 1000}}")
    web = Web(road)
    with web.program() as program:
        first = program.get("/api/plan").json()
        assert program.post("/api/plan/apply", json={"digest": first["digest"]}).status_code == 200
        before = road.pid("web")
        road.edit("services: {web: {command: exec sleep 1001}}")
        seen = program.get("/api/plan").json()["digest"]
        road.edit("services: {web: {command: exec sleep 1001}, other: {command: exec sleep 1002}}")
        refused = program.post("/api/plan/apply", json={"digest": seen})
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert (road.pid("web"), road.processes("other")) == (before, [])
        now = program.get("/api/plan").json()
        assert program.post("/api/plan/apply", json={"digest": now["digest"]}).status_code == 200
    assert (road.phase("web"), road.phase("other")) == ("running", "running")
    assert road.pid("web") != before


HOSTILE = {
    "two hosts": b"GET /api/services HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nHost: evil\r\n\r\n",
    "no host": b"GET /api/services HTTP/1.0\r\n\r\n",
    "two lengths": b"POST /api/down HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length and pieces": b"POST /api/down HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a header over two lines": b"GET /api/services HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX: a\r\n\tb\r\n\r\n",
    "a header with a zero": b"GET /api/services HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX: a\0b\r\n\r\n",
    "an address in the request": b"GET http://evil/api/services HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n",
    "a tunnel": b"CONNECT evil:80 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n",
    "headers without an end": b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX: " + b"x" * 100_000,
    "bytes that are no request": os.urandom(200) + b"\r\n\r\n",
}


def test_the_server_itself_takes_no_request_that_is_written_oddly(road):
    web = Web(road)
    answers = {}
    for name, text in HOSTILE.items():
        with socket.create_connection(("127.0.0.1", web.port), timeout=LIMIT_S) as connection:
            connection.sendall(text.replace(b"%d", str(web.port).encode()))
            try:
                answers[name] = connection.recv(12)
            except ConnectionResetError:
                answers[name] = b""
    assert {name: said for name, said in answers.items() if said and not said.startswith(b"HTTP/1.1 4")} == {}
    with web.program() as program:
        assert program.get("/api/services").status_code == 200


def test_a_port_that_is_taken_is_said_to_be(road):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = road.run("web", "--port", str(port))
    assert (ended.exit, ended.err.startswith(f"error: port {port} is taken")) == (1, True)
