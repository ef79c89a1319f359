"""One loop: callbacks by descriptor, timers, and work that goes on in the next turn. Without work it sleeps."""

import heapq
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READABLE = select.EPOLLIN
WRITABLE = select.EPOLLOUT
ERRORS = 0
"""Errors and hang-ups show in any case."""
EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
"""Told once, each time that something changes: for who goes on until nothing more can be done."""


class Timer:
    """A callback that is due once; `cancel` it any time."""

    __slots__ = ("callback", "due")

    def __init__(self, due: float, callback: "Callable[[], object]") -> None:
        self.due = due
        self.callback: Callable[[], object] | None = callback

    def __lt__(self, other: "Timer") -> bool:
        return self.due < other.due

    def cancel(self) -> None:
        self.callback = None


class Loop:
    """What a descriptor is watched for counts from the next turn on: its number may have been another's in this one."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], object]] = {}
        self._fresh: set[int] = set()
        self._timers: list[Timer] = []
        self._soon: dict[Callable[[], object], None] = {}
        self._running = True

    def watch(self, descriptor: int, callback: "Callable[[], object]", events: int = READABLE) -> None:
        """Call `callback` whenever one of `events`, or an error, shows on the descriptor. Again: change both."""
        known = descriptor in self._callbacks
        self._callbacks[descriptor] = callback
        self._fresh.add(descriptor)
        (self._epoll.modify if known else self._epoll.register)(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """To be called before the descriptor is closed; fine if it is not watched."""
        if self._callbacks.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def soon(self, callback: "Callable[[], object]") -> None:
        """Call it in the next turn, after everything that is ready by then; once, however often it is asked for."""
        self._soon[callback] = None

    def after(self, seconds: float, callback: "Callable[[], object]") -> Timer:
        timer = Timer(time.monotonic() + seconds, callback)
        heapq.heappush(self._timers, timer)
        return timer

    def stop(self) -> None:
        self._running = False

    def run(self) -> None:
        """Serve until `stop`."""
        while self._running:
            ready = self._epoll.poll(self._seconds_left())
            self._fresh.clear()
            for descriptor, _ in ready:
                if descriptor not in self._fresh and (callback := self._callbacks.get(descriptor)):
                    callback()
            going_on, self._soon = self._soon, {}
            for callback in going_on:
                callback()
            self._fire()

    def _seconds_left(self) -> float:
        """Until something is due; -1 if nothing is."""
        if self._soon:
            return 0
        while self._timers and self._timers[0].callback is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0].due - time.monotonic()) if self._timers else -1

    def _fire(self) -> None:
        while self._timers and (self._timers[0].callback is None or self._timers[0].due <= time.monotonic()):
            if (callback := heapq.heappop(self._timers).callback) is not None:
                callback()
