"""The plugins in plugins/ in a real daemon, one project in which all of them have something to do."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
STACK = """
    services:
      db:
        command: exec sleep 1000
        ports: {sql: auto}
      web:
        command: echo "url is $$DATABASE_URL"; exec sleep 1000
        depends_on: [db]
      sick:
        command: exec sleep 1000
        profiles: [sick]
        healthcheck:
          {test: "echo no answer; false", interval: 50ms, retries: 1, start_period: 0s, on_unhealthy: restart}
"""


@pytest.fixture
def messages() -> Iterator[tuple[str, list[str]]]:
    """The address of a webhook, and the texts that have come."""
    texts: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", texts
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop(home, project, messages):
    for kind in ("native", "lua"):
        folder = home.folder / "config" / "plugins" / kind
        folder.mkdir(parents=True, mode=0o700)
        for path in (PLUGINS / kind).glob("*.*"):
            (folder / path.name).write_text(path.read_text())
            (folder / path.name).chmod(0o600)
    home.environ["NEXSOCK_NOTIFY_WEBHOOK"] = messages[0]
    return project(STACK)


def test_the_samples_refuse_change_and_tell(shop, messages):
    (shop.folder / ".env.example").write_text("KEY=\n")
    refused = shop.run("up", "-d")
    told = "plugin 'require-env' says no: .env lacks KEY: copy the lines from .env.example and fill them in"
    assert (refused.exit, told in refused.err, shop.processes()) == (4, True, [])
    (shop.folder / ".env").write_text("KEY=1\n")
    shop.up()
    port = shop.service("db")["ports"]["sql"]
    url = f"url is postgres://postgres@127.0.0.1:{port}/postgres".encode()
    shop.wait_until(lambda: url in shop.log("web"), "web is given the address of the database")
    shop.done("kill", "web")
    shop.wait_until(lambda: "shop: web ended by SIGKILL" in messages[1], "a message tells of the end of web")
    shop.begin("up", "sick")
    sick = "shop: sick was unhealthy and is started again: 1 probe failed: no answer"
    shop.wait_until(lambda: sick in messages[1], "a message tells that sick is unhealthy")
    assert shop.json("plugin", "list")["plugins"][0].get("last_fault") is None
