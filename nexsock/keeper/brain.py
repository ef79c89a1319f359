"""The brain's process: started as our child, watched, and started anew when it ends."""

import os
import time

from nexsock.keeper import channel, files, spawn, wire
from nexsock.keeper.linux import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nexsock.keeper.loop import Loop

HOPELESS = 6
"""So many in a row that never served, over some three seconds: whoever wanted one has been told why not."""
AT_ONCE_S = 1.0
"""A brain that lived less than this has ended at once."""
FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0


def restart_delay(lived_s: float, stillborn: int) -> float:
    """Seconds before the next start.

    Args:
        lived_s: how long the last brain lived.
        stillborn: how many in a row ended before they served anybody; 0 when the last one had served.
    """
    if stillborn:
        return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** (stillborn - 1))
    return 0.0 if lived_s >= AT_ONCE_S else FIRST_DELAY_S


class Brain:
    """Runs `argv` with two numbers appended: descriptor 3 is its end of the channel, 4 the lock.

    `connected` is called with our end of the channel at every start, `hopeless` when one after the other has ended
    before it served anybody.
    """

    def __init__(
        self,
        argv: list[str],
        lock: int,
        loop: "Loop",
        limit: spawn.Descriptors,
        connected: "Callable[[channel.Channel], None]",
        hopeless: "Callable[[], None]",
    ) -> None:
        self._argv = argv
        self._lock = lock
        self._loop = loop
        self._limit = limit
        self._connected = connected
        self._hopeless = hopeless
        self._stillborn = 0
        self._served = False
        self._began = 0.0
        self._pidfd = -1
        self.pid = 0

    def take_over(self, pid: int, descriptor: int) -> None:
        """Serve the brain that has started us, through its socket; it is not our child.

        Raises:
            ProcessLookupError: it is gone already; start another.
        """
        self._pidfd = os.pidfd_open(pid)
        self._began, self._served = time.monotonic(), True
        self.pid = pid
        self._loop.watch(self._pidfd, self._adopted_ended)
        self._connected(channel.Channel(descriptor))

    def _adopted_ended(self) -> None:
        self._loop.forget(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        self.ended(None)

    def start(self) -> None:
        """Start it now; when that is refused, try again later."""
        ours, theirs = channel.pair()
        socket = files.above_standard(theirs.detach())
        self._began, self._served = time.monotonic(), False
        try:
            argv = [*self._argv, "3", "4"]
            self.pid = spawn.start(argv, dict(os.environ), "/", [0, 1, 2, socket, self._lock], self._limit)
        except wire.Refusal as error:
            ours.close()
            say(f"the daemon cannot be started: {error}")
            self.ended(None)
            return
        finally:
            os.close(socket)
        self._connected(channel.Channel(ours.detach()))

    def came_up(self) -> None:
        """It serves clients: what ends it from now on is no reason to think that the next one would not."""
        self._served = True

    def ended(self, status: int | None) -> None:
        """It is gone: start the next one, later and later if they do not come up again and again."""
        self._stillborn = 0 if self._served else self._stillborn + 1
        delay = restart_delay(time.monotonic() - self._began, self._stillborn)
        say(f"the daemon (process {self.pid}) ended with {status}; the next starts in {delay:g} s")
        self.pid = 0
        self._loop.call_at(time.monotonic() + delay, self.start)
        if self._stillborn >= HOPELESS:
            self._hopeless()

    def kill(self) -> None:
        """End a brain that has closed its channel but lives; its end is seen as any other."""
        try:
            if self._pidfd >= 0:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            elif self.pid > 1:
                os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def say(sentence: str) -> None:
    """One line on standard error, which is the daemon's log file; a full disk is no reason to end."""
    line = f"{time.strftime('%Y-%m-%dT%H:%M:%S')} keeper: {sentence}\n"
    try:
        os.write(2, line.encode(errors="replace"))
    except OSError:
        return
