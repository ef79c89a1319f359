"""One project's memory: read when a brain begins, written before anything follows from what is written."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping

from nexsock.daemon import recall
from nexsock.model.service import Service
from nexsock.model.state import ProjectState, Wants
from nexsock.places import make_private
from nexsock.reconcile import restore
from nexsock.runtime import clock, identity
from nexsock.store.store import Store
from nexsock.store.writer import BATCH_S, RETRY_S


class Memory:
    """What a project is remembered by, and who waits until it is.

    Args:
        store: has the records.
        folder: in the runtime folder; has what is wanted.
        warn: told of what could not be kept.
    """

    def __init__(self, store: Store, folder: str, warn: Callable[[str], None]) -> None:
        self._store = store
        self._folder = folder
        self._warn = warn
        self._saving: asyncio.Future[None] | None = None
        self._intending: asyncio.TimerHandle | None = None

    def recover(
        self, services: Mapping[str, Service], runs: Iterable[restore.Kept]
    ) -> tuple[ProjectState, restore.Restored]:
        """The state that was left, and what to begin with beside what the keeper has of the project."""
        boot_id = identity.boot_id()
        wants = recall.load_wants(self._folder, boot_id)
        state = restore.intended(self._store.load(), wants)
        restored = restore.restore(
            state.records,
            runs,
            services,
            lost=wants is None and not state.records,
            boot_id=boot_id,
            now=clock.monotonic(),
            wall=clock.wall(),
        )
        return state, restored

    async def saved(self) -> None:
        """Wait until what is recorded now is on disk: the runs that end together share one wait."""
        if self._saving is None:
            self._saving = asyncio.ensure_future(self._save_soon())
        await asyncio.shield(self._saving)
        while self._store.refusal is not None:  # noqa: ASYNC110 the writer asks the disk again by itself
            await asyncio.sleep(RETRY_S)

    async def _save_soon(self) -> None:
        await asyncio.sleep(BATCH_S)
        self._saving = None  # who comes from here on may have recorded more
        await self._store.barrier()

    def intend(self, wants: Wants) -> None:
        """Keep what is wanted; where that is refused, no older word stands, and it is tried again."""
        again, self._intending = self._intending, None
        if again is not None:
            again.cancel()
        try:
            make_private(self._folder, os.getuid())  # somebody may have cleared it away
            recall.save_wants(self._folder, wants, identity.boot_id())
        except OSError as error:
            recall.drop_wants(self._folder)
            if again is None:
                self._warn(f"a daemon that is killed within {BATCH_S:g} s would not know what is wanted: {error}")
            self._intending = asyncio.get_running_loop().call_later(RETRY_S, self.intend, wants)

    def keep(self, remembered: recall.Remembered) -> None:
        """Keep which version of the project the next brain goes on with; where that is refused, it is an older one."""
        try:
            make_private(self._folder, os.getuid())  # somebody may have cleared it away
            recall.save(self._folder, remembered)
        except OSError as error:
            self._warn(f"a daemon that is killed now would go on with an older version of the project: {error}")

    def close(self) -> None:
        """Wait for nothing more."""
        for waiting in (self._saving, self._intending):
            if waiting is not None:
                waiting.cancel()
