"""Runs know what plugins made different in them, and which plugin did not let them begin."""

from nexsock.store.tables import Document

RUN_COLUMNS = ("altered", "denied")


def up(document: Document) -> Document:
    runs = {key: {**row, "altered": [], "denied": None} for key, row in document["run"].items()}
    return {**document, "run": runs}


def down(document: Document) -> Document:
    runs = {
        key: {name: value for name, value in row.items() if name not in RUN_COLUMNS}
        for key, row in document["run"].items()
    }
    return {**document, "run": runs}
