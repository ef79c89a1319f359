"""The shop's memory: one SQLite file. All SQL of the running programs is here.

The table `purchase` is also the queue between the API and the worker: an order waits in it until it is packed.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BUSY_S = 5.0
"""How long a program waits for another one that is writing."""


@dataclass(frozen=True)
class Product:
    id: int
    name: str
    price_cents: int
    stock: int


@dataclass(frozen=True)
class Order:
    """`state` is "waiting", "packed" or "sold out"."""

    id: int
    product_id: int
    quantity: int
    state: str


class UnknownProduct(LookupError):
    """Somebody orders what the shop does not sell."""


def connect(path: str) -> sqlite3.Connection:
    """Open the database; `with connection:` around changes makes them happen together or not at all."""
    connection = sqlite3.connect(path, timeout=BUSY_S)
    connection.execute("pragma foreign_keys = on")
    return connection


def version(connection: sqlite3.Connection) -> int:
    """The number of the last migration that this database has seen; 0 for a new one."""
    return int(connection.execute("pragma user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, migrations: Sequence[Path]) -> list[str]:
    """Apply the migrations that this database has not seen, in order; return their names.

    A migration that fails leaves the database as it was before it.
    """
    pending = [path for path in sorted(migrations) if _number(path) > version(connection)]
    for path in pending:
        with connection:
            connection.executescript(f"begin; {path.read_text()}; pragma user_version = {_number(path)}; commit")
    return [path.stem for path in pending]


def _number(migration: Path) -> int:
    return int(migration.name.partition("_")[0])


def products(connection: sqlite3.Connection) -> list[Product]:
    rows = connection.execute("select id, name, price_cents, stock from product order by id")
    return [Product(*row) for row in rows]


def place_order(connection: sqlite3.Connection, product_id: int, quantity: int) -> Order:
    """Put an order into the queue.

    Raises:
        UnknownProduct: there is no product with this number.
    """
    try:
        with connection:
            placed = connection.execute(
                "insert into purchase (product_id, quantity) values (?, ?)", (product_id, quantity)
            )
    except sqlite3.IntegrityError:
        raise UnknownProduct(f"there is no product {product_id}") from None
    return Order(placed.lastrowid or 0, product_id, quantity, "waiting")


def find_order(connection: sqlite3.Connection, order_id: int) -> Order | None:
    row = connection.execute(
        "select id, product_id, quantity, state from purchase where id = ?", (order_id,)
    ).fetchone()
    return Order(*row) if row else None


def pack_next(connection: sqlite3.Connection) -> Order | None:
    """Take the oldest waiting order out of the queue and its goods off the shelf; None when nothing waits.

    Both happen together: a worker that dies in the middle leaves the order waiting for the next one.
    """
    with connection:
        connection.execute("begin immediate")
        row = connection.execute(
            "select id, product_id, quantity from purchase where state = 'waiting' order by id limit 1"
        ).fetchone()
        if row is None:
            return None
        order_id, product_id, quantity = row
        taken = connection.execute(
            "update product set stock = stock - ? where id = ? and stock >= ?", (quantity, product_id, quantity)
        )
        state = "packed" if taken.rowcount else "sold out"
        connection.execute("update purchase set state = ? where id = ?", (state, order_id))
    return Order(order_id, product_id, quantity, state)
