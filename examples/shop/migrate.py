"""Bring the shop's database up to date, say what was done, and end. Doing it twice is the same as doing it once."""

from contextlib import closing
from pathlib import Path

from shop import database
from shop.process import say, setting

MIGRATIONS = Path(__file__).parent / "migrations"


def main() -> None:
    path = Path(setting("SHOP_DATABASE"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(database.connect(str(path))) as connection:
        # Readers and the one writer do not block each other in this mode; the file remembers it.
        connection.execute("pragma journal_mode = wal")
        applied = database.migrate(connection, list(MIGRATIONS.glob("*.sql")))
        for name in applied:
            say(f"applied {name}")
        say(f"{path} is at version {database.version(connection)}")


if __name__ == "__main__":
    main()
