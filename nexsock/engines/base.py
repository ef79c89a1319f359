"""What every engine can do with a service. Calls return at once; reports tell what came of them."""

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from nexsock.model.project import RenderedConfig
from nexsock.model.report import Report
from nexsock.model.service import Service
from nexsock.model.state import Run

Reporter = Callable[[Report], None]


class LaunchOrder(Struct, frozen=True, kw_only=True):
    """Everything one start needs. An engine adds to `environment` only what it opens for the run itself.

    `caller` is the whole environment of who asked for the start: secrets may come from it.
    """

    service: Service
    run: Run
    environment: dict[str, str]
    configs: tuple[RenderedConfig, ...] = ()
    caller: Mapping[str, str] = {}
    command: tuple[str, ...] | None = None
    """instead of the service's own, where plugins have changed that"""


class EndOrder(Struct, frozen=True, kw_only=True):
    """End a run. `asked`: run the stop hooks and the stop command first; otherwise only clear what it left behind."""

    service: Service
    run: Run
    environment: dict[str, str]
    asked: bool


class Engine(Protocol):
    """Effects without decisions. For one service, orders are carried out one after the other."""

    def launch(self, order: LaunchOrder) -> None:
        """Start it; Launched or LaunchFailed follows, and later Exited."""

    def end(self, order: EndOrder) -> None:
        """End everything of the run gently; Signalled and, when nothing is left, Gone follow.

        Gone follows in any case, also for a run that this engine never launched or of which nothing is left: an
        earlier brain may have recorded a start and died before it. Whoever waits for the end waits for Gone alone.
        """

    def kill(self, service: str, instance: str) -> None:
        """SIGKILL everything of the run; Gone follows, at the latest after `lifecycle.stop.UNKILLABLE_AFTER_S`."""

    def signal(self, service: str, instance: str, number: int) -> None:
        """Send a signal to the process group of the run."""

    def update(self, service: Service, run: Run) -> None:
        """Have the run go on by a new definition of its service, which asks for no other process."""

    def forget(self, service: str) -> None:
        """Drop what is kept for a service that no longer exists."""
