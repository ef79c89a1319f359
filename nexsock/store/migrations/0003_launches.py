"""What each run was launched with, once for runs that were launched alike; runs know when they were asked for.

`launch` has a row for each service and fingerprint that a kept run has, `environment` one for each of the last sets of
variables that runs inherited: names, with a mark of each value.
"""

from typing import Any

from nexsock.store.tables import Document

RUN_COLUMNS = ("asked_at", "begun_at", "ended", "inherited")


def up(document: Document) -> Document:
    runs = {key: {**row, **dict.fromkeys(RUN_COLUMNS)} for key, row in document["run"].items()}
    meta = {key: {**row, "up_at": None} for key, row in document["meta"].items()}
    return {**document, "meta": meta, "run": runs, "launch": {}, "environment": {}}


def down(document: Document) -> Document:
    runs = {key: _without(row, *RUN_COLUMNS) for key, row in document["run"].items()}
    meta = {key: _without(row, "up_at") for key, row in document["meta"].items()}
    return {**_without(document, "launch", "environment"), "meta": meta, "run": runs}


def _without(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in columns}
