"""The memory of one project: records, runs and what the project is, kept in a file behind the daemon's back.

A change is in memory at once and on disk within a batch; `barrier` waits for the disk where that matters. A disk
that refuses is reported once, the daemon goes on from memory, and the next change tries again.
"""

import asyncio
import os
from collections.abc import Mapping

import msgspec

from nexsock import errors, places
from nexsock.model.project import Project
from nexsock.model.state import ProjectState, Record, Run, Selection, Snapshot
from nexsock.store import image, migrate, records
from nexsock.store.files import Files
from nexsock.store.image import Image, Journal, RowType, Table
from nexsock.store.launches import Launches
from nexsock.store.storage import BodyStorage, Damaged, MemoryStorage, Report, SafeStorage, unseal
from nexsock.store.tables import (
    CONFIG,
    DEPENDENCY,
    ENVIRONMENT,
    LAUNCH,
    META,
    RUN,
    SERVICE,
    ConfigRow,
    DependencyRow,
    Document,
    EnvironmentRow,
    LaunchRow,
    MetaRow,
    RunRow,
    ServiceRow,
)
from nexsock.store.writer import Writer

RUNS_KEPT = 50
"""Newest runs that are remembered of each service."""


def locate(project_id: str, project_folder: str, database_url: str = "") -> str | None:
    """Path of a project's state file, None for a store that is only memory.

    Args:
        project_folder: places.Places.project_state; where the file is unless the URL says otherwise.
        database_url: DATABASE_URL. "tinydb:/folder" moves all projects there, "memory:" keeps nothing; any other
            scheme is the user's own application's and means nothing here.
    Raises:
        UsageError: a tinydb: URL without an absolute folder.
    """
    scheme, _, rest = database_url.partition(":")
    if scheme == "memory":
        return None
    if scheme != "tinydb":
        return f"{project_folder}/state.json"
    if not rest.startswith("/"):
        raise errors.UsageError(
            f"DATABASE_URL '{database_url}' names no absolute folder", hint="write it like tinydb:/home/me/state"
        )
    return f"{os.path.normpath('/' + rest.lstrip('/'))}/{project_id}/state.json"


def directory_in(path: str) -> str | None:
    """The directory of the project whose memory is in the file, without opening it; None where it does not say."""
    try:
        body, _ = unseal(Files().read(path), path)
        return msgspec.json.decode(body, type=_Described).meta["1"].directory or None
    except (OSError, Damaged, errors.StateError, msgspec.DecodeError, KeyError):
        return None


class _Described(msgspec.Struct):
    """Of a state document what says which project it is of."""

    meta: dict[str, MetaRow]


def open_store(path: str | None, writer: Writer, report: Report, files: Files | None = None) -> "Store":
    """The store in the file `path` (None: in memory), brought to the newest schema. Its folder is made if missing.

    Args:
        report: called in the thread of the running event loop, where there is one.
    Raises:
        StateError: see SafeStorage; also when the schema is a newer one, or the folder is not private.
    """
    if path is None:
        return Store(MemoryStorage(), writer, report)
    try:
        places.make_private(os.path.dirname(path), os.getuid())
    except OSError as error:
        raise errors.StateError(f"{path} cannot be opened: {error}") from error
    storage = SafeStorage(path, report=report, files=files)
    try:
        migrate.to_newest(storage)
        return Store(storage, writer, _in_loop(report))
    except BaseException:
        storage.close()
        raise


def _in_loop(report: Report) -> Report:
    """A report that other threads may call: it comes to the running event loop, or as it is where none runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return report

    def handed_over(text: str) -> None:
        loop.call_soon_threadsafe(report, text)

    return handed_over


class Store:
    """One project's memory. Everything but the writing happens in the thread of the event loop."""

    def __init__(self, storage: BodyStorage, writer: Writer, report: Report) -> None:
        """Take over a storage whose document, if it has one, is of the newest schema. See `open_store`."""
        self._storage = storage
        self._writer = writer
        self._report = report
        self._journal = Journal()
        document = storage.read() or {}
        self._meta = self._table(document, META, MetaRow)
        self._meta.rows.setdefault(1, MetaRow(schema=migrate.NEWEST))
        self._services = self._table(document, SERVICE, ServiceRow)
        self._configs = self._table(document, CONFIG, ConfigRow)
        self._dependencies = self._table(document, DEPENDENCY, DependencyRow)
        self._history = self._table(document, RUN, RunRow)
        launches = self._table(document, LAUNCH, LaunchRow)
        environments = self._table(document, ENVIRONMENT, EnvironmentRow)
        self._launches = Launches(launches, environments)
        self._service_ids = {row.name: row.id for row in self._services.rows.values()}
        self._run_ids: dict[int, dict[int, int]] = {}
        for run in self._history.rows.values():
            self._run_ids.setdefault(run.service_id, {})[run.number] = run.id
        self._image = Image()
        for table in (
            self._meta,
            self._services,
            self._configs,
            self._dependencies,
            self._history,
            launches,
            environments,
        ):
            self._image.apply({(table.name, row_id): row for row_id, row in table.rows.items()})
        self.refusal: str | None = None
        """Why the disk does not take what is remembered, while it does not."""

    @property
    def meta(self) -> MetaRow:
        """What is known of the project itself."""
        return self._meta.rows[1]

    @property
    def schema(self) -> migrate.Schema:
        """Which migrations the file has seen."""
        return migrate.schema(self.meta.schema)

    def load(self) -> ProjectState:
        """A fresh copy of what is remembered. Every `applied` is None: it is not stored."""
        found = [records.record_of(row, self._latest_run(row)) for row in self._services.rows.values()]
        records_by_name = {record.name: record for record in found if record}
        return ProjectState(selection=self.meta.selection, records=records_by_name, up_at=self.meta.up_at)

    def runs(self, service: str) -> tuple[Run, ...]:
        """The history of a service, newest first, at most RUNS_KEPT; empty if nothing is known of it."""
        known = self._run_ids.get(self._service_ids.get(service, 0), {})
        return tuple(records.run_of(self._history.rows[known[number]]) for number in sorted(known, reverse=True))

    def launch(self, service: str, run: Run) -> Snapshot | None:
        """What a run was launched with; None where that is not remembered."""
        return self._launches.launch(self._service_ids.get(service, 0), run)

    def environment(self, digest: str | None) -> dict[str, str] | None:
        """The names of variables that runs inherited, each with a mark of its value; None where not remembered."""
        return self._launches.environment(digest)

    def put(self, record: Record) -> None:
        """Remember a service as it is now, and its run. The same again is no change and writes nothing."""
        if record.run:
            self.put_run(record.name, record.run)
        known = self._service(record.name)
        row = records.service_row(known.id, record, port=known.port, config_id=known.config_id)
        self._note(self._services.set(known.id, row))

    def put_run(self, service: str, run: Run) -> None:
        """Remember a run, new or changed. The oldest beyond RUNS_KEPT is forgotten."""
        service_id = self._service(service).id
        known = self._run_ids.setdefault(service_id, {})
        row_id = known.get(run.number) or self._history.new_id()
        known[run.number] = row_id
        self._note(self._history.set(row_id, records.run_row(row_id, service_id, run)))
        if len(known) > RUNS_KEPT:
            self._note(self._history.remove(known.pop(min(known))))
            self._launches.keep(service_id, [self._history.rows[row] for row in known.values()])

    def put_launch(self, service: str, run: Run, launch: Snapshot) -> None:
        """Remember what a run is launched with, once for all that are launched alike."""
        self._note(self._launches.put_launch(self._service(service).id, run, launch))

    def put_environment(self, digest: str, marks: Mapping[str, str]) -> None:
        """Remember which variables runs inherit; the oldest of many are forgotten."""
        self._note(self._launches.put_environment(digest, marks))

    def forget(self, service: str) -> None:
        """Remember nothing of a service any more, its history included."""
        service_id = self._service_ids.pop(service, None)
        if service_id is None:
            return
        for row in list(self._dependencies.rows.values()):
            if service_id in (row.service_id, row.dependent_service_id):
                self._dependencies.remove(row.id)
        for run_id in self._run_ids.pop(service_id, {}).values():
            self._history.remove(run_id)
        self._launches.keep(service_id, ())
        self._configs.remove(service_id)
        self._note(self._services.remove(service_id))

    def set_meta(
        self, *, selection: Selection | None = None, watching: bool | None = None, up_at: float | None = None
    ) -> None:
        """Remember what the user asked of the project as a whole; None leaves it as it is."""
        new = msgspec.structs.replace(
            self.meta,
            selection=self.meta.selection if selection is None else selection,
            watching=self.meta.watching if watching is None else watching,
            up_at=self.meta.up_at if up_at is None else up_at,
        )
        self._note(self._meta.set(1, new))

    def describe(self, project: Project) -> None:
        """Remember what the file says: the project, how each service is run, and who needs whom.

        A service that is neither in the file nor recorded is forgotten.
        """
        new = msgspec.structs.replace(
            self.meta,
            id=project.id,
            name=project.name,
            directory=project.directory,
            files=project.files,
            profiles=project.profiles,
        )
        self._note(self._meta.set(1, new))
        for name, service in project.services.items():
            row = self._service(name)
            self._note(self._configs.set(row.id, records.config_row(row.id, service, project)))
            described = msgspec.structs.replace(row, port=records.first_port(service), config_id=row.id)
            self._note(self._services.set(row.id, described))
        for row in list(self._services.rows.values()):
            if row.name not in project.services:
                self._undescribe(row)
        self._describe_dependencies(project)

    async def barrier(self) -> bool:
        """Wait until everything put before this call is on disk. False: the disk refuses, it is only in memory."""
        await asyncio.wrap_future(self._writer.now(self._write))
        return self.refusal is None

    def close(self) -> None:
        """Write what is left, then let the file go. Blocks for the disk."""
        self._writer.now(self._write).result()
        self._storage.close()

    def _table(self, document: Document, name: str, kind: type[RowType]) -> Table[RowType]:
        return Table(name, image.read_rows(document, name, kind, self._report), self._journal)

    def _service(self, name: str) -> ServiceRow:
        """The row of a service, an empty one if it is new."""
        row_id = self._service_ids.get(name)
        if row_id is None:
            row_id = self._service_ids[name] = self._services.new_id()
            self._services.set(row_id, ServiceRow(id=row_id, name=name))
        return self._services.rows[row_id]

    def _latest_run(self, row: ServiceRow) -> Run | None:
        run_id = self._run_ids.get(row.id, {}).get(row.run or 0)
        return records.run_of(self._history.rows[run_id]) if run_id else None

    def _undescribe(self, row: ServiceRow) -> None:
        """The service is not in the file any more; what was recorded of it stays."""
        if row.status is None:
            self.forget(row.name)
            return
        self._note(self._configs.remove(row.id))
        self._note(self._services.set(row.id, msgspec.structs.replace(row, config_id=None)))

    def _describe_dependencies(self, project: Project) -> None:
        known = {(row.service_id, row.dependent_service_id): row.id for row in self._dependencies.rows.values()}
        for name, service in project.services.items():
            for needed, dependency in service.depends_on.items():
                pair = self._service(name).id, self._service(needed).id
                row_id = known.pop(pair, None) or self._dependencies.new_id()
                self._note(self._dependencies.set(row_id, records.dependency_row(row_id, *pair, dependency)))
        for row_id in known.values():
            self._note(self._dependencies.remove(row_id))

    def _note(self, changed: bool) -> None:
        if changed:
            self._writer.later(self._write)

    def _write(self) -> bool:
        """Put what changed on disk; False: it has refused. Runs in the writer's thread, which alone touches image and
        storage."""
        changes = self._journal.take()
        if not changes and self.refusal is None:
            return True
        self._image.apply(changes)
        try:
            self._storage.replace(self._image.body())
        except errors.StateError as error:
            if self.refusal is None:
                self._report(f"{error}: what changes is kept in memory, and written once the disk takes it")
            self.refusal = str(error)
            return False
        if self.refusal is not None:
            self._report(f"{self._storage.name} is written again")
        self.refusal = None
        return True
