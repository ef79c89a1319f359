"""Each order goes to the engine that has the service, also after the file gave it another kind."""

import pytest

from nexsock.engines.kinds import ByKind


class Recorder:
    """An engine that writes its orders down as words."""

    def __init__(self, name, orders):
        self._name = name
        self._orders = orders

    def _note(self, order, service):
        self._orders.append(f"{self._name}: {order} {service}")

    def launch(self, order):
        self._note("launch", order.service.name)

    def end(self, order):
        self._note("end", order.service.name)

    def kill(self, service, instance):
        self._note("kill", service)

    def signal(self, service, instance, number):
        self._note("signal", service)

    def update(self, service, run):
        self._note("update", service.name)

    def forget(self, service):
        self._note("forget", service)


@pytest.fixture
def orders():
    return []


@pytest.fixture
def engine(orders):
    return ByKind(Recorder("process", orders), Recorder("external", orders))


def test_a_service_starts_in_the_engine_that_it_names(engine, orders, service, start):
    engine.launch(start(service("web")))
    engine.launch(start(service("cloud", engine="external")))
    assert orders == ["process: launch web", "external: launch cloud"]


def test_kill_signal_and_update_go_where_it_was_launched(engine, orders, service, start):
    engine.launch(start(service("cloud", engine="external")))
    engine.kill("cloud", "i1")
    engine.signal("cloud", "i1", 1)
    engine.update(service("cloud"), None)
    assert orders[1:] == ["external: kill cloud", "external: signal cloud", "external: update cloud"]


def test_an_end_goes_where_it_was_launched_though_the_file_names_another_engine(engine, orders, service, start, finish):
    engine.launch(start(service("web")))
    engine.end(finish(service("web", engine="external")))
    assert orders[1:] == ["process: end web"]


def test_the_end_of_what_an_earlier_brain_launched_goes_by_its_definition(engine, orders, service, finish):
    engine.end(finish(service("cloud", engine="external")))
    assert orders == ["external: end cloud"]


def test_where_a_forgotten_service_was_is_forgotten(engine, orders, service, start):
    engine.launch(start(service("cloud", engine="external")))
    engine.forget("cloud")
    engine.signal("cloud", "i1", 1)
    assert orders[1:] == ["external: forget cloud", "process: signal cloud"]
