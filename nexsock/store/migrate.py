"""Bring a state file from one schema to another, and say which it has.

The file as it was stays beside it as `state.json.v<schema>`. A schema newer than this nexsock is never touched.
"""

import importlib
from typing import Protocol, cast

import msgspec
from msgspec import Struct

from nexsock import errors
from nexsock.store import storage as storages
from nexsock.store.files import Files
from nexsock.store.migrations import NAMES
from nexsock.store.storage import BodyStorage, Report, SafeStorage
from nexsock.store.tables import Document

NEWEST = len(NAMES)
"""The schema that the other modules of the store speak."""


class Schema(Struct, frozen=True, kw_only=True):
    """Where a file stands. `applied` and `pending` are names of migrations, in order."""

    version: int
    newest: int
    applied: tuple[str, ...]
    pending: tuple[str, ...]


class Migration(Protocol):
    def up(self, document: Document) -> Document: ...
    def down(self, document: Document) -> Document: ...


def load(name: str) -> Migration:
    """The migration of that name."""
    return cast(Migration, importlib.import_module(f"nexsock.store.migrations.{name}"))


def schema(version: int) -> Schema:
    return Schema(version=version, newest=NEWEST, applied=NAMES[:version], pending=NAMES[version:])


def version_of(document: Document) -> int:
    """The schema of a document; 0 for one that nexsock has not written yet."""
    found = document.get("meta", {}).get("1", {}).get("schema", 0)
    return found if isinstance(found, int) else 0


def convert(document: Document, target: int) -> Document:
    """The document in schema `target`, one migration after the other. The argument stays as it is."""
    version = version_of(document)
    while version != target:
        if version < target:
            document, version = load(NAMES[version]).up(document), version + 1
        else:
            document, version = load(NAMES[version - 1]).down(document), version - 1
        if version:
            document = {**document, "meta": {"1": {**document["meta"]["1"], "schema": version}}}
    return document


def to_newest(storage: BodyStorage) -> None:
    """Make the newest schema of what is stored; an empty storage stays empty.

    Raises:
        StateError: it has a newer one.
    """
    _change(storage, NEWEST)


def status(path: str) -> Schema:
    """The schema of the file, without opening it as a store: the daemon may have it. A missing file has schema 0.

    Raises:
        StateError: it cannot be read.
    """
    try:
        body, _ = storages.unseal(Files().read(path), path)
    except FileNotFoundError:
        return schema(0)
    except (OSError, storages.Damaged) as error:
        raise errors.StateError(f"{path} cannot be read: {error}") from error
    return schema(version_of(msgspec.json.decode(body)))


def migrate(path: str, target: int | None = None, *, report: Report) -> Schema:
    """Bring the file to schema `target` (None: the newest); no other process may have it open.

    Raises:
        StateError: see SafeStorage; or the file has a newer schema.
        UsageError: there is no such schema.
    """
    wanted = NEWEST if target is None else target
    if not 0 <= wanted <= NEWEST:
        raise errors.UsageError(f"there is no schema {wanted}", hint=f"schemas go from 0 to {NEWEST}")
    storage = SafeStorage(path, report=report)
    try:
        _change(storage, wanted)
        return schema(version_of(storage.read() or {}))
    finally:
        storage.close()


def rollback(path: str, steps: int = 1, *, report: Report) -> Schema:
    """Take the last `steps` migrations back; no other process may have the file open. Raises as `migrate` does."""
    version = status(path).version
    _refuse_newer(path, version)
    if steps > version:
        raise errors.UsageError(f"{path} has schema {version}: {steps} steps back is before the first")
    return migrate(path, version - steps, report=report)


def _change(storage: BodyStorage, target: int) -> None:
    document = storage.read()
    if document is None:
        return
    version = version_of(document)
    _refuse_newer(storage.name, version)
    if version != target:
        storage.save_copy(f".v{version}")
        storage.write(convert(document, target))


def _refuse_newer(name: str, version: int) -> None:
    if version > NEWEST:
        raise storages.newer(name, f"schema {version}", f"schema {NEWEST}")
