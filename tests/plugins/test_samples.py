"""The plugins in plugins/ do what they say, asked as the daemon asks them."""

import asyncio
import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from nexsock.hooks import PostStop
from nexsock.model.plugin import Denial, PluginChange
from tests.plugins.conftest import EXIT, START, UP

PLUGINS = Path(__file__).parents[2] / "plugins"
SAMPLES = [*PLUGINS.glob("native/*.py"), *PLUGINS.glob("lua/*.lua")]


@pytest.fixture
def sample(folder):
    """`sample("native/gate.py")`: use this one."""
    return lambda name: folder.write(name, (PLUGINS / name).read_text())


class Webhook:
    """A server that remembers what is posted to it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.came = threading.Semaphore(0)
        remember = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                remember.texts.append(json.loads(body)["text"])
                self.send_response(200)
                self.end_headers()
                remember.came.release()

            def log_message(self, *_arguments: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
async def test_a_sample_is_used_and_described(path, sample, host):
    sample(f"{path.parent.name}/{path.name}")
    (status,) = host.statuses()
    assert status.state == "loaded", status.reason
    assert f"({path.parent.name}/{path.name})" in (PLUGINS / "README.md").read_text()


# -- require_env


@pytest.mark.parametrize(
    ("example", "env", "missing"),
    [
        ("A=1\nB=2\n", "A=\nexport B = x\n", ""),
        ("A=1\nB=2\nC=3\n", "B=2\n", "A, C"),
        ("# A=1\n", "", ""),
        ("A='\nB=2\n'\n", 'A="\nC=\\"\nD=1"\n', ""),
        ("A=1", None, "A"),
        (None, None, ""),
    ],
)
async def test_a_start_needs_all_variables_of_the_example(example, env, missing, sample, host, tmp_path):
    for name, text in ((".env.example", example), (".env", env)):
        if text is not None:
            (tmp_path / name).write_text(text)
    sample("native/require_env.py")
    denied = await host.pre_command(replace(UP, directory=str(tmp_path)))
    reason = f".env lacks {missing}: copy the lines from .env.example and fill them in"
    assert denied == (Denial(plugin="require-env", reason=reason) if missing else None)


async def test_what_starts_nothing_needs_no_variables(sample, host, tmp_path):
    (tmp_path / ".env.example").write_text("A=1")
    sample("native/require_env.py")
    assert await host.pre_command(replace(UP, command="down", directory=str(tmp_path))) is None


# -- notify_failures


async def test_a_failure_is_told_once_a_minute_and_only_where_nobody_expected_it(
    sample, make_host, webhook, monkeypatch, tmp_path
):
    monkeypatch.setenv("NEXSOCK_NOTIFY_WEBHOOK", webhook.url)
    monkeypatch.setenv("PATH", str(tmp_path))  # no notify-send
    sample("native/notify_failures.py")
    host = make_host()
    for event in (
        replace(EXIT, service="told", expected=True),
        replace(EXIT, reason="exited with 1"),
        replace(EXIT, reason="exited with 1"),
        PostStop(project="shop", directory="/shop", service="api", run=1, reason="no answer", unhealthy=True),
        PostStop(project="shop", directory="/shop", service="db", run=1, reason="stop was asked for"),
    ):
        host.tell(event)
    await host.settled()
    assert [webhook.came.acquire(timeout=60) for _ in range(2)] == [True, True]
    assert webhook.texts == ["shop: web exited with 1", "shop: api was unhealthy and is started again: no answer"]


async def test_a_failure_is_told_on_the_desktop(sample, make_host, monkeypatch, tmp_path):
    said, bin_dir = tmp_path / "said", tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "notify-send").write_text(f'#!/bin/sh\necho "$@" > {said}.new && mv {said}.new {said}\n')
    (bin_dir / "notify-send").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_dir}:{os.environ['PATH']}")
    monkeypatch.delenv("NEXSOCK_NOTIFY_WEBHOOK", raising=False)
    sample("native/notify_failures.py")
    host = make_host()
    host.tell(replace(EXIT, reason="exited with 1"))
    async with asyncio.timeout(60):
        while not said.exists():
            await asyncio.sleep(0.01)
    assert said.read_text() == "--app-name=nexsock nexsock shop: web exited with 1\n"


# -- database_url


@pytest.mark.parametrize(
    ("services", "environment", "url"),
    [
        ([{"name": "db", "ports": {"default": 5433}}], {}, "postgres://postgres@127.0.0.1:5433/postgres"),
        (
            [{"name": "web", "ports": {"http": 1}}, {"name": "postgres", "ports": {"sql": 5433}}],
            {"PGUSER": "ada", "PGPASSWORD": "p@ss/ä", "PGDATABASE": "shop"},
            "postgres://ada:p%40ss%2F%C3%A4@127.0.0.1:5433/shop",
        ),
        ([{"name": "mariadb", "ports": {"x": 3306}}], {"MYSQL_DATABASE": "shop"}, "mysql://root@127.0.0.1:3306/shop"),
        ([{"name": "db", "ports": {"x": 1}}], {"DATABASE_URL": "mine"}, None),
        ([{"name": "db", "ports": {}}], {}, None),
        ([{"name": "web", "ports": {"x": 1}}], {}, None),
    ],
)
async def test_a_service_gets_the_address_of_the_database(services, environment, url, sample, make_host):
    sample("lua/database_url.lua")
    host = make_host(survey=lambda _directory: services)
    verdict = await host.pre_start(replace(START, environment=environment))
    expected = [PluginChange(plugin="database-url", field="environment.DATABASE_URL", old=None, new=url)] if url else []
    assert ([*verdict.changes], host.statuses()[0].last_fault) == (expected, "")


async def test_the_database_itself_gets_no_address(sample, make_host):
    sample("lua/database_url.lua")
    host = make_host(survey=lambda _directory: [{"name": "db", "ports": {"sql": 1}}])
    assert (await host.pre_start(replace(START, service="db"))).changes == ()
