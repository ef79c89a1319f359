"""What the programs around the API promise, each run as nexsock runs it."""

import json
import signal
from contextlib import closing
from http.client import HTTPConnection
from urllib.request import Request, urlopen

import pytest
from shop import database


@pytest.fixture
def worker_settings(tmp_path):
    path = tmp_path / "worker.env"
    path.write_text('# written by a test\nGREETING="with care"\nPAUSE_MS=10\n')
    return str(path)


@pytest.fixture
def front(tmp_path, run, start, port):
    """The web front on its port, before an API that nobody has started."""
    settings = tmp_path / "web.properties"
    settings.write_text("api.url = http://127.0.0.1:1\n")
    return start("web", "listening", SHOP_WEB_SETTINGS=str(settings), PORT=str(port))


def test_migrate_twice_is_the_same_as_once(run):
    assert run("migrate").stdout.splitlines()[:2] == ["applied 0001_products", "applied 0002_orders"]
    again = run("migrate")
    assert again.returncode == 0
    assert again.stdout.endswith("is at version 2\n")
    assert "applied" not in again.stdout


def test_a_program_without_its_variable_says_which_one(run):
    ended = run("worker", SHOP_WORKER_SETTINGS="")
    assert ended.returncode == 1
    assert "SHOP_WORKER_SETTINGS is not set" in ended.stderr


def test_the_worker_packs_what_waits(run, start, worker_settings, shop_variables, until):
    run("migrate")
    with closing(database.connect(shop_variables["SHOP_DATABASE"])) as connection:
        database.place_order(connection, 1, 1)
    worker = start("worker", "with care: waiting for orders", SHOP_WORKER_SETTINGS=worker_settings)
    until(lambda: "order 1: packed" in worker.lines(), "the worker packs the order")


def test_the_worker_fails_at_its_start_without_a_database(run, worker_settings):
    ended = run("worker", SHOP_WORKER_SETTINGS=worker_settings)
    assert ended.returncode == 1
    assert "no such table" in ended.stderr


@pytest.mark.usefixtures("front")
@pytest.mark.parametrize(
    ("path", "content_type"), [("/", "text/html"), ("/shop.css", "text/css"), ("/shop.js", "text/javascript")]
)
def test_the_front_serves_its_pages(port, path, content_type):
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        assert answer.headers.get_content_type() == content_type


@pytest.mark.usefixtures("front")
def test_the_front_says_that_the_api_does_not_answer(port):
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", "/api/products")
        answer = connection.getresponse()
        assert answer.status == 502
        assert b"the API at http://127.0.0.1:1 does not answer" in answer.read()


def test_the_front_reads_its_pages_again_on_sighup(front, until):
    front.process.send_signal(signal.SIGHUP)
    until(lambda: front.lines().count("read 3 pages") == 2, "the pages are read again")
    assert front.process.poll() is None


def test_the_front_passes_orders_on_to_the_api(run, start, tmp_path, port, other_port):
    run("migrate")
    start("api", "listening", PORT=str(other_port))
    settings = tmp_path / "web.properties"
    settings.write_text(f"api.url=http://127.0.0.1:{other_port}\n")
    start("web", "listening", SHOP_WEB_SETTINGS=str(settings), PORT=str(port))
    order = Request(f"http://127.0.0.1:{port}/api/orders", b'{"product": 2, "quantity": 1}', method="POST")
    with urlopen(order, timeout=60) as answer:
        assert (answer.status, json.load(answer)["state"]) == (202, "waiting")


def test_customers_order_and_say_how_it_goes(run, start, port):
    run("migrate")
    start("api", "listening", PORT=str(port))
    start("load", "ordered", SHOP_API_URL=f"http://127.0.0.1:{port}", SHOP_ORDERS_PER_SECOND="50")


def test_customers_stay_when_the_shop_is_closed(start, port):
    customers = start("load", "refused", SHOP_API_URL=f"http://127.0.0.1:{port}", SHOP_ORDERS_PER_SECOND="50")
    assert customers.process.poll() is None
