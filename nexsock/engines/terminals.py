"""The terminals of one project's runs: made before the start, kept by the keeper, given up after the end.

The size belongs to the service: its next run begins with that of the last.
"""

import os

from nexsock.model.service import Service
from nexsock.model.state import Run
from nexsock.runtime import hands, terminal


class Terminals:
    def __init__(self, keeper: hands.Hands) -> None:
        self._keeper = keeper
        self._masters: dict[str, int] = {}
        self._sizes: dict[str, terminal.Size] = {}

    async def open(self, service: Service, run: Run) -> None:
        """Make the terminal of a run that is about to start, if its service has one.

        Raises:
            OSError: this machine has no more of them.
        """
        if not service.launch.tty:
            return
        master = terminal.make(self._sizes.get(service.name, terminal.USUAL))
        self._masters[run.instance] = master
        await self._keeper.store(name_of(run.instance), master)

    async def type(self, run: Run, keys: bytes) -> int:
        """How many of the keys the run's terminal took; all, where it is gone and nobody would read them."""
        master = await self._master(run)
        return len(keys) if master is None else terminal.type_on(master, keys)

    async def resize(self, service: str, run: Run | None, size: terminal.Size) -> None:
        """From now on the service's terminal has this size."""
        self._sizes[service] = size
        master = await self._master(run) if run is not None else None
        if master is not None and terminal.size_of(master) != size:
            terminal.resize(master, size)

    async def drop(self, instance: str) -> None:
        """Nothing of the run is left that could use it."""
        if (master := self._masters.pop(instance, None)) is not None:
            os.close(master)
        await self._keeper.drop(name_of(instance))

    def close(self) -> None:
        """Let go of all; the runs, and the keeper's copies, stay."""
        for master in self._masters.values():
            os.close(master)
        self._masters.clear()

    async def _master(self, run: Run) -> int | None:
        """Ours, or that of an earlier brain; None: the run has ended, or had to start without."""
        if run.instance not in self._masters:
            fetched = await self._keeper.fetch(name_of(run.instance))
            if fetched is not None and self._masters.setdefault(run.instance, fetched) != fetched:
                os.close(fetched)  # somebody else was faster
        return self._masters.get(run.instance)


def name_of(instance: str) -> str:
    """Under which the keeper has the master of a run's terminal."""
    return f"terminal {instance}"
