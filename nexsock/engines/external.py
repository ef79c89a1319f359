"""Services that somebody else runs: there is nothing to start, and nothing is ever ended. They are only probed."""

from nexsock.engines.base import EndOrder, LaunchOrder, Reporter
from nexsock.model.report import Gone, Launched
from nexsock.model.service import Service
from nexsock.model.state import Run
from nexsock.runtime import clock


class ExternalEngine:
    """Answers every order with what would follow if it had been carried out."""

    def __init__(self, report: Reporter) -> None:
        self._report = report

    def launch(self, order: LaunchOrder) -> None:
        self._report(
            Launched(
                service=order.service.name,
                instance=order.run.instance,
                pid=None,
                start_ticks=None,
                boot_id="",
                at=clock.wall(),
                mono=clock.monotonic(),
            )
        )

    def end(self, order: EndOrder) -> None:
        self._report(Gone(service=order.service.name, instance=order.run.instance))

    def kill(self, service: str, instance: str) -> None:
        """There is nothing of ours to kill."""

    def signal(self, service: str, instance: str, number: int) -> None:
        """There is nothing of ours to signal."""

    def update(self, service: Service, run: Run) -> None:
        """Nothing of ours goes on."""

    def forget(self, service: str) -> None:
        """Nothing is kept."""
