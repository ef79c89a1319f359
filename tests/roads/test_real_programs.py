"""The databases and the server of Debian's packages, kept as the recipes say: ready, reloaded, stopped."""

import os
import shutil
import socket
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import files_of

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))[-1:]
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that other users may enter, because PostgreSQL does not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="nx-real-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def recipe(project):
    """`recipe(section)`: a road with the files of a recipe; the override for root only where we are."""

    def make(section: str):
        files = files_of("recipes.md")[section]
        road = project(files.pop("nexsock.yaml"))
        for name, text in files.items():
            if AS_ROOT or name != "nexsock.override.yaml":
                road.edit(text, name)
        return road

    return make


def url(road, service: str) -> str:
    return road.done("url", service).strip()


def get(address: str) -> str:
    with urllib.request.urlopen(address) as answer:
        return answer.read().decode()


@pytest.mark.skipif(not POSTGRES, reason="PostgreSQL is not installed")
def test_postgresql_is_ready_when_it_answers_reloads_and_stops_fast(recipe):
    road = recipe("PostgreSQL")
    road.environ["PG_VERSION"] = POSTGRES[0].parts[-3]

    def ask(question: str) -> str:
        command = f'psql "$DATABASE_URL" --no-psqlrc --tuples-only --no-align --command="{question}"'
        return road.done("exec", "app", "--", "sh", "-c", command).strip()

    road.up("--watch")
    assert road.phases() == {"cluster": "completed", "db": "ready", "app": "running"}
    assert ask("select 6 * 7") == "42"

    pid, settings = road.pid("db"), road.folder / "data" / "postgres" / "postgresql.conf"
    with settings.open("a") as file:
        file.write("work_mem = '7MB'\n")
    road.wait_until(lambda: ask("show work_mem") == "7MB", "the changed setting is in use")
    assert road.pid("db") == pid

    with socket.create_connection(("127.0.0.1", int(road.done("port", "db")))):  # a client that does not leave
        road.done("stop", "db")
    assert b"received fast shutdown request" in road.log("db")
    assert (road.service("db")["exit_code"], road.processes("db")) == (0, [])
    road.done("start", "db")
    assert ask("show work_mem") == "7MB"


@pytest.mark.skipif(not shutil.which("redis-server"), reason="Redis is not installed")
def test_redis_is_ready_when_it_answers_and_keeps_what_was_written(recipe):
    road = recipe("Redis")

    def ask(*words: str) -> str:
        return road.done("exec", "cache", "--", "redis-cli", "-p", road.done("port", "cache").strip(), *words).strip()

    road.up()
    assert road.service("cache")["health"] == "healthy"
    assert ask("set", "greeting", "hello") == "OK"
    before, port = road.pid("cache"), road.done("port", "cache")
    road.done("restart", "cache")
    assert road.pid("cache") != before
    assert road.done("port", "cache") == port
    assert ask("get", "greeting") == "hello"
    road.done("stop", "cache")
    assert b"bye bye" in road.log("cache")
    assert (road.service("cache")["exit_code"], road.processes("cache")) == (0, [])


@pytest.mark.skipif(not shutil.which("nginx", path="/usr/sbin:/usr/bin"), reason="nginx is not installed")
def test_nginx_is_ready_when_it_answers_reloads_without_a_restart_and_finishes(recipe):
    road = recipe("nginx")
    road.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    road.up("--watch")
    assert get(url(road, "front")) == "hello\n"

    pid, settings = road.pid("front"), road.folder / "nginx.conf"
    settings.write_text(settings.read_text().replace("hello", "goodbye"))
    road.wait_until(lambda: get(url(road, "front")) == "goodbye\n", "the changed page is served")
    assert road.pid("front") == pid

    settings.write_text(settings.read_text().replace("http {", "http { nonsense;"))
    road.wait_until(lambda: b"unknown directive" in road.log("front"), "nginx has refused the broken file")
    assert get(url(road, "front")) == "goodbye\n"

    road.done("stop", "front")
    assert (road.service("front")["exit_code"], road.processes("front")) == (0, [])
