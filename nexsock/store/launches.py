"""What runs were launched with: a row for each launch of a service, and the last sets of variables that were inherited.

Changes are told by what they return, as by the tables.
"""

from collections.abc import Iterable, Mapping

from nexsock.model.state import Run, Snapshot
from nexsock.store import records
from nexsock.store.image import Table
from nexsock.store.tables import EnvironmentRow, LaunchRow, RunRow

ENVIRONMENTS_KEPT = 20
"""Newest sets of inherited variables that are remembered; each shell has its own."""
FINGERPRINT_DIGITS = 32
"""Of a launch (model.service.fingerprint); that of a run goes on with its inputs and secrets."""


class Launches:
    """Both tables, by what runs know of themselves."""

    def __init__(self, launches: Table[LaunchRow], environments: Table[EnvironmentRow]) -> None:
        self._launches = launches
        self._environments = environments
        self._ids = {(row.service_id, row.fingerprint): row.id for row in launches.rows.values()}

    def launch(self, service_id: int, run: Run) -> Snapshot | None:
        """What a run was launched with; None where that is not remembered."""
        row_id = self._ids.get((service_id, _key(run)))
        return records.launch_of(self._launches.rows[row_id]) if row_id else None

    def put_launch(self, service_id: int, run: Run, launch: Snapshot) -> bool:
        """Remember what a run is launched with, once for all that are launched alike."""
        key = service_id, _key(run)
        row_id = self._ids.get(key) or self._launches.new_id()
        self._ids[key] = row_id
        return self._launches.set(row_id, records.launch_row(row_id, *key, launch))

    def keep(self, service_id: int, runs: Iterable[RunRow]) -> None:
        """Forget what none of these runs of a service, which are all that are kept, was launched with."""
        kept = {_key(run) for run in runs}
        for key in [key for key in self._ids if key[0] == service_id and key[1] not in kept]:
            self._launches.remove(self._ids.pop(key))

    def environment(self, digest: str | None) -> dict[str, str] | None:
        """The names of inherited variables, each with the mark of its value; None where that is not remembered."""
        return next((row.marks for row in self._environments.rows.values() if row.digest == digest), None)

    def put_environment(self, digest: str, marks: Mapping[str, str]) -> bool:
        """Remember which variables runs inherit. The oldest beyond ENVIRONMENTS_KEPT are forgotten."""
        if self.environment(digest) is not None:
            return False
        row_id = self._environments.new_id()
        self._environments.set(row_id, EnvironmentRow(id=row_id, digest=digest, marks=dict(marks)))
        if len(self._environments.rows) > ENVIRONMENTS_KEPT:
            self._environments.remove(min(self._environments.rows))
        return True


def _key(run: Run | RunRow) -> str:
    """What is equal for runs that were launched alike."""
    return run.fingerprint[:FINGERPRINT_DIGITS]
