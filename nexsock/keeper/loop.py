"""One loop: callbacks by descriptor, signals as a callback, one timer. No tick: without work it sleeps for ever.

Streams are an epoll of their own inside the other. After a turn that brought little from a stream that is being
written to, they rest for a moment while everything else is served, and what is written meanwhile becomes one chunk.
Without it the keeper wakes for every line and holds the writer's pipe: 80-byte lines then reach 0.7 of the speed of
`cmd | cat > file` and cost three times the processor; with it 1.0.
"""

import os
import select
import time

from nexsock.keeper.linux import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READABLE = select.EPOLLIN
WRITABLE = select.EPOLLOUT

MUCH_BYTES = 32 * 1024
"""A turn that brings this much is followed by the next at once."""
BUSY_S = 0.005
"""A stream that gives something twice within this time is being written to."""
REST_S = 0.0006
"""Long enough to collect lines, too short for a fast writer to fill a large pipe (1 MiB at 1 GB/s is 1 ms)."""
EPOLL_STEP_S = 0.001
FOREVER = float("inf")


class Loop:
    """Calls `settle` when nothing is ready, before it sleeps."""

    def __init__(self, settle: "Callable[[], None]") -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], object]] = {}
        self._streams = select.epoll()
        self._moves: dict[int, Callable[[], int]] = {}
        self._last_moved = 0.0
        self._rest_over = 0.0
        self._settle = settle
        self._timer: tuple[float, Callable[[], None]] | None = None
        self._running = True
        self.watch(self._streams.fileno(), self._serve_streams)

    def watch(self, descriptor: int, callback: "Callable[[], object]", events: int = READABLE) -> None:
        """Call `callback` whenever one of `events`, or the end, shows on the descriptor. Again: change both."""
        known = descriptor in self._callbacks
        self._callbacks[descriptor] = callback
        (self._epoll.modify if known else self._epoll.register)(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """To be called before the descriptor is closed."""
        del self._callbacks[descriptor]
        self._epoll.unregister(descriptor)

    def watch_stream(self, descriptor: int, move: "Callable[[], int]") -> None:
        """Call `move`, which tells how many bytes it has moved, while there is something to read."""
        self._moves[descriptor] = move
        self._streams.register(descriptor, READABLE)

    def forget_stream(self, descriptor: int) -> None:
        """To be called before the descriptor is closed."""
        del self._moves[descriptor]
        self._streams.unregister(descriptor)

    def call_at(self, due: float, callback: "Callable[[], None]") -> None:
        """Call once when time.monotonic() has reached `due`. There is one timer; the last call wins."""
        self._timer = (due, callback)

    def stop(self) -> None:
        self._running = False

    def run(self) -> None:
        """Serve until `stop`."""
        while self._running:
            ready = self._epoll.poll(0)
            if not ready:
                self._settle()
                ready = self._wait(self._seconds_left())
            for descriptor, _ in ready:
                if callback := self._callbacks.get(descriptor):
                    callback()
            self._fire()

    def _serve_streams(self) -> None:
        most = max((self._moves[descriptor]() for descriptor, _ in self._streams.poll(0)), default=0)
        now = time.monotonic()
        if most < MUCH_BYTES and now - self._last_moved < BUSY_S:
            self._rest_over = now + REST_S
            self._epoll.modify(self._streams.fileno(), 0)
        self._last_moved = now

    def _wait(self, seconds: float) -> "list[tuple[int, int]]":
        """What is ready within this time; epoll counts milliseconds, select finer."""
        if 0 <= seconds < EPOLL_STEP_S:
            select.select([self._epoll], [], [], seconds)
            return self._epoll.poll(0)
        return self._epoll.poll(seconds)

    def _seconds_left(self) -> float:
        """Until something is due; -1 if nothing is."""
        due = min(self._rest_over or FOREVER, self._timer[0] if self._timer else FOREVER)
        return -1 if due == FOREVER else max(0.0, due - time.monotonic())

    def _fire(self) -> None:
        if not self._timer and not self._rest_over:
            return
        now = time.monotonic()
        if 0 < self._rest_over <= now:
            self._rest_over = 0.0
            self._epoll.modify(self._streams.fileno(), READABLE)
        if self._timer and self._timer[0] <= now:
            callback, self._timer = self._timer[1], None
            callback()


class Signals:
    """Signals as bytes in a pipe that the loop can watch; their handlers do nothing else."""

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self.descriptor, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, _arrived)

    def arrived(self) -> set[int]:
        """The numbers that came since the last call."""
        try:
            return set(os.read(self.descriptor, 4096))
        except BlockingIOError:
            return set()


def _arrived(_number: int, _frame: object) -> None:
    """Python needs a handler to write to the wakeup descriptor; the pipe says the rest."""
