"""The document in memory, twice: rows as the daemon sees them, and their encoded text as the file has it.

A changed row is encoded once for each batch that is written, the others never again: a write costs what changed.
"""

import threading
from typing import Generic, TypeAlias, TypeVar

import msgspec

from nexsock.model import packed
from nexsock.store import tables
from nexsock.store.storage import Report
from nexsock.store.tables import Document, Row

RowType = TypeVar("RowType", bound=Row)

Changes: TypeAlias = dict[tuple[str, int], Row | None]
"""Table and id of each changed row, with what it is now; None: it is gone."""


class Journal:
    """Which rows changed since `take` was called last. The one thing that two threads touch."""

    def __init__(self) -> None:
        self._changes: Changes = {}
        self._guard = threading.Lock()

    def note(self, table: str, row_id: int, row: Row | None) -> None:
        with self._guard:
            self._changes[table, row_id] = row

    def take(self) -> Changes:
        with self._guard:
            taken, self._changes = self._changes, {}
        return taken


class Table(Generic[RowType]):
    """The rows of one table by id. Read `rows` freely; change them only with `set` and `remove`."""

    def __init__(self, name: str, rows: dict[int, RowType], journal: Journal) -> None:
        self.rows = rows
        self.name = name
        self._journal = journal
        self._next_id = max(rows, default=0) + 1

    def new_id(self) -> int:
        """An id that no row of the table has, or had since it was loaded."""
        self._next_id += 1
        return self._next_id - 1

    def set(self, row_id: int, row: RowType) -> bool:
        """Put the row in its place; whether that is a change."""
        if self.rows.get(row_id) == row:
            return False
        self.rows[row_id] = row
        self._journal.note(self.name, row_id, row)
        return True

    def remove(self, row_id: int) -> bool:
        """Take the row out; whether it was there."""
        if self.rows.pop(row_id, None) is None:
            return False
        self._journal.note(self.name, row_id, None)
        return True


def read_rows(document: Document, table: str, kind: type[RowType], report: Report) -> dict[int, RowType]:
    """One table of a document of the newest schema; a row that cannot be understood is reported and left out."""
    rows = {}
    for row_id, plain in document.get(table, {}).items():
        try:
            rows[int(row_id)] = msgspec.convert(plain, kind)
        except ValueError as error:
            report(f"row {row_id} of table '{table}' is left out of what is remembered: {error}")
    return rows


class Image:
    """The encoded text of every row. Belongs to the thread that writes."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[int, msgspec.Raw]] = {table: {} for table in tables.TABLES}

    def apply(self, changes: Changes) -> None:
        for (table, row_id), row in changes.items():
            if row is None:
                self._tables[table].pop(row_id, None)
            else:
                self._tables[table][row_id] = msgspec.Raw(packed.to_json(row))

    def body(self) -> bytes:
        """The whole document as JSON."""
        return msgspec.json.encode(self._tables)
