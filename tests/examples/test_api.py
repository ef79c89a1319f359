import json
from http.client import HTTPConnection

import pytest
from shop.api import BadOrder, read_order


@pytest.fixture
def api(run, start, port):
    """A connection to the API over a new database."""
    run("migrate")
    start("api", "listening", PORT=str(port))
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    yield connection
    connection.close()


def ask(api: HTTPConnection, method: str, path: str, body: str | None = None) -> tuple[int, object]:
    api.request(method, path, body)
    answer = api.getresponse()
    return answer.status, json.load(answer)


def test_it_is_healthy_while_the_database_answers(api):
    assert ask(api, "GET", "/health") == (200, {"status": "ok", "products": 3})


def test_it_lists_what_the_shop_sells(api):
    status, products = ask(api, "GET", "/products")
    assert status == 200
    assert [product["name"] for product in products] == ["teapot", "cup", "green tea, 100 g"]


def test_an_order_is_taken_and_can_be_looked_at(api):
    status, order = ask(api, "POST", "/orders", '{"product": 1, "quantity": 2}')
    assert (status, order) == (202, {"id": 1, "product_id": 1, "quantity": 2, "state": "waiting"})
    assert ask(api, "GET", "/orders/1") == (200, order)


@pytest.mark.parametrize("path", ["/orders/77", "/orders/x", "/nothing", "/orders"])
def test_what_is_not_there_is_said_to_be_not_there(api, path):
    assert ask(api, "GET", path) == (404, {"error": f"there is nothing at {path}"})


def test_an_order_for_nothing_that_is_sold_is_refused(api):
    assert ask(api, "POST", "/orders", '{"product": 9, "quantity": 1}') == (400, {"error": "there is no product 9"})


@pytest.mark.parametrize(
    "body",
    [b"", b"tea", b"[1, 2]", b'{"product": 1}', b'{"product": 1, "quantity": 0}', b'{"product": 1, "quantity": 101}'],
)
def test_what_is_no_order_is_refused_with_what_an_order_is(body):
    with pytest.raises(BadOrder, match="an order"):
        read_order(body)


def test_it_ends_at_once_and_with_success_when_asked(run, start, port):
    run("migrate")
    api = start("api", "listening", PORT=str(port))
    api.process.terminate()
    assert api.process.wait(timeout=60) == 0
    assert api.lines()[-1] == "asked to end by SIGTERM"
