"""Products and orders over HTTP.

    GET  /health           200 while the database answers
    GET  /products         what the shop sells
    POST /orders           {"product": 1, "quantity": 2}: 202, the order waits to be packed
    GET  /orders/NUMBER    how far an order is

Every answer is a JSON document; a refusal has the key "error" and a sentence that says what to do.
"""

import json
from contextlib import closing
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler

from shop import database
from shop.process import end_when_asked, say, serve, setting

MOST_BYTES = 10_000
"""An order is about 30 bytes; whoever sends more than this does not mean us."""
MOST_PIECES = 100


class BadOrder(ValueError):
    """The text says what an order looks like."""


def read_order(body: bytes) -> tuple[int, int]:
    """The product's number and the quantity (1 to MOST_PIECES) that an order's JSON text asks for."""
    try:
        order = json.loads(body)
    except ValueError:
        raise BadOrder('an order is JSON, like {"product": 1, "quantity": 2}') from None
    match order:
        case {"product": int(product), "quantity": int(quantity)} if 1 <= quantity <= MOST_PIECES:
            return product, quantity
    raise BadOrder(f'an order has the number of a "product" and a "quantity" from 1 to {MOST_PIECES}')


class Handler(BaseHTTPRequestHandler):
    """One request. The database is opened for each, which costs SQLite less than a millisecond."""

    def do_GET(self) -> None:
        with closing(database.connect(setting("SHOP_DATABASE"))) as connection:
            match self.path.strip("/").split("/"):
                case ["health"]:
                    self.answer(200, {"status": "ok", "products": len(database.products(connection))})
                case ["products"]:
                    self.answer(200, [asdict(product) for product in database.products(connection)])
                case ["orders", number] if number.isdecimal() and (
                    order := database.find_order(connection, int(number))
                ):
                    self.answer(200, asdict(order))
                case _:
                    self.answer(404, {"error": f"there is nothing at {self.path}"})

    def do_POST(self) -> None:
        if self.path != "/orders":
            self.answer(404, {"error": f"nothing can be sent to {self.path}"})
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.answer(413, {"error": f"an order comes with a Content-Length up to {MOST_BYTES}"})
            return
        try:
            product_id, quantity = read_order(self.rfile.read(int(length)))
            with closing(database.connect(setting("SHOP_DATABASE"))) as connection:
                order = database.place_order(connection, product_id, quantity)
        except (BadOrder, database.UnknownProduct) as fault:
            self.answer(400, {"error": str(fault)})
            return
        self.answer(202, asdict(order))
        say(f"order {order.id}: {order.quantity} of product {order.product_id}")

    def answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Health probes come every few seconds and would drown the rest, so only refused requests are told."""
        if int(code) >= 400:
            say(f"{self.command} {self.path}: {int(code)}")


def main() -> None:
    end_when_asked()
    serve(Handler, int(setting("PORT")))


if __name__ == "__main__":
    main()
