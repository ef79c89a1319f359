"""The engines of a project behind one: each service goes to the engine that its definition names."""

from nexsock.engines.base import EndOrder, Engine, LaunchOrder
from nexsock.model.service import Service
from nexsock.model.state import Run


class ByKind:
    """Remembers where a service was launched, so that its end goes there too."""

    def __init__(self, process: Engine, external: Engine) -> None:
        self._engines = {"process": process, "external": external}
        self._places: dict[str, Engine] = {}

    def launch(self, order: LaunchOrder) -> None:
        engine = self._places[order.service.name] = self._engines[order.service.engine]
        engine.launch(order)

    def end(self, order: EndOrder) -> None:
        self._of(order.service.name, order.service.engine).end(order)

    def kill(self, service: str, instance: str) -> None:
        self._of(service).kill(service, instance)

    def signal(self, service: str, instance: str, number: int) -> None:
        self._of(service).signal(service, instance, number)

    def update(self, service: Service, run: Run) -> None:
        self._of(service.name, service.engine).update(service, run)

    def forget(self, service: str) -> None:
        self._of(service).forget(service)
        self._places.pop(service, None)

    def _of(self, service: str, kind: str = "process") -> Engine:
        return self._places.get(service, self._engines[kind])
