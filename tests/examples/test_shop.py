"""The example, run for real: the command line, the daemon, and the shop's own programs."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
ACTIVE = ["migrate", "api", "worker", "web"]
LIMIT_S = 60


class Shop:
    """The example in a folder of the test, on the ports that nexsock chooses for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables: dict[str, str] = {}

    @property
    def api_port(self) -> int:
        return int(self.nexsock("port", "api"))

    @property
    def web_port(self) -> int:
        return int(self.nexsock("port", "web"))

    def nexsock(self, *arguments: str, status: int = 0) -> str:
        """What a command prints; the test fails when it does not end with `status`."""
        ended = subprocess.run(
            [sys.executable, "-m", "nexsock", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert ended.returncode == status, f"nexsock {' '.join(arguments)}:\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def services(self, *options: str) -> dict[str, dict[str, Any]]:
        """The lines of `ps --json` by the name of the service."""
        listed = json.loads(self.nexsock("--json", "ps", *options))
        return {service["name"]: service for service in listed["services"]}

    def service(self, name: str) -> dict[str, Any]:
        return self.services()[name]

    def pids(self) -> dict[str, int | None]:
        return {name: service.get("pid") for name, service in self.services().items()}

    def ask(self, path: str, body: dict[str, int] | None = None, *, port: int | None = None) -> Any:
        """What the API (or what listens on `port`) answers: GET, or POST with a body."""
        url = f"http://127.0.0.1:{port or self.api_port}{path}"
        request = Request(url, json.dumps(body).encode() if body else None)
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def append(self, name: str, text: str) -> None:
        with (self.folder / name).open("a") as file:
            file.write(text)

    def replace(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def clone(tmp_path: Path, nexsock_home: Path) -> Iterator[Callable[[str], Shop]]:
    """`clone(name)`: the shop in a folder of its own; whatever was brought up is brought down after the test."""
    ignored = shutil.ignore_patterns(".shop", "__pycache__")
    shops: list[Shop] = []

    def make(name: str) -> Shop:
        shops.append(Shop(Path(shutil.copytree(EXAMPLES, tmp_path / name, ignore=ignored))))
        return shops[-1]

    yield make
    for shop in shops:
        shop.nexsock("--profile", "load", "down", "-t", "1")


@pytest.fixture
def closed_shop(clone: Callable[[str], Shop]) -> Shop:
    """The shop before its first `up`."""
    return clone("shop")


@pytest.fixture
def shop(closed_shop: Shop) -> Shop:
    """The shop, open."""
    closed_shop.nexsock("up", "-d")
    return closed_shop


@pytest.fixture
def changed(shop: Shop, until: Callable[..., None]) -> Callable[[Callable[[], object], str], set[str]]:
    """`changed(act, until_what)`: the services that have another pid once `act` has been taken up."""

    def act_and_compare(act: Callable[[], object], expected: str) -> set[str]:
        before = shop.pids()
        act()
        until(
            lambda: (
                shop.service(expected).get("pid") not in (None, before[expected])
                and all(service["ready"] for service in shop.services().values())
            ),
            f"{expected} runs anew and all are ready",
        )
        after = shop.pids()
        return {name for name in after if after[name] != before[name]}

    return act_and_compare


def state_files(home: Path) -> dict[str, int]:
    """Time of the last change of each file that remembers something; logs and their indexes are not among them."""
    kept = [path for path in (home / "state").rglob("*") if path.is_file() and "logs" not in path.parts]
    return {str(path): path.stat().st_mtime_ns for path in kept if path.suffix != ".log"}


def test_up_ends_when_all_is_ready(shop):
    services = shop.services()
    assert list(services) == ACTIVE
    assert all(service["ready"] for service in services.values())


def test_ps_tells_state_pid_health_ports_uptime_and_restarts(shop):
    migrate, api, worker, web = shop.services().values()
    assert (migrate["phase"], migrate["exit_code"], migrate.get("pid")) == ("completed", 0, None)
    assert (api["phase"], api["health"], api["ports"]) == ("ready", "healthy", {"http": shop.api_port})
    assert (web["phase"], web["health"], web["ports"]) == ("ready", "healthy", {"http": shop.web_port})
    assert (worker["phase"], worker["health"], worker["ports"]) == ("ready", "healthy", {})
    for service in (api, worker, web):
        assert os.path.exists(f"/proc/{service['pid']}")
        assert 0 < service["uptime_s"] < LIMIT_S
        assert service["restarts"] == 0


def test_the_oneshot_completes_before_anybody_needs_its_database(shop):
    events = [json.loads(line) for line in shop.nexsock("--json", "events").splitlines()]
    phases = [(event["service"], event["phase"]) for event in events if event["kind"] == "phase"]
    migrated = phases.index(("migrate", "completed"))
    assert migrated < phases.index(("api", "starting"))
    assert migrated < phases.index(("worker", "starting"))
    assert phases.index(("api", "ready")) < phases.index(("web", "starting"))


def test_the_api_answers(shop):
    assert shop.ask("/health") == {"status": "ok", "products": 3}


def test_an_order_is_packed_by_the_worker(shop, until):
    order = shop.ask("/orders", {"product": 1, "quantity": 2})
    assert order["state"] == "waiting"
    until(lambda: shop.ask(f"/orders/{order['id']}")["state"] == "packed", "the worker packs the order")


def test_the_front_finds_the_api_through_its_rendered_properties(shop):
    assert (shop.folder / ".shop" / "web.properties").read_text() == f"api.url=http://127.0.0.1:{shop.api_port}\n"
    assert shop.ask("/api/health", port=shop.web_port) == {"status": "ok", "products": 3}


def test_rendered_files_are_for_their_owner_only(shop):
    modes = {path.name: path.stat().st_mode & 0o777 for path in (shop.folder / ".shop").glob("w*.*")}
    assert modes == {"worker.env": 0o600, "web.properties": 0o600}


def test_logs_are_kept_for_each_service(shop):
    assert shop.nexsock("logs", "--no-prefix", "worker").splitlines()[-1] == "packing with care: waiting for orders"


def test_a_second_up_changes_no_process_and_writes_nothing(shop, nexsock_home):
    before, written = shop.pids(), state_files(nexsock_home)
    assert written
    assert json.loads(shop.nexsock("--json", "plan"))["changes"] == 0
    shop.nexsock("up", "-d")
    assert shop.pids() == before
    assert state_files(nexsock_home) == written


def test_a_killed_worker_is_started_again(shop, changed):
    assert changed(lambda: os.kill(shop.service("worker")["pid"], signal.SIGKILL), "worker") == {"worker"}
    assert shop.service("worker")["restarts"] == 1


def test_an_order_that_waited_for_a_dead_worker_is_packed_by_the_next(shop, until):
    shop.nexsock("stop", "worker")
    order = shop.ask("/orders", {"product": 2, "quantity": 1})
    assert shop.ask(f"/orders/{order['id']}")["state"] == "waiting"
    shop.nexsock("start", "worker")
    until(lambda: shop.ask(f"/orders/{order['id']}")["state"] == "packed", "the worker packs the order")


def test_a_changed_setting_restarts_only_who_reads_it(shop, changed):
    shop.variables["SHOP_PAUSE_MS"] = "50"
    assert changed(lambda: shop.nexsock("up", "-d"), "worker") == {"worker"}
    assert "PAUSE_MS=50" in (shop.folder / ".shop" / "worker.env").read_text()


def test_restarting_the_api_restarts_the_front_after_it(shop, changed):
    assert changed(lambda: shop.nexsock("restart", "api"), "web") == {"api", "web"}


@pytest.mark.parametrize(("source", "service"), [("worker.py", "worker"), ("web.py", "web")])
def test_a_saved_source_restarts_just_the_service_that_watches_it(shop, changed, source, service):
    shop.nexsock("up", "-d", "--watch")
    assert changed(lambda: shop.append(f"shop/{source}", "\n# saved\n"), service) == {service}


def test_a_saved_page_is_served_without_a_restart(shop, until):
    shop.nexsock("up", "-d", "--watch")
    before = shop.pids()
    (shop.folder / "shop" / "pages" / "news.json").write_text('{"news": "tea"}')
    until(lambda: "read 4 pages" in shop.nexsock("logs", "--no-prefix", "web"), "the front reads its pages again")
    assert shop.ask("/news.json", port=shop.web_port) == {"news": "tea"}
    assert shop.pids() == before


def test_a_saved_file_restarts_what_changed_and_what_hangs_on_it(shop, changed):
    shop.nexsock("up", "-d", "--watch")
    line = "    command: [python3, -m, shop.api]\n"
    added = line + '    environment: { SHOP_MOTTO: "tea for two" }\n'
    assert changed(lambda: shop.replace("nexsock.yaml", line, added), "web") == {"api", "web"}


def test_a_saved_mistake_keeps_the_last_good_version_and_says_where_it_is(shop, until):
    shop.nexsock("up", "-d", "--watch")
    before = shop.pids()
    shop.replace("nexsock.yaml", "restart: always", "restrt: always")
    until(lambda: "config_error" in json.loads(shop.nexsock("--json", "ps"))["project"], "the mistake is noticed")
    assert "nexsock.yaml:" in shop.nexsock("ps")
    assert shop.pids() == before


def test_a_service_that_is_no_longer_in_the_file_is_stopped(shop, until):
    web = shop.service("web")["pid"]
    path = shop.folder / "nexsock.yaml"
    text = path.read_text()
    path.write_text(text[: text.index("  web:\n")] + text[text.index("  load:\n") :])
    shop.nexsock("up", "-d")
    until(lambda: not os.path.exists(f"/proc/{web}"), "web ends")
    until(lambda: "web" not in shop.services(), "web is forgotten")


def test_a_changed_probe_changes_no_process(shop):
    before = shop.pids()
    shop.replace("nexsock.yaml", "interval: 5s", "interval: 6s")
    assert "update" in {step["action"] for step in json.loads(shop.nexsock("--json", "plan"))["steps"]}
    shop.nexsock("up", "-d")
    assert shop.pids() == before
    assert json.loads(shop.nexsock("--json", "plan"))["changes"] == 0


def test_the_load_generator_comes_with_its_profile(shop, until):
    before = shop.pids()
    assert "load" not in before
    shop.nexsock("--profile", "load", "up", "-d")
    services = shop.services("--profile", "load")
    assert services["load"]["ready"]
    assert {name: service.get("pid") for name, service in services.items() if name != "load"} == before
    until(lambda: "ordered" in shop.nexsock("logs", "--no-prefix", "load"), "customers order")


def test_a_port_that_somebody_has_is_said_with_its_owner(closed_shop, port, start, run):
    run("migrate")
    closed_shop.variables["SHOP_API_PORT"] = str(port)
    owner = start("api", "listening", PORT=str(port))
    told = json.loads(closed_shop.nexsock("--json", "up", "-d", "--timeout", "50s", status=1))
    (reason,) = (one["reason"] for one in told["failed"] if one["service"] == "api")
    assert str(port) in reason
    assert str(owner.process.pid) in reason


def test_a_mistake_in_the_file_changes_nothing_and_is_shown_with_its_place(shop):
    before = shop.pids()
    shop.replace("nexsock.yaml", "restart: always", "restrt: always")
    told = json.loads(shop.nexsock("--json", "validate", status=2))
    (problem,) = told["problems"]
    assert problem["file"] == "nexsock.yaml"
    assert "restart" in problem["suggestion"]
    shop.nexsock("up", "-d", status=2)
    assert shop.pids() == before


def test_down_leaves_nothing(shop):
    pids = [pid for pid in shop.pids().values() if pid]
    shop.nexsock("down")
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
    assert [name for name, pid in shop.pids().items() if pid] == []
    with pytest.raises(OSError, match="refused"):
        shop.ask("/health")


def test_a_new_migration_is_run_by_the_next_up(shop):
    before = shop.pids()
    migration = shop.folder / "shop" / "migrations" / "0003_reviews.sql"
    migration.write_text("create table review (id integer primary key, text text not null);")
    shop.nexsock("up", "-d")
    assert "applied 0003_reviews" in shop.nexsock("logs", "--no-prefix", "migrate")
    assert shop.pids() == before


def test_two_clones_are_open_at_the_same_time_without_an_edit(clone: Callable[[str], Shop]) -> None:
    shops = [clone("first"), clone("second")]
    for shop in shops:
        shop.nexsock("up", "-d")
    assert len({port for shop in shops for port in (shop.api_port, shop.web_port)}) == 4
    shops[0].ask("/orders", {"product": 1, "quantity": 1})
    assert [shop.ask("/api/health", port=shop.web_port)["status"] for shop in shops] == ["ok", "ok"]
    assert (shops[0].folder / ".shop" / "web.properties").read_text() != (
        shops[1].folder / ".shop" / "web.properties"
    ).read_text()
