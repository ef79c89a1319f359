"""Bring the end of a run to whoever watches over it. An end that comes before its watcher waits for it."""

from collections.abc import Callable

from nexsock.runtime.kept import Ended

Watcher = Callable[[Ended], None]


class Exits:
    """Ends of runs by instance, for the engines of all projects."""

    def __init__(self) -> None:
        self._watchers: dict[str, Watcher] = {}
        self._unclaimed: dict[str, Ended] = {}

    def tell(self, ended: Ended) -> None:
        """A run has ended (the keeper's word; it may come twice)."""
        if (watcher := self._watchers.pop(ended.instance, None)) is not None:
            watcher(ended)
        else:
            self._unclaimed[ended.instance] = ended

    def watch(self, instance: str, watcher: Watcher) -> None:
        """Be told of the end of this run, at once if it has been told already."""
        if (ended := self._unclaimed.pop(instance, None)) is not None:
            watcher(ended)
        else:
            self._watchers[instance] = watcher

    def leave(self, instance: str) -> None:
        """Do not be told any more."""
        self._watchers.pop(instance, None)
        self._unclaimed.pop(instance, None)
