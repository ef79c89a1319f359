"""The sockets on which runs say how they are: made before the start, kept by the keeper, removed after the end."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterable

from nexsock.model.service import Service
from nexsock.model.state import Run
from nexsock.places import make_private
from nexsock.runtime import hands, notify


class Mail:
    """Of the runs of one project that have a healthcheck of kind `notify`.

    Args:
        folder: where the sockets are; its path is short, because a socket's must be.
    """

    def __init__(self, keeper: hands.Hands, folder: str) -> None:
        self._keeper = keeper
        self._folder = folder
        self._bound: dict[str, socket.socket] = {}

    async def open(self, service: Service, run: Run) -> dict[str, str]:
        """The variables with which the run finds its socket, which hears from now on; none where it needs none.

        Raises:
            LaunchError, OSError: as notify.bind.
        """
        check = service.healthcheck
        if check is None or check.kind != "notify":
            return {}
        make_private(self._folder, os.getuid())
        path = self._path(run.instance)
        self._bound[run.instance] = bound = notify.bind(path)
        await self._keeper.store(_name(run.instance), bound.fileno())
        return {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": str(round(check.interval_s * 1_000_000))}

    async def box(self, run: Run, members: Callable[[], Iterable[int]]) -> notify.Mailbox | None:
        """What the run says, also while no brain lived; None if it was started without a socket."""
        bound = self._bound.get(run.instance)
        if bound is None and self._was_made(run.instance):
            descriptor = await self._keeper.fetch(_name(run.instance))
            if descriptor is not None:
                self._bound[run.instance] = bound = socket.socket(fileno=descriptor)
        return None if bound is None else notify.Mailbox(bound, run.instance, members)

    async def drop(self, instance: str) -> None:
        """The run has ended: nobody listens any more."""
        known = self._bound.pop(instance, None)
        if known is None and not self._was_made(instance):
            return
        if known is not None:
            known.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(instance))
        await self._keeper.drop(_name(instance))

    def close(self) -> None:
        """Let go of all; the runs, and what they say, stay."""
        for bound in self._bound.values():
            bound.close()
        self._bound.clear()

    def _was_made(self, instance: str) -> bool:
        return os.path.exists(self._path(instance))

    def _path(self, instance: str) -> str:
        return f"{self._folder}/{instance}"


def _name(instance: str) -> str:
    return f"notify {instance}"
