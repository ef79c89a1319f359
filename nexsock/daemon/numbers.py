"""The machine's memory of `auto` ports: a number once given to a port of a project stays its own."""

import os

from nexsock import reservations
from nexsock.model.load import Reserved
from nexsock.model.project import Project
from nexsock.reservations import Holding
from nexsock.runtime import files, ports

USUAL = Reserved()
LEAST = 1000
"""ports that a range must have to be of use"""


class Numbers:
    """The reservations of one user. Only the daemon has one; its loads come one after the other.

    Args:
        path: the file of the table.
        ephemeral: first and last port that the system gives to outgoing connections; never handed out.
    """

    def __init__(self, path: str, ephemeral: tuple[int, int]) -> None:
        self._path = path
        self._first, self._last = free_range(*ephemeral)
        self._table = reservations.read(path)

    def reserved(self, avoid: frozenset[int] = frozenset()) -> Reserved:
        """What a load chooses by; `avoid` are numbers that turned out to be in use."""
        held = {project: holding.ports for project, holding in self._table.items()}
        return Reserved(ports=held, avoid=tuple(sorted(avoid)), first=self._first, last=self._last)

    def in_use(self, project: Project) -> frozenset[int]:
        """The numbers among those newly chosen for a project on which somebody else listens."""
        fresh = {key: number for key, number in project.auto_ports.items() if self._held(project).get(key) != number}
        if not fresh:
            return frozenset()
        taken = ports.listening()
        return frozenset(
            number
            for key, number in fresh.items()
            if number in taken and ports.holder(number, taken[number]).service != _mark(project, key)
        )

    def keep(self, project: Project) -> None:
        """Reserve the numbers of a project. Those of projects whose folders are gone are given up at the same time.

        Raises:
            OSError: the table cannot be written; the numbers hold as long as this daemon lives.
        """
        before = self._held(project)
        after = {**before, **project.auto_ports}
        if after == before:
            return
        living = {name: held for name, held in self._table.items() if os.path.isdir(held.directory)}
        self._table = {**living, project.id: Holding(project.directory, after)}
        files.write_atomically(self._path, reservations.text(self._table).encode())

    def give_up(self, project_id: str) -> None:
        """Free the numbers of a project.

        Raises:
            OSError: the table cannot be written.
        """
        self._table = {name: held for name, held in self._table.items() if name != project_id}
        files.write_atomically(self._path, reservations.text(self._table).encode())

    def _held(self, project: Project) -> dict[str, int]:
        held = self._table.get(project.id)
        return held.ports if held is not None else {}


def _mark(project: Project, key: str) -> str:
    """How a listener of the service itself describes itself (runtime.ports)."""
    return f"{project.id}/{key.rpartition('/')[0]}"


def free_range(low: int, high: int) -> tuple[int, int]:
    """The ports to choose from: the usual ones, or others where the ephemeral range has been moved over them."""
    if high < USUAL.first or low > USUAL.last:
        return USUAL.first, USUAL.last
    if low - USUAL.first // 2 >= LEAST:
        return USUAL.first // 2, low - 1
    if 65535 - high >= LEAST:
        return high + 1, 65535
    return USUAL.first, USUAL.last
