from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection, OperationalError

import pytest
from shop import database, migrate
from shop.database import Order


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Connection]:
    with closing(database.connect(str(tmp_path / "shop.db"))) as connection:
        yield connection


@pytest.fixture
def shelf(empty: Connection) -> Connection:
    """A database with every migration applied."""
    database.migrate(empty, list(migrate.MIGRATIONS.glob("*.sql")))
    return empty


def test_migrations_are_applied_in_order_and_once(empty):
    migrations = list(migrate.MIGRATIONS.glob("*.sql"))
    assert database.migrate(empty, migrations) == ["0001_products", "0002_orders"]
    assert database.migrate(empty, migrations) == []


def test_a_migration_that_fails_changes_nothing(empty, tmp_path):
    broken = tmp_path / "0001_broken.sql"
    broken.write_text("create table half (id integer); create table half (id integer);")
    with pytest.raises(OperationalError):
        database.migrate(empty, [broken])
    assert database.version(empty) == 0
    assert empty.execute("select count(*) from sqlite_master").fetchone() == (0,)


def test_an_order_waits_until_it_is_packed(shelf):
    placed = database.place_order(shelf, product_id=1, quantity=2)
    assert database.find_order(shelf, placed.id) == Order(placed.id, 1, 2, "waiting")
    assert database.pack_next(shelf) == Order(placed.id, 1, 2, "packed")
    assert database.find_order(shelf, placed.id) == Order(placed.id, 1, 2, "packed")


def test_the_oldest_order_is_packed_first(shelf):
    placed = [database.place_order(shelf, 1, quantity).id for quantity in (1, 2, 3)]
    packed = [order.id for _ in placed if (order := database.pack_next(shelf))]
    assert packed == placed


def test_what_is_packed_leaves_the_shelf(shelf):
    before = database.products(shelf)[0].stock
    database.place_order(shelf, 1, 3)
    database.pack_next(shelf)
    assert database.products(shelf)[0].stock == before - 3


def test_an_order_that_the_shelf_cannot_fill_is_sold_out(shelf):
    shelf.execute("update product set stock = 1 where id = 1")
    shelf.commit()
    database.place_order(shelf, 1, 2)
    packed = database.pack_next(shelf)
    assert packed is not None
    assert packed.state == "sold out"
    assert database.products(shelf)[0].stock == 1


def test_nothing_is_packed_when_nothing_waits(shelf):
    assert database.pack_next(shelf) is None


def test_an_unknown_product_cannot_be_ordered(shelf):
    with pytest.raises(database.UnknownProduct, match="there is no product 99"):
        database.place_order(shelf, 99, 1)
